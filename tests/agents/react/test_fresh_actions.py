"""What an actor is not offered again: actions that have just shown it nothing new."""

from collections.abc import Sequence
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from agents.react.benchmarks.alfworld import BENCHMARK
from agents.react.fresh_actions import fresh_actions
from agents.react.lines import Entry

ROOMS = ("go east", "go north", "go west")


def walked(*moves: tuple[str, str]) -> list[Entry]:
    entries: list[Entry] = []
    for step, (action, seen) in enumerate(moves, start=1):
        entries.append(Entry(kind="thought", text="on I go", step=step, answer=step))
        entries.append(Entry(kind="action", text=action, step=step, answer=step))
        entries.append(Entry(kind="observation", text=seen, step=step, answer=step))
    return entries


def test_before_the_first_action_everything_is_offered() -> None:
    assert fresh_actions([], ROOMS) == list(ROOMS)


def test_what_has_just_shown_something_is_not_offered_again_at_once() -> None:
    assert fresh_actions(walked(("go east", "a hall")), ROOMS) == ["go north", "go west"]


def test_a_circle_of_two_is_left_when_both_have_been_seen() -> None:
    circle = walked(("go east", "a hall"), ("go west", "a yard"), ("go east", "a hall"))
    assert fresh_actions(circle, ROOMS) == ["go north"]


def test_something_new_makes_old_ways_worth_while_again() -> None:
    entries = walked(
        ("go east", "a hall"), ("go west", "a yard"), ("go east", "a hall"), ("go north", "a key")
    )
    assert fresh_actions(entries, ROOMS) == ["go east", "go west"]


def test_where_nothing_is_left_everything_is_offered() -> None:
    entries = walked(("go east", "a wall"), ("go north", "a wall"), ("go west", "a wall"))
    assert fresh_actions(entries, ROOMS) == list(ROOMS)


@given(
    moves=st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), max_size=30),
    admissible=st.lists(st.sampled_from("abcdef"), unique=True, max_size=6),
)
def test_an_actor_that_obeys_meets_something_new_or_runs_out(
    moves: Sequence[tuple[str, str]], admissible: list[str]
) -> None:
    entries = walked(*moves)
    offered = fresh_actions(entries, admissible)
    assert set(offered) <= set(admissible) and bool(offered) == bool(admissible)
    first_seen = {seen: place for place, (_, seen) in reversed(list(enumerate(moves)))}
    since = max(first_seen.values(), default=0)
    spent = {action for action, _ in moves[since:]}
    assert offered == ([one for one in admissible if one not in spent] or admissible)


def test_what_only_looks_is_offered_twice_until_something_is_changed() -> None:
    def looks_again(action: str, seen: str) -> int | None:
        return 1 if action.startswith("go ") else None

    moves = [("go east", "a hall"), ("go west", "a yard"), ("go east", "a hall"), ("go north", "a key")]
    assert fresh_actions(walked(*moves), ROOMS, looks_again) == ["go west"]
    moves += [("take key", "You have a key.")]
    assert fresh_actions(walked(*moves), ROOMS, looks_again) == list(ROOMS)


def test_a_place_where_nothing_lies_is_not_offered_again_until_something_is_taken() -> None:
    offered = ["go to bed 1", "go to desk 1", "open drawer 1"]
    seen = [
        ("go to bed 1", "You arrive at bed 1. On the bed 1, you see nothing."),
        ("go to desk 1", "You arrive at desk 1. On the desk 1, you see a pen 1."),
        ("open drawer 1", "You open the drawer 1. The drawer 1 is open. In it, you see nothing."),
    ]
    assert fresh_actions(walked(*seen), offered, BENCHMARK.looks_again) == ["go to desk 1"]
    seen += [("take pen 1 from desk 1", "You pick up the pen 1 from the desk 1.")]
    assert fresh_actions(walked(*seen), offered, BENCHMARK.looks_again) == offered


def test_a_thing_that_the_task_does_not_name_is_not_offered() -> None:
    assert BENCHMARK.idle is not None
    task = "You see a bed 1 and a towel 1.\nYour task is to: put two mugs on desk."
    offered = ["take towel 1 from bed 1", "take mug 2 from bed 1", "go to desk 1", "move towel 1 to desk 1"]
    assert [one for one in offered if BENCHMARK.idle(task, one)] == ["take towel 1 from bed 1"]


def test_what_takes_back_the_last_action_is_not_offered_at_once() -> None:
    assert BENCHMARK.undoes is not None
    undoes = partial(BENCHMARK.undoes, "Your task is to: put some mug on desk.")
    offered = ["go to desk 1", "move mug 1 to bed 1", "put mug 1 in/on bed 1", "inventory"]
    took = [("go to bed 1", "a mug 1"), ("take mug 1 from bed 1", "You pick up the mug 1.")]
    assert fresh_actions(walked(*took), offered, undoes=undoes) == ["go to desk 1", "inventory"]
    away = [*took, ("go to desk 1", "nothing")]
    assert fresh_actions(walked(*away), offered, undoes=undoes) == offered[1:]
    mistaken = partial(BENCHMARK.undoes, "You see a mug 1.\nYour task is to: put some pen on desk.")
    assert fresh_actions(walked(*took), offered, undoes=mistaken) == offered
