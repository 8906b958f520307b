"""Environments in other processes, which may die at any moment."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from agents.errors import NimueFailure
from agents.react.env_host import EpisodeLost, LocalHost, ProcessHost, Seen
from games.errors import GameError
from games.text.env import StepResult, Suite, Task
from games.text.suites import open_suite
from tests.agents.react.boxes import BoxSuite, play
from tests.watched_processes import is_running, wait_until


@pytest.fixture(scope="module")
def suite() -> Suite:
    return open_suite("hotpotqa")


@pytest.fixture(scope="module")
def host() -> Iterator[ProcessHost]:
    host = ProcessHost("hotpotqa", None, 1)
    yield host
    host.close()


def kill_worker(host: ProcessHost) -> None:
    """What the system does where memory is short."""
    (pool,) = [worker for worker in host._workers if worker is not None]
    for process in pool._processes.values():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)


def solution(task: Task) -> list[str]:
    return [f"Action: {action}" for action in task.payload["solution"]]


def killed_before(host: ProcessHost, answers: Sequence[str], place: int) -> Callable[[int], str]:
    """Answers of a model during whose n-th answer the environment's process dies."""

    def answer(number: int) -> str:
        if number == place:
            kill_worker(host)
        return answers[number]

    return answer


async def test_an_attempt_in_another_process_is_the_one_in_this(suite: Suite, host: ProcessHost) -> None:
    task = suite.tasks[0]
    here = await play(solution(task), host=LocalHost(suite), task=task, max_steps=7)
    there = await play(solution(task), host=host, task=task, max_steps=7)
    assert here.attempt.success
    assert there.attempt == here.attempt


@pytest.mark.parametrize("place", [0, 2])
async def test_an_attempt_whose_process_is_killed_ends_as_without_the_kill(
    suite: Suite, host: ProcessHost, place: int
) -> None:
    task = suite.tasks[1]
    answers = solution(task)
    untouched = await play(answers, host=LocalHost(suite), task=task, max_steps=7)
    killed = await play(killed_before(host, answers, place), host=host, task=task, max_steps=7)
    assert killed.attempt == untouched.attempt
    assert killed.told == untouched.told
    assert killed.prompts == untouched.prompts


async def test_what_was_never_carried_out_is_not_played_again() -> None:
    class Forgetful(LocalHost):
        """Loses its episodes once, at the third action."""

        lost = False

        async def step(self, episode: str, action: str) -> Seen:
            if action == "Finish[gold]" and not self.lost:
                self.lost = True
                raise EpisodeLost(episode)
            return await super().step(episode, action)

    suite = BoxSuite()
    answers = ["Action: Search[left]", "Action: N/A", "Action: Finish[gold]"]
    played = await play(answers, host=Forgetful(suite))
    assert suite.seen == ["(reset)", "Search[left]", "(reset)", "Search[left]", "Finish[gold]"]
    assert (played.attempt.success, played.attempt.invalid) == (True, 1)


async def test_a_death_takes_all_episodes_of_the_process_and_each_comes_back(
    suite: Suite, host: ProcessHost
) -> None:
    first, second = suite.tasks[2:4]
    killing = killed_before(host, solution(first), 2)
    played = await asyncio.gather(
        play(killing, host=host, task=first, max_steps=7, name="first"),
        play(solution(second), host=host, task=second, max_steps=7, name="second"),
    )
    assert [one.attempt.success for one in played] == [True, True]


async def test_an_episode_that_is_not_there_is_lost_and_leaving_it_is_no_mistake(host: ProcessHost) -> None:
    with pytest.raises(EpisodeLost):
        await host.step("nobody's", "Search[x]")
    await host.leave("nobody's")


async def test_a_mistake_of_the_environment_is_told_in_this_process(host: ProcessHost) -> None:
    unknown = Task(id="unknown", kind="question", goal="?", payload={})
    with pytest.raises(GameError, match="unknown"):
        await host.open("unknown", unknown)


async def test_a_process_that_dies_every_time_stops_the_attempt_with_a_clear_line() -> None:
    class Dying:
        """A host whose process never lives to answer an action."""

        async def open(self, episode: str, task: Task) -> Seen:
            return Seen(StepResult(observation="Question: What?"), None)

        async def step(self, episode: str, action: str) -> Seen:
            raise EpisodeLost("the process of environment boxes died")

        async def leave(self, episode: str) -> None: ...

        def close(self) -> None: ...

    with pytest.raises(NimueFailure, match="process of environment boxes died"):
        await play(["Action: Search[left]"], host=Dying())


WAITING = """
import asyncio
from agents.react.env_host import ProcessHost
from games.text.suites import open_suite

async def main():
    host = ProcessHost("hotpotqa", None, 1)
    await host.open("one", open_suite("hotpotqa").tasks[0])
    print(*host._workers[0]._processes, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_the_processes_of_environments_end_with_a_run_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        worker = int(run.stdout.readline())
        assert is_running(worker)
        run.kill()
    wait_until(lambda: not is_running(worker))
