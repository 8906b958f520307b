"""Keeping an actor from walking in circles: what has just led to nothing new is not offered again.

A guard on the action grammar, as a repetition penalty is one on tokens. Small models need it: they repeat
what stands most often in their prompt, and that is soon their own last few actions. It is no part of the
published methods; `--fresh` switches it.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from agents.react.lines import Entry


def fresh_actions(
    entries: Sequence[Entry],
    admissible: Sequence[str],
    looks_again: Callable[[str, str], int | None] | None = None,
    undoes: Callable[[str, str], bool] | None = None,
) -> list[str]:
    """The admissible actions that may lead on.

    Not among them are those taken since something was last seen for the first time, the one that showed it
    included; where `looks_again` tells how often an action that only looks is worth repeating after what it
    showed (None for those that change something), those repeated as often since something was last changed;
    and where `undoes` tells which actions take back the last one, those. All of them where that leaves none.
    """
    seen: set[str] = set()
    spent: set[str] = set()
    looks: Counter[str] = Counter()
    worn: set[str] = set()
    action = ""
    for entry in entries:
        if entry["kind"] == "action":
            action = entry["text"]
        elif entry["kind"] == "observation":
            new = entry["text"] not in seen
            if new:
                seen.add(entry["text"])
                spent.clear()
            spent.add(action)
            again = None if looks_again is None else looks_again(action, entry["text"])
            if again is not None:
                looks[action] += 1
                if looks[action] > again:
                    worn.add(action)
            elif new:
                looks.clear()
                worn.clear()
    stale = spent | worn
    if undoes is not None:
        stale.update(one for one in admissible if undoes(one, action))
    return (
        [one for one in admissible if one not in stale]
        or [one for one in admissible if one not in spent]
        or list(admissible)
    )
