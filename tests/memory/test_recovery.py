"""Damaged files, full disks, killed writers: what is told, and what is saved."""

import multiprocessing
import resource
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest

from memory import workspace as workspace_module
from memory.embedders import HashingEmbedder
from memory.engine import EngineSettings
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.insight_store import InsightStore
from memory.insights import active
from memory.opening import OpenMemory, open_memory, rebuild_memory
from memory.recall import ExperienceMemory
from memory.records import Experience, Step
from memory.recovery import is_damaged, salvage
from memory.vectors import Entry, unit
from memory.workspace import FILE_NAME, SCHEMA_VERSION, Workspace

PAGE = 4096  # bytes, SQLite's own
EMBEDDER = HashingEmbedder(32)


def attempt(number: int) -> Experience:
    return Experience(
        run_id="r", domain="alfworld", env_name="clean", task_id=f"t{number:03}", task=f"Clean mug {number}.",
        trial=0, fold=0, outcome="success" if number % 2 else "fail",
        steps=tuple(Step("observation", f"room {place} " * 20) for place in range(5)),
    )  # fmt: skip


def filled(folder: Path, *, num_attempts: int = 40) -> None:
    with Workspace(folder) as workspace:
        ExperienceStore(workspace).add_all(map(attempt, range(num_attempts)))
        insights = InsightStore(workspace)
        insights.create_set("s", "alfworld", fold=0)
        for step in range(10):
            insights.apply("s", step, f"ADD: Look into place {'abcdefghij'[step] * 9}.", EngineSettings())


