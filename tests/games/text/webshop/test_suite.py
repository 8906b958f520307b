"""The bundled suite: solvable, the same everywhere, and frozen under its version."""

import hashlib

import pytest

from games.text.conformance import Effort, check_other_process, check_suite
from games.text.env import StepResult, Task, TextEnv
from games.text.suites import open_suite
from games.text.webshop import suite as webshop

EPISODES = {1: "4dee83da788959a3"}
"""By version of the rules: what all demonstrations and twenty solutions say, word by word."""


def test_the_suite_keeps_the_promises_of_suites() -> None:
    check_suite(open_suite("webshop"), Effort(tasks=20))


def test_another_process_sees_the_same() -> None:
    check_other_process("webshop")


def test_every_task_can_be_solved_with_the_full_reward() -> None:
    suite = webshop.open_suite()
    env = suite.make()
    assert [task.id for task in suite.tasks] == [f"fixed_{number}" for number in range(100)]
    for task in suite.tasks:
        env.reset(task)
        results = [env.step(action) for action in task.payload["solution"]]
        assert all(result.valid and not result.done for result in results[:-1]), task.id
        assert results[-1].done and results[-1].success and results[-1].reward == 1, task.id


def test_an_item_bought_without_its_options_is_no_success() -> None:
    suite = webshop.open_suite()
    env = suite.make()
    for task in suite.tasks[:20]:
        search, item, *_, buy = task.payload["solution"]
        env.reset(task)
        env.step(search)
        env.step(item)
        result = env.step(buy)
        goal = task.payload["goal"]
        wanted = len(goal["attributes"]) + len(goal["options"]) + 1
        assert result.reward == (wanted - len(goal["options"])) / wanted
        assert result.done and not result.success


def test_two_demonstrations_show_how_and_think_first() -> None:
    suite = webshop.open_suite()
    assert [shown.task_id for shown in suite.demonstrations] == ["spare_0", "spare_15"]
    for shown in suite.demonstrations:
        assert shown.kind in {task.kind for task in suite.tasks}
        assert shown.lines[0].kind == "thought"


def test_wording_and_rules_change_only_with_their_version() -> None:
    suite = webshop.open_suite()
    told = [line.text for shown in suite.demonstrations for line in shown.lines if line.kind == "observation"]
    env = suite.make()
    for task in suite.tasks[:20]:
        told.append(env.reset(task))
        told += [env.step(action).observation for action in task.payload["solution"]]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
    assert digest == EPISODES[webshop.RULES_VERSION]


def test_environments_of_a_suite_do_not_disturb_each_other() -> None:
    suite = webshop.open_suite()
    first, second = suite.make(), suite.make()
    one, other = suite.tasks[:2]
    alone = [_play(suite.make(), task) for task in (one, other)]
    first.reset(one)
    second.reset(other)
    together: tuple[list[StepResult], list[StepResult]] = ([], [])
    for turn in range(5):
        for env, task, told in ((first, one, together[0]), (second, other, together[1])):
            if turn < len(task.payload["solution"]):
                told.append(env.step(task.payload["solution"][turn]))
    assert list(together) == alone


def test_the_nouns_of_titles_may_be_told_by_a_tagger() -> None:
    suite = webshop.open_suite(
        noun_fn=lambda title: ["unheard of"] if title.startswith("X") else title.split()[:1]
    )
    (task, *_) = suite.tasks
    env = suite.make()
    other = next(
        p for p in suite.shops["bundled"].products if p.category_path not in task.payload["goal"].values()
    )
    env.reset(task)
    env.step(f"search[{other.title}]")
    env.step(f"click[{other.asin}]")
    assert env.step("click[Buy Now]").reward == 0  # the only noun is the brand, and that differs


@pytest.mark.parametrize("says", ["synthetic", "not WebShop scores"])
def test_the_origin_does_not_pass_for_webshop(says: str) -> None:
    assert says in webshop.open_suite().origin


def _play(env: TextEnv, task: Task) -> list[StepResult]:
    env.reset(task)
    return [env.step(action) for action in task.payload["solution"]]
