"""The line that keeps a household task before a small model."""

import random

import pytest

from agents.react.household_status import household_status
from agents.react.lines import Entry
from games.text.suites import open_suite

_ELSEWHERE = ("go to ", "look", "inventory", "help", "examine ")
NOTHING = "Nothing here serves the task: go on.)"
TASK = "You see a desk 1, a drawer 1, and a bed 1.\nYour task is to: put some mug on desk."


def did(*moves: tuple[str, str]) -> list[Entry]:
    entries: list[Entry] = []
    for step, (action, seen) in enumerate(moves, start=1):
        entries.append(Entry(kind="action", text=action, step=step, answer=step))
        entries.append(Entry(kind="observation", text=seen, step=step, answer=step))
    return entries


AT_DRAWER = ("go to drawer 1", "You arrive at drawer 1. The drawer 1 is closed.")
OPENED = (
    "open drawer 1",
    "You open the drawer 1. The drawer 1 is open. In it, you see a mug 1.",
)
TAKEN = ("take mug 1 from drawer 1", "You pick up the mug 1 from the drawer 1.")


def test_a_closed_place_has_not_been_looked_into_and_can_be_opened() -> None:
    line = household_status(TASK, did(AT_DRAWER))
    assert line == (
        "(Your task: put some mug on desk. You carry: nothing. Places not looked into yet: "
        "desk 1, drawer 1, bed 1. Here you can: open drawer 1.)"
    )


def test_an_opened_place_is_done_and_what_lies_there_can_be_taken() -> None:
    line = household_status(TASK, did(AT_DRAWER, OPENED))
    assert "not looked into yet: desk 1, bed 1. Here you can: take mug 1 from drawer 1.)" in line


def test_what_is_carried_is_told_until_it_is_put_down() -> None:
    carrying = did(AT_DRAWER, OPENED, TAKEN)
    assert "You carry: mug 1." in household_status(TASK, carrying)
    there = ("go to desk 1", "You arrive at desk 1. On the desk 1, you see a pen 1.")
    assert "Here you can: move mug 1 to desk 1.)" in household_status(TASK, [*carrying, *did(there)])
    put = ("move mug 1 to desk 1", "You move the mug 1 to the desk 1.")
    after = household_status(TASK, [*carrying, *did(there, put)])
    assert "You carry: nothing." in after
    assert NOTHING in after  # there it belongs, and a pen is not asked for


def test_of_what_lies_there_only_what_the_task_names_is_told() -> None:
    seen = did(
        ("go to bed 1", "You arrive at bed 1. On the bed 1, you see a mugtree 1, a mug 2, and a pen 1.")
    )
    assert "Here you can: take mug 2 from bed 1.)" in household_status(TASK, seen)
    several = TASK.replace("some mug", "two mugs")
    assert "Here you can: take mug 2 from bed 1.)" in household_status(several, seen)


def test_what_the_task_names_is_remembered_where_it_was_seen() -> None:
    seen = did(
        ("go to bed 1", "You arrive at bed 1. On the bed 1, you see a mug 2, and a pen 1."),
        ("go to desk 1", "You arrive at desk 1. On the desk 1, you see a mug 3."),
    )
    assert "You carry: nothing. You saw: mug 2 at bed 1. Places" in household_status(TASK, seen)
    back = did(("go to bed 1", "You arrive at bed 1. On the bed 1, you see a mug 2, and a pen 1."))
    assert "You saw" not in household_status(TASK, [*seen, *back])  # mug 3 is where it belongs
    taken = did(("take mug 2 from bed 1", "You pick up the mug 2 from the bed 1."))
    assert "You saw" not in household_status(TASK, [*seen, *back, *taken])


def test_a_wrong_thing_can_be_put_back_only() -> None:
    pen = did(
        ("go to bed 1", "You arrive at bed 1. On the bed 1, you see a pen 1."),
        ("take pen 1 from bed 1", "You pick up the pen 1 from the bed 1."),
    )
    told = household_status(TASK, pen)
    assert "You carry: pen 1, which the task does not name (put it back: bed 1)." in told
    assert "Here you can: move pen 1 to bed 1.)" in told
    desk = did(("go to desk 1", "You arrive at desk 1. On the desk 1, you see nothing."))
    assert NOTHING in household_status(TASK, [*pen, *desk])


