"""The synthetic encyclopedia: large enough, the same everywhere, and it answers what is asked of it."""

from collections import Counter

import pytest

from games.text.docstore.actions import parse_action
from games.text.docstore.environment import DocstoreEnv
from games.text.docstore.suite import DocstoreSuite
from games.text.docstore.wiki.articles import write_pages
from games.text.docstore.wiki.bundle import NUM_TASKS, bundled_claims, bundled_questions, bundled_store
from games.text.docstore.wiki.claims import draw_claims
from games.text.docstore.wiki.questions import draw_questions
from games.text.docstore.wiki.routes import NUM_STEPS
from games.text.docstore.wiki.world import draw_world
from games.text.env import Task
from games.text.fever.suite import open_suite as open_fever
from games.text.hotpotqa.suite import open_suite as open_hotpotqa

HOTPOTQA, FEVER = open_hotpotqa(), open_fever()
BOTH = pytest.mark.parametrize("suite", [HOTPOTQA, FEVER], ids=["hotpotqa", "fever"])


def test_it_has_at_least_three_hundred_pages_with_a_title_each() -> None:
    titles = [page.title for page in bundled_store().pages]
    assert len(titles) == len(set(titles)) >= 300


def test_the_bundled_pages_are_known_ones() -> None:
    """Whoever changes the generator changes the tasks: old results are then no longer comparable."""
    assert bundled_store().digest == "01d726dc010a"


def test_names_with_several_pages_have_none_of_their_own() -> None:
    titles = [page.title for page in bundled_store().pages]
    shared = Counter(title.partition(" (")[0] for title in titles if "(" in title)
    assert len(shared) >= 25 and min(shared.values()) >= 2
    assert not shared.keys() & set(titles)


def test_another_seed_draws_another_world_that_can_be_asked_about() -> None:
    world = draw_world(8)
    pages = write_pages(world, 8)
    assert {page.title for page in pages} != {page.title for page in bundled_store().pages}
    assert len(draw_questions(world, 8, bridges=70, comparisons=30)) == 100
    assert len(draw_claims(world, 8, 100)) == 100


def test_the_questions_are_of_both_types() -> None:
    types = Counter(question.kind for question in bundled_questions()[:NUM_TASKS])
    assert types["bridge"] >= 60 and types["comparison"] >= 25


def test_yes_and_no_are_both_right_answers() -> None:
    answers = Counter(question.answer for question in bundled_questions())
    assert answers["yes"] >= 3 and answers["no"] >= 3


def test_no_label_is_rare() -> None:
    labels = Counter(claim.answer for claim in bundled_claims()[:NUM_TASKS])
    assert len(labels) == 3 and min(labels.values()) >= 25


@BOTH
def test_a_hundred_tasks_ask_different_things(suite: DocstoreSuite) -> None:
    assert len(suite.tasks) == len({task.goal for task in suite.tasks}) == 100


@BOTH
def test_every_task_is_solved_by_its_solution_in_few_enough_steps(suite: DocstoreSuite) -> None:
    env = suite.make()
    for task in suite.tasks:
        env.reset(task)
        results = [env.step(action) for action in task.payload["solution"]]
        assert results[-1].success and len(results) <= NUM_STEPS, task


@BOTH
def test_a_reader_could_find_every_solution(suite: DocstoreSuite) -> None:
    """Each title that is searched was read before, and the answer too unless it is yes, no or a label."""
    env = suite.make()
    for task in suite.tasks:
        read = env.reset(task)
        for action in task.payload["solution"]:
            parsed = parse_action(action)
            assert parsed is not None
            if parsed.verb == "search":
                assert parsed.argument in read, (task, action)
            if parsed.verb == "finish" and suite is HOTPOTQA:
                assert parsed.argument in read or parsed.argument in ("yes", "no"), task
            read += env.step(action).observation


@BOTH
def test_many_tasks_need_the_right_page_of_a_shared_name(suite: DocstoreSuite) -> None:
    env = suite.make()
    assert sum(_misses(env, task) for task in suite.tasks) >= 25


def _misses(env: DocstoreEnv, task: Task) -> bool:
    env.reset(task)
    observations = [env.step(action).observation for action in task.payload["solution"]]
    return any(observation.startswith("Could not find") for observation in observations)


def test_what_a_claim_lacks_is_on_no_page_that_its_reader_sees() -> None:
    env = FEVER.make()
    for task in FEVER.tasks:
        if task.payload["label"] == "NOT ENOUGH INFO":
            env.reset(task)
            *_, looked_up, _ = (env.step(action).observation for action in task.payload["solution"])
            assert looked_up == "No more results."


def test_only_the_right_label_succeeds() -> None:
    env = FEVER.make()
    for task in FEVER.tasks[:20]:
        wins = []
        for label in ("SUPPORTS", "REFUTES", "NOT ENOUGH INFO"):
            env.reset(task)
            if env.step(f"Finish[{label}]").success:
                wins.append(label)
        assert wins == [task.payload["label"]]
