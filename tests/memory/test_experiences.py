"""The experience pool and the file it lies in."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memory.errors import StoreError
from memory.experiences import CUT_MARK, ExperienceStore
from memory.records import Experience, Outcome, Step
from memory.workspace import FILE_NAME, SCHEMA_VERSION, Workspace


def attempt(
    task_id: str = "t1", outcome: Outcome = "success", trial: int = 0, fold: int | None = 0
) -> Experience:
    return Experience(
        run_id="r1", domain="alfworld", env_name="clean", task_id=task_id, task=f"Clean a mug, {task_id}.",
        trial=trial, fold=fold, outcome=outcome, reward=1.0 if outcome == "success" else 0.0,
        steps=(Step("thought", "I need one."), Step("action", "go to sink 1"), Step("observation", "A mug.")),
        reflections=("Look first.",) if trial else (),
    )  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "memory") as opened:
        yield opened


def test_an_experience_comes_back_whole_after_reopening(tmp_path: Path) -> None:
    kept = attempt(trial=1)
    with Workspace(tmp_path) as workspace:
        ExperienceStore(workspace).add(kept)
    with Workspace(tmp_path, read_only=True) as workspace:
        assert ExperienceStore(workspace).get(kept.id) == kept


def test_the_same_attempt_twice_is_kept_once(workspace: Workspace) -> None:
    store = ExperienceStore(workspace)
    store.add(attempt())
    store.add(replace(attempt(), reward=0.5))
    assert [one.reward for one in store.find()] == [0.5]


def test_text_that_no_file_can_hold_is_mended(workspace: Workspace) -> None:
    store = ExperienceStore(workspace)
    odd = replace(attempt(), steps=(Step("thought", "half \ud83d a face"),), reflections=("\udcff",))
    store.add(odd)
    assert (store.get(odd.id).text, store.get(odd.id).reflections) == ("half ? a face", ("?",))


def test_arms_and_trials_of_one_task_are_different_attempts() -> None:
    one = attempt()
    others = {one.id, replace(one, trial=1).id, replace(one, arm="react").id, replace(one, phase="eval").id}
    assert len(others) == 4


def test_find_filters_and_leaves_a_fold_out(workspace: Workspace) -> None:
    store = ExperienceStore(workspace)
    store.add(attempt("t1", fold=0))
    store.add(attempt("t2", fold=1))
    store.add(attempt("t3", "fail", fold=None))
    assert [one.task_id for one in store.find(not_fold=0)] == ["t2", "t3"]
    assert [one.task_id for one in store.find(outcome="success", domain="alfworld")] == ["t1", "t2"]
    assert [one.task_id for one in store.find(task_id="t3", run_id="r1")] == ["t3"]
    assert (len(store), attempt("t1").id in store, "x" in store) == (3, True, False)


def test_case_45_recalled_memory_is_not_stored_again(workspace: Workspace) -> None:
    insight = "Look for mugs in the sink before the shelves."
    quoting = replace(attempt(), steps=(Step("thought", f"As I know: {insight} So I go."),))
    store = ExperienceStore(workspace)
    store.add(quoting, recalled=[insight, "So"])
    assert store.get(quoting.id).text == f"As I know: {CUT_MARK} So I go."


def test_what_is_deleted_is_in_no_file_any_more(tmp_path: Path) -> None:
    secret = replace(
        attempt(), task="the task of zanzibar", steps=(Step("thought", "the thought of zanzibar"),)
    )
    with Workspace(tmp_path) as workspace:
        store = ExperienceStore(workspace)
        store.add(secret)
        store.add(attempt("t2"))
        assert b"zanzibar" in b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE_NAME}*"))
        store.delete(secret.id)
        assert b"zanzibar" not in b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE_NAME}*"))
        assert len(store) == 1
        with pytest.raises(StoreError, match="no experience"):
            store.delete(secret.id)


def test_a_second_writer_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        ExperienceStore(workspace).add(attempt())
        with pytest.raises(StoreError, match="another program writes"):
            Workspace(tmp_path)
        with Workspace(tmp_path, read_only=True) as reader:
            assert len(ExperienceStore(reader).find()) == 1
            with pytest.raises(StoreError, match="nothing was changed"):
                ExperienceStore(reader).add(attempt("t2"))
    with Workspace(tmp_path) as again:
        assert len(ExperienceStore(again)) == 1


def test_a_failed_transaction_changes_nothing(workspace: Workspace) -> None:
    def fail_halfway() -> None:
        with workspace.transaction() as connection:
            connection.execute("INSERT INTO insight_sets VALUES ('s', 'd', NULL, NULL, '')")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail_halfway()
    assert workspace.rows("SELECT * FROM insight_sets") == []


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.close()


def _newer(path: Path) -> None:
    Workspace(path.parent).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()


def _broken(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be looked at " * 40)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [(_foreign, "another program"), (_newer, "newer nimue"), (_broken, "cannot be read as a memory")],
)
def test_files_that_are_not_ours_are_refused_and_the_folder_is_let_go(
    tmp_path: Path, spoil: object, message: str
) -> None:
    assert callable(spoil)
    spoil(tmp_path / FILE_NAME)
    for _ in range(2):
        with pytest.raises(StoreError, match=message):
            Workspace(tmp_path)


def test_an_empty_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no memory in"):
        Workspace(tmp_path, read_only=True)


def _write_until_killed(folder: Path) -> None:
    workspace = Workspace(folder)
    store = ExperienceStore(workspace)
    trial = 0
    while True:
        store.add(attempt(trial=trial))
        (folder / "done").write_text(str(trial))
        trial += 1


def test_a_writer_that_is_killed_loses_nothing_it_had_finished(tmp_path: Path) -> None:
    done = tmp_path / "done"
    writer = multiprocessing.get_context("fork").Process(target=_write_until_killed, args=(tmp_path,))
    writer.start()
    while not (done.exists() and int(done.read_text().strip() or 0) >= 3):
        writer.join(0.005)
    writer.kill()
    writer.join()
    finished = int(done.read_text().strip() or 3)
    with Workspace(tmp_path) as workspace:
        assert len(ExperienceStore(workspace)) >= finished + 1
        assert workspace.rows("PRAGMA integrity_check")[0][0] == "ok"
