"""The two wordings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.text.alfworld.dialects import dialect_of, in_dialect, observation_in

names = st.builds("{} {}".format, st.sampled_from(["mug", "desklamp", "cd"]), st.integers(1, 30))


def test_a_wording_is_known_by_its_templates() -> None:
    assert dialect_of(["look", "move {o} to {r}", "put {o} into {outero}"]) == "move"
    assert dialect_of(["look", "put {o} in/on {r}"]) == "put"


@pytest.mark.parametrize(
    ("action", "dialect", "expected"),
    [
        ("put mug 1 in/on desk 2", "move", ("move mug 1 to desk 2", True)),
        ("put mug 1 in desk 2", "move", ("move mug 1 to desk 2", True)),
        ("put mug 1 on desk 2", "put", ("put mug 1 in/on desk 2", False)),
        ("put mug 1 in/on desk 2", "put", ("put mug 1 in/on desk 2", False)),
        ("move mug 1 to desk 2", "put", ("put mug 1 in/on desk 2", True)),
        ("move mug 1 to desk 2", "move", ("move mug 1 to desk 2", False)),
        ("move the mug away", "put", ("move the mug away", False)),
        ("put mug in desk", "move", ("put mug in desk", False)),
        ("open desk 2", "put", ("open desk 2", False)),
    ],
)
def test_the_other_wording_is_translated_and_said_so(
    action: str, dialect: str, expected: tuple[str, bool]
) -> None:
    assert dialect in ("put", "move")
    assert in_dialect(action, "put" if dialect == "put" else "move") == expected


@given(names, names)
def test_there_and_back_gives_the_same_action(thing: str, place: str) -> None:
    there, _ = in_dialect(f"move {thing} to {place}", "put")
    assert in_dialect(there, "move") == (f"move {thing} to {place}", True)


def test_older_games_neither_say_where_one_arrives_nor_move_things() -> None:
    arrived = "You arrive at desk 1. On the desk 1, you see a mug 1."
    assert observation_in(arrived, "put") == "On the desk 1, you see a mug 1."
    assert observation_in("You move the mug 1 to the desk 1.", "put") == "You put the mug 1 in/on the desk 1."
    assert observation_in(arrived, "move") == arrived
