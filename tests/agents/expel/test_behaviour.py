"""What agents do differently, as counters over their attempts."""

import pytest

from agents.expel.behaviour import counters_of
from games.text.env import Task
from memory.records import Experience, Step, StepKind

PLACES = "Your task is to: put some mug on desk."


def attempt(env: str, task_id: str, task: str, *lines: tuple[StepKind, str]) -> Experience:
    return Experience(
        run_id="r", domain=env, env_name="any", task_id=task_id, task=task, trial=0, phase="eval",
        outcome="fail", steps=tuple(Step(kind, text) for kind, text in lines),
    )  # fmt: skip


def question(task_id: str, *lines: tuple[StepKind, str]) -> Experience:
    return attempt("hotpotqa", task_id, "Question: Who?", *lines)


QUESTIONS = {name: Task(id=name, kind="q", goal="Who?", payload={"answer": "Ada Lee"}) for name in "abc"}
MISSED: tuple[tuple[StepKind, str], ...] = (
    ("action", "Search[Adda]"),
    ("observation", "Could not find [Adda]. Similar: ['Ada Lee']."),
)
FOUND: tuple[tuple[StepKind, str], ...] = (("action", "Search[Ada Lee]"), ("observation", "Ada Lee is."))


def test_answers_are_measured_by_the_words_they_share_and_none_shares_none() -> None:
    attempts = [
        question("a", *FOUND, ("action", "Finish[Ada]"), ("observation", "Answer is INCORRECT")),
        question("b", *MISSED, *FOUND),
    ]
    counters = counters_of("hotpotqa", attempts, 7, QUESTIONS)
    assert counters["f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert counters["not_found_rate"] == pytest.approx((0 + 1 / 2) / 2)


def test_a_step_without_an_action_shifts_nothing() -> None:
    thoughts: tuple[tuple[StepKind, str], ...] = (("thought", "hm"), ("observation", "Act now."))
    counters = counters_of("hotpotqa", [question("a", *thoughts, *MISSED)], 7, QUESTIONS)
    assert counters["not_found_rate"] == 1.0


def test_claims_have_no_f1_and_without_the_tasks_nothing_is_invented() -> None:
    claim = attempt("fever", "a", "Claim: So.", *MISSED)
    assert set(counters_of("fever", [claim], 7, QUESTIONS)) == {"finish_rate_at_limit", "not_found_rate"}
    assert set(counters_of("hotpotqa", [question("a", *FOUND)], 7)) == {"finish_rate_at_limit"}


def test_a_guess_at_the_last_step_counts_and_giving_up_does_not() -> None:
    guess = question("a", *FOUND, ("action", "Finish[Ada Lee]"), ("observation", "Answer is CORRECT"))
    gave_up = question("b", *FOUND, ("action", "Finish[unknown]"), ("observation", "Answer is INCORRECT"))
    early = question("c", ("action", "Finish[x]"), ("observation", "Answer is INCORRECT"))
    counters = counters_of("hotpotqa", [guess, gave_up, early], 2)
    assert counters["finish_rate_at_limit"] == 0.5


def test_in_a_house_the_first_look_and_wrong_things_put_back_count() -> None:
    hit = attempt(
        "alfworld", "a", PLACES,
        ("action", "go to shelf 1"), ("observation", "On the shelf 1, you see a mug 1, and a pen 1."),
        ("action", "take pen 1 from shelf 1"), ("observation", "You pick up the pen 1 from the shelf 1."),
        ("action", "move pen 1 to shelf 1"), ("observation", "You move the pen 1 to the shelf 1."),
    )  # fmt: skip
    miss = attempt(
        "alfworld", "b", PLACES,
        ("action", "go to bed 1"), ("observation", "On the bed 1, you see nothing."),
        ("action", "go to shelf 1"), ("observation", "On the shelf 1, you see a mug 1."),
    )  # fmt: skip
    assert counters_of("alfworld", [hit, miss], 20) == {
        "first_search_hit_rate": 0.5,
        "wrong_take_recovered": 1.0,
    }
