"""Keeps Python's garbage collector from making the keys wait."""

import gc

_NEW_OBJECTS_A_COLLECTION = 10_000  # 700 by default: a full collection comes after a hundred times as many
_COLLECTIONS_OF_THE_NEXT_AGE = 10


def keep_pauses_short() -> None:
    """Pass over all that stands in memory now, which stays there anyway, and look at the rest less often.

    A full collection looks at every object there is: over all that the app imports it takes a tenth of a
    second, and it would come several times a minute while events arrive.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS_A_COLLECTION, _COLLECTIONS_OF_THE_NEXT_AGE, _COLLECTIONS_OF_THE_NEXT_AGE)