@pytest.mark.parametrize(
    ("goal", "verb", "place"),
    [
        ("put a clean mug in desk", "clean", "sinkbasin 1"),
        ("heat some mug and put it in desk", "heat", "microwave 1"),
        ("put a hot mug in desk", "heat", "microwave 1"),
        ("put a cool mug in desk", "cool", "fridge 1"),
    ],
)
def test_what_the_task_asks_for_is_named_at_its_place(goal: str, verb: str, place: str) -> None:
    task = f"You see a drawer 1, and a {place}.\nYour task is to: {goal}."
    arrival = (f"go to {place}", f"You arrive at {place}. On the {place}, you see nothing.")
    carrying = did(AT_DRAWER, OPENED, TAKEN)
    told = household_status(task, [*carrying, *did(arrival)])
    assert f"Here you can: {verb} mug 1 with {place}.)" in told
    desk = ("go to desk 1", "You arrive at desk 1. On the desk 1, you see nothing.")
    assert NOTHING in household_status(task, [*carrying, *did(desk)])  # not before it is treated
    treated = (f"{verb} mug 1 with {place}", f"You {verb} the mug 1 using the {place}.")
    ready = household_status(task, [*carrying, *did(arrival, treated, desk)])
    assert "Here you can: move mug 1 to desk 1.)" in ready
    put = ("move mug 1 to desk 1", "You move the mug 1 to the desk 1.")
    assert NOTHING in household_status(task, [*carrying, *did(arrival, treated, desk, put)])
    assert "Here you can: take mug 1 from desk 1.)" in household_status(task, [*carrying, *did(desk, put)])
    other = household_status(TASK, did(AT_DRAWER, OPENED, TAKEN, arrival))
    assert NOTHING in other


def test_older_games_put_where_newer_ones_move() -> None:
    older = did(
        ("go to desk 1", "On the desk 1, you see a mug 1."),
        ("take mug 1 from desk 1", "You pick up the mug 1 from the desk 1."),
    )
    assert "Here you can: put mug 1 in/on desk 1.)" in household_status(TASK, older)


def test_a_command_that_failed_changes_nothing() -> None:
    failed = ("go to bed 1", "Nothing happens.")
    assert household_status(TASK, did(AT_DRAWER, failed)) == household_status(TASK, did(AT_DRAWER))


def test_nothing_is_said_once_the_task_is_solved() -> None:
    assert household_status(TASK, did(("move mug 1 to desk 1", "Task is SOLVED."))) == ""


def test_what_is_named_is_what_the_engine_admits() -> None:
    pytest.importorskip("textworld", reason="ALFWorld needs its extra: pip install 'nimue[alfworld]'")
    suite = open_suite("alfworld", None)
    env = suite.make()
    dice = random.Random(0)
    compared = 0
    for task in suite.tasks[::12]:
        opening, entries = env.reset(task), list[Entry]()
        for _ in range(40):
            admitted = env.admissible() or ()
            here = [command for command in admitted if not command.startswith(_ELSEWHERE)]
            command = dice.choice(here if here and dice.random() < 0.6 else admitted)
            result = env.step(command)
            entries += did((command, result.observation))
            if result.done:
                break
            told = household_status(opening, entries).partition("Here you can: ")[2]
            named = set(told.removesuffix(".)").split("; ")) - {""}
            admitted = env.admissible() or ()
            assert named <= set(admitted)
            assert {one for one in admitted if one.startswith("open ")} <= named
            goal = opening.partition("Your task is to:")[2].strip(" .").split()
            taken = [one.split() for one in admitted if one.startswith("take ")]  # take THING 1 from PLACE 1
            worth = {" ".join(words) for words in taken if words[1] in goal and words[4] not in goal}
            assert worth <= named
            compared += bool(named)
    env.close()
    assert compared > 50
