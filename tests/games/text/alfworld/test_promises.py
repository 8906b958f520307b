"""What every suite of text environments promises, asked of ALFWorld."""

from dataclasses import replace

import pytest

from games.text.alfworld.suite import open_suite
from games.text.conformance import CHECKS, Effort
from games.text.env import Suite

EFFORT = Effort(tasks=3, steps=6)


@pytest.mark.usefixtures("engine_installed")
@pytest.mark.parametrize("promise", CHECKS)
def test_alfworld_keeps_the_promises_of_text_environments(promise: str) -> None:
    suite = open_suite()
    solved = (
        replace(task, payload={"solution": list(suite.text_of(task).walkthrough)}) for task in suite.tasks
    )
    told: Suite = replace(suite, tasks=tuple(solved))
    CHECKS[promise](told, EFFORT)


@pytest.mark.usefixtures("engine_installed")
def test_demonstrations_in_the_older_wording_are_to_the_letter_what_older_games_give() -> None:
    CHECKS["demonstrations_replay"](replace(open_suite(), dialect="put"), EFFORT)