def spoil(path: Path, pages: slice) -> None:
    content = bytearray(path.read_bytes())
    for page in range(len(content) // PAGE)[pages]:
        content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(bytes(content))


def test_a_sound_file_is_saved_whole(tmp_path: Path) -> None:
    filled(tmp_path)
    assert not is_damaged(tmp_path)
    with Workspace(tmp_path, read_only=True) as before:
        attempts, rules = ExperienceStore(before).find(), InsightStore(before).insights("s")
    saved = salvage(tmp_path)
    assert (saved.damaged, saved.dropped) == ((), ())
    assert (saved.rows["trajectories"], saved.rows["steps"], saved.rows["insight_events"]) == (40, 200, 10)
    with Workspace(tmp_path, read_only=True) as after:
        assert ExperienceStore(after).find() == attempts
        assert InsightStore(after).insights("s") == rules
        assert [one.domain for one in InsightStore(after).sets()] == ["alfworld"]
    assert saved.set_aside.exists()


@pytest.mark.parametrize("place", [0.2, 0.35, 0.5, 0.65, 0.8, 0.95])
def test_what_lies_beside_a_bad_page_is_saved_and_attempts_come_whole_or_not_at_all(
    tmp_path: Path, place: float
) -> None:
    filled(tmp_path)
    path = tmp_path / FILE_NAME
    page = int(place * path.stat().st_size / PAGE)
    spoil(path, slice(page, page + 1))
    assert is_damaged(tmp_path)
    saved = salvage(tmp_path)
    assert not is_damaged(tmp_path)
    with Workspace(tmp_path, read_only=True) as workspace:
        kept = ExperienceStore(workspace).find()
        assert all(one == attempt(int(one.task_id[1:])) for one in kept)
        assert len(kept) + len(InsightStore(workspace).insights("s")) >= 25
        assert workspace.rows("PRAGMA foreign_key_check") == []
    assert (tmp_path / f"{FILE_NAME}.damaged-1") == saved.set_aside


def test_a_file_without_its_first_page_is_set_aside_for_an_empty_one(tmp_path: Path) -> None:
    filled(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()
    spoil(tmp_path / FILE_NAME, slice(0, 1))
    with pytest.raises(StoreError, match="insights rebuild"):
        Workspace(tmp_path)
    saved = salvage(tmp_path)
    assert sum(saved.rows.values()) == 0
    assert "trajectories" in saved.damaged
    assert saved.set_aside.read_bytes()[PAGE:] == before[PAGE:]
    with Workspace(tmp_path) as workspace:
        assert len(ExperienceStore(workspace)) == 0


def test_what_is_not_written_down_in_the_main_file_yet_is_saved_too(tmp_path: Path) -> None:
    writer = multiprocessing.get_context("fork").Process(target=_write_and_die, args=(tmp_path,))
    writer.start()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    assert (tmp_path / f"{FILE_NAME}-wal").stat().st_size > 0
    assert salvage(tmp_path).rows["trajectories"] == 40


def _write_and_die(folder: Path) -> None:
    kept_open = Workspace(folder)
    ExperienceStore(kept_open).add_all(map(attempt, range(40)))
    signal.raise_signal(signal.SIGKILL)


@pytest.mark.parametrize("version", [1])
def test_a_file_of_an_older_version_is_brought_forward_with_all_it_holds(
    tmp_path: Path, version: int
) -> None:
    old = attempt(1)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        for migration in workspace_module._MIGRATIONS[:version]:
            connection.executescript(migration)
        connection.execute(f"PRAGMA application_id = {workspace_module._APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute(
            "INSERT INTO trajectories VALUES (?, 'r', 'alfworld', 'clean', 't001', ?, 'gather', 'expel', "
            "0, 0, 0, 'success', 0, '[]', 0, '2026')",
            (old.id, old.task),
        )
        connection.executemany(
            "INSERT INTO steps VALUES (?, ?, ?, ?)",
            [(old.id, place, step.kind, step.text) for place, step in enumerate(old.steps)],
        )
        connection.execute("INSERT INTO insight_sets VALUES ('s', 'alfworld', 0, NULL, '2026')")
        connection.execute(
            "INSERT INTO insight_events VALUES (1, 's', 'llm', 0, 0, 'ADD', 'I-1', NULL, 'Look first.', "
            "2, 2, 'active', 0, 1, NULL, '', NULL, '[]', '2026')"
        )
    connection.close()
    with pytest.raises(StoreError, match="open it once for writing"):
        Workspace(tmp_path, read_only=True)
    with Workspace(tmp_path) as workspace:
        assert ExperienceStore(workspace).find() == [old]
        insights = InsightStore(workspace)
        assert [(rule.text, rule.count) for rule in insights.insights("s")] == [("Look first.", 2)]
        insights.apply("s", 1, "AGREE 1: Look first.", EngineSettings())
        assert [rule.count for rule in insights.insights("s")] == [3]
        assert workspace.rows("PRAGMA user_version")[0][0] == SCHEMA_VERSION
    assert salvage(tmp_path).dropped == ()


@pytest.mark.parametrize("newer", [True, False], ids=["newer", "foreign"])
def test_newer_and_foreign_files_are_left_alone(tmp_path: Path, newer: bool) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute(f"PRAGMA application_id = {workspace_module._APPLICATION_ID if newer else 7}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    for refused in (is_damaged, salvage):
        with pytest.raises(StoreError, match="newer nimue" if newer else "another program"):
            refused(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_folder_of_other_things_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match=r"holds 'thesis\.tex' and no memory"):
        Workspace(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(StoreError, match="cannot be a memory folder"):
        Workspace(tmp_path / "thesis.tex")
    for asked in (salvage, is_damaged):
        with pytest.raises(StoreError, match="no memory in"):
            asked(tmp_path)


def test_somebody_who_writes_is_not_repaired_under(tmp_path: Path) -> None:
    filled(tmp_path)
    with Workspace(tmp_path), pytest.raises(StoreError, match="another program writes"):
        salvage(tmp_path)


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    filled(tmp_path)
    told = multiprocessing.get_context("fork").Queue()
    writer = multiprocessing.get_context("fork").Process(target=_write_to_a_full_disk, args=(tmp_path, told))
    writer.start()
    message = told.get(timeout=120)
    writer.join()
    assert "nothing was changed; make room on the disk" in message
    with Workspace(tmp_path) as workspace:
        assert len(ExperienceStore(workspace)) == 40
        assert workspace.damage() == ()


def _write_to_a_full_disk(folder: Path, told: "multiprocessing.Queue[str]") -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Workspace(folder) as workspace:
        size = 2 * PAGE  # no file may grow beyond this
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            ExperienceStore(workspace).add_all(map(attempt, range(100, 300)))
        except StoreError as problem:
            told.put(str(problem))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_disk_that_is_full_for_chroma_stops_the_index_and_the_next_opening_closes_the_gap(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    writer = context.Process(target=_fill_chroma_up, args=(tmp_path, told))
    writer.start()
    messages = [told.get(timeout=120) for _ in range(2)]
    writer.join()
    assert "nothing is lost" in messages[0]
    assert "open the memory again" in messages[1]
    with open_memory(tmp_path, "alfworld", EMBEDDER) as memory:
        assert set(memory.mended.missing) == {f"{attempt(number).id}:task:0" for number in (1, 2)}
        assert len(memory.experiences.index) == 3


def _fill_chroma_up(folder: Path, told: "multiprocessing.Queue[str]") -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open_memory(folder, "alfworld", EMBEDDER) as memory:
        memory.experiences.remember(attempt(0))
        for number in (1, 2):
            memory.experiences.store.add(attempt(number))
        largest = max(path.stat().st_size for path in (folder / "chroma").iterdir())
        for room in (largest // 2, resource.RLIM_INFINITY):
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
            try:
                memory.experiences.index.upsert(
                    [Entry("more", EMBEDDER.embed(["more"])[0], {"kind": "task"})]
                )
            except StoreError as problem:
                told.put(str(problem))


def _remember_until_killed(folder: Path, done: Path, kill_before: int) -> None:
    """Dies by SIGKILL between the file and the index, or in the middle of an index call."""
    with open_memory(folder, "alfworld", EMBEDDER) as memory:
        add = ExperienceMemory._add
        calls = 0

        def dying(self: ExperienceMemory, documents: object) -> None:
            nonlocal calls
            calls += 1
            if calls == kill_before:
                signal.raise_signal(signal.SIGKILL)
            add(self, documents)  # type: ignore[arg-type]
            done.write_text(str(calls))

        ExperienceMemory._add = dying  # type: ignore[method-assign]
        for number in range(20):
            memory.experiences.remember(attempt(number))


@pytest.mark.parametrize("kill_before", [1, 4])
def test_a_writer_killed_between_file_and_index_leaves_a_gap_that_opening_closes(
    tmp_path: Path, kill_before: int
) -> None:
    folder, done = tmp_path / "memory", tmp_path / "done"
    writer = multiprocessing.get_context("spawn").Process(
        target=_remember_until_killed, args=(folder, done, kill_before)
    )
    writer.start()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    lost = attempt(kill_before - 1)
    with open_memory(folder, "alfworld", EMBEDDER) as memory:
        assert memory.mended.missing == (f"{lost.id}:task:0",)
        assert memory.experiences.check().in_step
        assert len(memory.experiences.store) == len(memory.experiences.index) == kill_before
        assert memory.experiences.nearest(lost.task, 1)[0].metadata["traj_id"] == lost.id
    with open_memory(folder, "alfworld", EMBEDDER) as again:
        assert again.mended.in_step


def test_texts_that_changed_behind_the_index_are_seen_and_mended(tmp_path: Path) -> None:
    with open_memory(tmp_path, "alfworld", EMBEDDER) as memory:
        for number in range(4):
            memory.experiences.remember(attempt(number))
        memory.experiences.store.add(replace(attempt(2), outcome="halted", task="Heat an egg."))
        state = memory.experiences.check()
        assert state.changed == (f"{attempt(2).id}:task:0",)
        memory.experiences.mend(state)
        (hit,) = memory.experiences.nearest("Heat an egg.", 1)
        assert (hit.metadata["outcome"], round(hit.score, 4)) == ("halted", 1)
        assert memory.experiences.check().in_step


def _without_vectors(chroma: Path) -> None:
    for folder in (path for path in chroma.iterdir() if path.is_dir()):
        rmtree(folder)


def _with_garbage(chroma: Path) -> None:
    spoil(chroma / "chroma.sqlite3", slice(0, 3))


@pytest.mark.parametrize("harm", [rmtree, _with_garbage], ids=["absent", "garbage"])
def test_a_lost_chroma_folder_is_filled_again_from_the_file(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    with open_memory(tmp_path, "alfworld", EMBEDDER) as memory:
        for number in range(6):
            memory.experiences.remember(attempt(number))
    harm(tmp_path / "chroma")
    rebuilt = rebuild_memory(tmp_path, "alfworld", EMBEDDER)
    assert (rebuilt.salvaged, rebuilt.num_documents) == (None, 6)
    with open_memory(tmp_path, "alfworld", EMBEDDER) as memory:
        assert memory.mended.in_step
        assert len(memory.experiences.demonstrations("Clean mug 1.", 3, task_id="new").chosen) == 3


def test_vectors_that_chroma_lost_silently_are_refused_until_they_are_rebuilt(tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        ExperienceStore(workspace).add_all(replace(attempt(n), outcome="success") for n in range(1100))
    assert rebuild_memory(tmp_path, "alfworld", EMBEDDER).num_documents == 1100
    with open_memory(tmp_path, "alfworld", EMBEDDER) as memory:
        memory.experiences.nearest("mug", 1)
    _without_vectors(tmp_path / "chroma")
    with pytest.raises(StoreError, match="the index is damaged"):
        _opened(tmp_path)
    rebuild_memory(tmp_path, "alfworld", EMBEDDER)
    assert _opened(tmp_path).mended.in_step


def _opened(folder: Path) -> OpenMemory:
    with open_memory(folder, "alfworld", EMBEDDER) as memory:
        return memory


def test_another_embedder_is_refused_until_the_index_is_rebuilt(tmp_path: Path) -> None:
    with open_memory(tmp_path, "alfworld", EMBEDDER) as memory:
        memory.experiences.remember(attempt(1))
    other = HashingEmbedder(64)
    with pytest.raises(StoreError, match="use that embedder, or rebuild the index"):
        open_memory(tmp_path, "alfworld", other).__enter__()
    assert rebuild_memory(tmp_path, "alfworld", other).num_documents == 1
    with open_memory(tmp_path, "alfworld", other) as memory:
        assert memory.mended.in_step


def test_everything_at_once_is_rebuilt(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / FILE_NAME
    page = path.stat().st_size // PAGE // 2
    spoil(path, slice(page, page + 1))
    rebuilt = rebuild_memory(tmp_path, "alfworld", EMBEDDER)
    assert rebuilt.salvaged is not None
    with open_memory(tmp_path, "alfworld", EMBEDDER) as memory:
        assert len(memory.experiences.store) == rebuilt.num_documents
        assert rebuilt.insights.keys() == {one.set_id for one in memory.insights.sets()} == {"s"}
        memory.insights.apply("s", 99, "ADD: Open every drawer.", EngineSettings())
        assert "Open every drawer." in {rule.text for rule in active(memory.insights.insights("s"))}


def test_after_a_rebuild_nothing_of_a_forgotten_task_is_left_in_the_folder(tmp_path: Path) -> None:
    # Chroma writes its vectors' file with memory it has not cleared, so what the writing process held a
    # moment ago may be in it: forgetting and rebuilding are commands of their own, thus processes here.
    gone = replace(attempt(1), task="the task of zanzibar", task_id="zanzibar")
    first = multiprocessing.get_context("spawn").Process(target=_remember_and_forget, args=(tmp_path, gone))
    first.start()
    first.join()
    assert first.exitcode == 0
    rmtree(tmp_path / "chroma")
    rebuild_memory(tmp_path, "alfworld", EMBEDDER)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"zanzibar" not in content
    assert gone.id.encode() not in content
    vanished, kept = unit(EMBEDDER.embed([gone.task, attempt(2).task]), EMBEDDER.mark)
    assert vanished.tobytes() not in content
    assert kept.tobytes() in content


def _remember_and_forget(folder: Path, gone: Experience) -> None:
    with open_memory(folder, "alfworld", EMBEDDER) as memory:
        for one in (gone, attempt(2)):
            memory.experiences.remember(one)
        memory.experiences.forget(gone.id)
        assert memory.experiences.index.ids() == [f"{attempt(2).id}:task:0"]
        assert memory.experiences.check().in_step
