"""Saving what can be read out of a damaged file into a new one.

The damaged file is kept beside the new one under another name. What could not be read is told; the logs
of the runs hold the same attempts and can be imported again.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from memory.errors import StoreError
from memory.workspace import FILE_NAME, Workspace, refuse_missing, writer_lock

_SIDE_FILES = ("-wal", "-shm")
_ATTEMPTS = "SELECT traj_id FROM trajectories ORDER BY traj_id"  # out of an index, not out of the table
_SETS = "SELECT DISTINCT set_id FROM insight_steps"
_RUNS = "SELECT run_id FROM runs ORDER BY run_id"
_EVENTS = (
    "WITH RECURSIVE number(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM number WHERE seq < "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'insight_events')) SELECT seq FROM number"
)

# In the order of their references: the column by which rows can be looked up one by one where the table
# cannot be read from end to end, and a query for its values.
_TABLES = {
    "runs": ("run_id", _RUNS),
    "trajectories": ("traj_id", _ATTEMPTS),
    "steps": ("traj_id", _ATTEMPTS),
    "insight_sets": ("set_id", _SETS),
    "insight_events": ("seq", _EVENTS),
    "insight_steps": ("set_id", "SELECT set_id FROM insight_sets"),
    "insight_uses": ("traj_id", _ATTEMPTS),
    "retrievals": ("traj_id", _ATTEMPTS),
    "eval_results": ("run_id", _RUNS),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Salvaged:
    """What came over, and what did not."""

    rows: dict[str, int]
    """Rows that were saved, by table."""
    damaged: tuple[str, ...]
    """Tables of which something could not be read."""
    dropped: tuple[str, ...]
    """Ids of attempts that were left out because steps of theirs are lost."""
    set_aside: Path
    """The damaged file."""


def is_damaged(folder: Path) -> bool:
    """Whether SQLite finds something broken in the file.

    Raises:
        StoreError: there is no file, somebody writes to it, or it is foreign or newer.
    """
    refuse_missing(folder)
    try:
        with Workspace(folder) as workspace:
            return bool(workspace.damage())
    except StoreError as problem:
        code = getattr(problem.__cause__, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return True
        raise


def salvage(folder: Path) -> Salvaged:
    """Put a new file in the place of a damaged one, with all that can be read.

    Raises:
        StoreError: there is no file, somebody writes to it, or it is foreign or newer.
    """
    path = refuse_missing(folder)
    lock = writer_lock(folder)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=f"{FILE_NAME}.") as scratch:
            copy, new = Path(scratch) / "damaged", Path(scratch) / "new"
            _copy(path, copy / FILE_NAME)
            rows, damaged = _saved(copy / FILE_NAME, new)
            dropped = _without_broken_attempts(new)
            set_aside = _free_name(path)
            _copy(path, set_aside)
            for ending in _SIDE_FILES:
                Path(f"{path}{ending}").unlink(missing_ok=True)
            (new / FILE_NAME).replace(path)
    finally:
        lock.release()
    return Salvaged(rows=rows, damaged=damaged, dropped=dropped, set_aside=set_aside)


def _saved(damaged: Path, new: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    rows: dict[str, int] = {}
    broken: list[str] = []
    # Tables are copied without regard to references, which may point to what is lost.
    with Workspace(new), closing(sqlite3.connect(new / FILE_NAME)) as target:
        with closing(_opened(damaged)) as source:
            for table in _TABLES:
                try:
                    rows[table], whole = _copied(source, target, table)
                except sqlite3.DatabaseError:  # not even its columns can be had
                    rows[table], whole = 0, False
                if not whole:
                    broken.append(table)
        target.commit()
    return rows, tuple(broken)


def _opened(damaged: Path) -> sqlite3.Connection:
    try:
        # Brings an older file forward where that is still possible.
        Workspace(damaged.parent).close()
    except StoreError as problem:
        if not isinstance(problem.__cause__, sqlite3.DatabaseError):
            raise
    return sqlite3.connect(damaged)


def _copied(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> tuple[int, bool]:
    """How many rows came over, and whether the table could be read to its end."""
    columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    there = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    shared = ", ".join(name for name in columns if name in there)
    count, whole = 0, True
    for row in _readable(source, table, shared):
        if row is None:
            whole = False
            continue
        marks = ", ".join("?" * len(row))
        done = target.execute(f"INSERT OR IGNORE INTO {table} ({shared}) VALUES ({marks})", row)
        count += done.rowcount
    return count, whole


def _readable(source: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[object, ...] | None]:
    """The rows up to the first bad page, then those that are found by their key; None at each bad page."""
    query = f"SELECT {columns} FROM {table}"
    try:
        yield from source.execute(query)
        return
    except sqlite3.DatabaseError:
        yield None
    key, all_keys = _TABLES[table]
    keys: list[str | int] = []
    with suppress(sqlite3.DatabaseError):  # as many as can be had
        keys.extend(row[0] for row in source.execute(all_keys))
    for value in keys:
        try:
            yield from source.execute(f"{query} WHERE {key} = ?", (value,))
        except sqlite3.DatabaseError:
            yield None


def _without_broken_attempts(folder: Path) -> tuple[str, ...]:
    """Remove steps without an attempt and attempts without all their steps."""
    with Workspace(folder) as workspace:
        with workspace.transaction() as connection:
            connection.execute("DELETE FROM steps WHERE traj_id NOT IN (SELECT traj_id FROM trajectories)")
            incomplete = connection.execute(
                "SELECT traj_id FROM trajectories WHERE num_steps <> "
                "(SELECT count(*) FROM steps WHERE steps.traj_id = trajectories.traj_id) ORDER BY traj_id"
            ).fetchall()
            connection.executemany(
                "DELETE FROM trajectories WHERE traj_id = ?", [tuple(row) for row in incomplete]
            )
            for table in ("insight_uses", "retrievals"):
                connection.execute(
                    f"DELETE FROM {table} WHERE traj_id NOT IN (SELECT traj_id FROM trajectories)"
                )
            # A set whose row is lost can be named again from its events; the domain is what nobody knows.
            connection.execute(
                "INSERT OR IGNORE INTO insight_sets SELECT DISTINCT set_id, 'unknown', NULL, NULL, created "
                "FROM insight_events GROUP BY set_id"
            )
        workspace.scrub()
    return tuple(row[0] for row in incomplete)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(path, target)
    for ending in _SIDE_FILES[:1]:  # the shared memory file is made anew
        if Path(f"{path}{ending}").is_file():
            shutil.copyfile(f"{path}{ending}", f"{target}{ending}")


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{FILE_NAME}.damaged-{number}")).exists():
        number += 1
    return name
