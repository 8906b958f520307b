"""Names and their numbers."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from games.text.alfworld.naming import display_names

places = st.sets(st.tuples(st.sampled_from(["cabinet", "sink", "mug"]), st.integers(0, 999)), max_size=12)


@given(places)
def test_things_of_a_kind_are_numbered_from_one_and_the_first_has_the_highest_number(
    found: set[tuple[str, int]],
) -> None:
    identifiers = [f"{kind}_bar__plus_{number:03}_bar_x" for kind, number in found]
    names = display_names(identifiers)
    for kind, count in Counter(kind for kind, _ in found).items():
        of_kind = [names[identifier] for identifier in sorted(identifiers) if identifier.startswith(kind)]
        assert of_kind == [f"{kind} {number}" for number in range(count, 0, -1)]


def test_a_basin_is_told_from_its_sink() -> None:
    names = display_names(["sink_bar__plus_01", "sink_bar__plus_01_bar_sinkbasin"])
    assert set(names.values()) == {"sink 1", "sinkbasin 1"}
