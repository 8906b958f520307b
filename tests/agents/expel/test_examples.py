"""Which solved tasks an actor is shown."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.expel.arms import ExampleSource
from agents.expel.examples import Chosen, ExampleChooser
from agents.expel.session import Session
from agents.react.benchmarks import find_benchmark
from agents.react.lines import Entry
from agents.runs.folder import RunFolder
from memory.records import Experience
from tests.agents.expel.attempts import experience
from tests.agents.expel.riddle_runs import asked_for, fresh_run, session_of
from tests.agents.expel.riddles import DEMONSTRATIONS, make_task

TASK = make_task(0)
QUERY = "alpha beta gamma delta"
LONG = "word " * 200


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("session")
    asked = asked_for(folder / "memory", arms="expel-thought")
    with session_of(fresh_run(folder), asked) as session:
        yield session


@pytest.fixture
def session(opened: Session, request: pytest.FixtureRequest) -> Session:
    """The session as if it worked on another run each time: nothing of other tests is in its pool."""
    opened.gathered_run = RunFolder(Path(request.node.name))
    set_settings(opened, num_examples=2, pool="train_fold", reranker="none", max_example_chars=None)
    opened.benchmark = find_benchmark("hotpotqa")
    return opened


def set_settings(session: Session, **changes: Any) -> None:
    session.settings = session.settings.model_copy(update={"buffer_retrieve_ratio": 4, **changes})


def remember(session: Session, task: str, text: str, **fields: Any) -> Experience:
    fields = {"fold": 1, "run_id": session.gathered_run.id, **fields}
    one = experience(task, text=text, **fields)
    session.remember(one)
    return one


def chosen(
    session: Session,
    source: ExampleSource = "similar",
    *,
    fold: int | None = 0,
    entries: list[Entry] | None = None,
) -> Chosen:
    return ExampleChooser(session, fold).choose(source, TASK, QUERY, entries or [])


def test_the_task_itself_and_what_is_too_long_are_passed_over(session: Session) -> None:
    """Specification H 32."""
    remember(session, TASK.id, "alpha beta gamma delta")
    remember(session, "long", "alpha beta gamma delta!", words=LONG)
    third = remember(session, "third", "alpha beta gamma")
    fourth = remember(session, "fourth", "alpha beta")
    remember(session, "fifth", "nothing alike")
    assert chosen(session).experience_ids == (third.id, fourth.id)


def test_a_task_is_shown_once_by_its_shortest_success(session: Session) -> None:
    """Specification H 33."""
    remember(session, "twice", "alpha beta gamma delta", words="a longer observation than the other")
    short = remember(session, "twice", "alpha beta gamma delta", seed=1, words="short")
    other = remember(session, "other", "alpha")
    assert chosen(session).experience_ids == (short.id, other.id)


def test_too_few_successes_are_filled_up_with_demonstrations(session: Session) -> None:
    """Specification H 34."""
    one = remember(session, "only", "alpha beta")
    found = chosen(session)
    assert found.experience_ids == (one.id,)
    assert [example.text for example in found.examples] == [one.task, DEMONSTRATIONS[0].text]
    assert found.task_ids == ("only",)


def test_an_empty_pool_gives_the_demonstrations(session: Session) -> None:
    for source in ("similar", "random", "manual"):
        found = chosen(session, source)
        assert [example.text for example in found.examples] == [one.text for one in DEMONSTRATIONS]
        assert found.experience_ids == ()


def test_no_example_is_asked_for_and_none_is_given(session: Session) -> None:
    set_settings(session, num_examples=0)
    remember(session, "only", "alpha beta")
    assert chosen(session).examples == () == chosen(session, "manual").examples


def test_failures_evaluations_other_runs_and_the_own_fold_are_no_examples(session: Session) -> None:
    remember(session, "failed", QUERY, outcome="fail")
    remember(session, "evaluated", QUERY, phase="eval")
    remember(session, "elsewhere", QUERY, run_id="another run")
    own = remember(session, "own fold", QUERY, fold=0)
    far = remember(session, "far", "omega")
    assert chosen(session).experience_ids == (far.id,)
    set_settings(session, pool="all_but_self")
    assert chosen(session).experience_ids == (own.id, far.id)


def test_a_pool_that_is_not_dealt_yet_may_be_shown_where_nothing_is_evaluated(session: Session) -> None:
    one = remember(session, "undealt", QUERY, fold=None)
    assert chosen(session, fold=None).experience_ids == (one.id,)


def test_only_the_own_kind_is_shown_where_kinds_matter(session: Session) -> None:
    session.benchmark = replace(session.benchmark, examples_by_kind=True)
    remember(session, "town", QUERY, kind="town")
    river = remember(session, "river", "omega", kind="river")
    found = chosen(session)
    assert found.experience_ids == (river.id,)
    assert [one.text for one in found.examples[1:]] == [DEMONSTRATIONS[0].text]


def test_what_a_benchmark_does_not_want_to_show_is_left_out(session: Session) -> None:
    session.benchmark = replace(
        session.benchmark, usable_example=lambda entries: "invalid" not in entries[2]["text"]
    )
    remember(session, "bad", QUERY, words="invalid")
    good = remember(session, "good", "alpha")
    assert chosen(session).experience_ids == (good.id,)


def test_random_examples_are_drawn_by_the_seed_and_the_task(session: Session) -> None:
    ids = {remember(session, f"task-{number}", f"alpha {number}").id for number in range(8)}
    first = chosen(session, "random").experience_ids
    assert len(first) == 2
    assert set(first) <= ids
    assert chosen(session, "random").experience_ids == first
    set_settings(session, seed=1)
    others = {chosen(session, "random").experience_ids}
    for seed in range(2, 6):
        set_settings(session, seed=seed)
        others.add(chosen(session, "random").experience_ids)
    assert len(others) > 1


def test_the_longest_may_be_ranked_first(session: Session) -> None:
    near = remember(session, "near", QUERY, words="short")
    far = remember(session, "far", "alpha", words="an observation that is longer")
    assert chosen(session).experience_ids == (near.id, far.id)
    set_settings(session, reranker="length", num_examples=4)
    found = chosen(session)
    lengths = [sum(len(entry["text"]) for entry in one.entries) for one in found.examples]
    assert lengths == sorted(lengths, reverse=True)
    assert set(found.experience_ids) == {near.id, far.id}


def test_by_thought_the_demonstrations_are_shown_until_there_is_one(session: Session) -> None:
    remember(session, "zebra", "alpha")
    yak = remember(session, "yak", "omega")
    assert chosen(session, "thought").experience_ids == ()
    empty = Entry(kind="thought", text="", step=1, answer=1)
    assert chosen(session, "thought", entries=[empty]).experience_ids == ()
    thought = Entry(kind="thought", text="I think of yak.", step=1, answer=1)
    assert chosen(session, "thought", entries=[thought]).experience_ids[0] == yak.id


def test_other_examples_than_by_thought_stay_during_an_attempt(session: Session) -> None:
    for number in range(5):
        remember(session, f"task-{number}", f"alpha {number}")
    thought = Entry(kind="thought", text="I think of task-4.", step=1, answer=1)
    for source in ("manual", "similar", "random"):
        assert chosen(session, source) == chosen(session, source, entries=[thought])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pool=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["alpha", "beta", "gamma", "omega"])), max_size=5
    ),
    fold=st.integers(0, 2),
)
def test_nothing_of_the_evaluated_fold_is_ever_shown(
    session: Session, pool: list[tuple[int, str]], fold: int
) -> None:
    """Specification H 35."""
    session.gathered_run = RunFolder(Path(f"{session.gathered_run.id}+"))
    folds = {}
    for number, (own, text) in enumerate(pool):
        folds[f"task-{number}"] = own
        remember(session, f"task-{number}", text, fold=own)
    sources: tuple[ExampleSource, ...] = ("similar", "random", "thought")
    thought = Entry(kind="thought", text="I think of task-1.", step=1, answer=1)
    for source in sources:
        found = chosen(session, source, fold=fold, entries=[thought])
        assert all(folds[task] != fold for task in found.task_ids)
        elsewhere = sum(own != fold for own in folds.values())
        assert len(found.task_ids) == min(2, elsewhere)
        assert len(found.examples) == 2
