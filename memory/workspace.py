"""The log of record: one SQLite file a workspace, with one writer at a time.

The file says that it is ours (`application_id`) and in which version of the schema it is written
(`user_version`). Older files are brought forward when they are opened; newer ones are refused.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from memory.errors import StoreError

FILE_NAME = "memory.sqlite"
_APPLICATION_ID = 0x6E696D75  # "nimu"
_OWN_NAMES = {"chroma", "writer.lock"}

# Each entry brings a file from version n to n + 1; entries are never changed once released.
_MIGRATIONS = (
    """
    CREATE TABLE trajectories (
        traj_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, domain TEXT NOT NULL, env_name TEXT NOT NULL,
        task_id TEXT NOT NULL, task TEXT NOT NULL, phase TEXT NOT NULL, arm TEXT NOT NULL, fold INTEGER,
        trial INTEGER NOT NULL, seed INTEGER NOT NULL, outcome TEXT NOT NULL, reward REAL NOT NULL,
        reflections_json TEXT NOT NULL, num_cut INTEGER NOT NULL, created TEXT NOT NULL
    ) STRICT;
    CREATE INDEX trajectories_by_task ON trajectories (domain, task_id, trial);
    CREATE TABLE steps (
        traj_id TEXT NOT NULL REFERENCES trajectories ON DELETE CASCADE, i INTEGER NOT NULL,
        kind TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (traj_id, i)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE insight_sets (
        set_id TEXT PRIMARY KEY, domain TEXT NOT NULL, fold INTEGER, parent_set TEXT, created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE insight_events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, set_id TEXT NOT NULL REFERENCES insight_sets,
        actor TEXT NOT NULL, step_no INTEGER NOT NULL, op_no INTEGER NOT NULL, op TEXT NOT NULL,
        insight_id TEXT, text_before TEXT, text_after TEXT, delta INTEGER NOT NULL,
        count_after INTEGER NOT NULL, state_after TEXT NOT NULL, pinned_after INTEGER NOT NULL,
        accepted INTEGER NOT NULL, code TEXT, reason TEXT NOT NULL, call_id TEXT,
        evidence_json TEXT NOT NULL, created TEXT NOT NULL, UNIQUE (set_id, actor, step_no, op_no)
    ) STRICT;
    CREATE INDEX insight_events_by_insight ON insight_events (insight_id);
    CREATE TABLE insight_steps (
        set_id TEXT NOT NULL REFERENCES insight_sets, actor TEXT NOT NULL, step_no INTEGER NOT NULL,
        last_seq INTEGER NOT NULL, PRIMARY KEY (set_id, actor, step_no)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE insight_uses (
        traj_id TEXT NOT NULL REFERENCES trajectories ON DELETE CASCADE, set_id TEXT NOT NULL,
        insight_id TEXT NOT NULL, PRIMARY KEY (traj_id, set_id, insight_id)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY, kind TEXT NOT NULL, domain TEXT NOT NULL, config_json TEXT NOT NULL,
        manifest_json TEXT NOT NULL, status TEXT NOT NULL, parent_run TEXT, created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE eval_results (
        run_id TEXT NOT NULL, arm TEXT NOT NULL, task_id TEXT NOT NULL, seed INTEGER NOT NULL, fold INTEGER,
        env_name TEXT NOT NULL, success INTEGER NOT NULL, reward REAL NOT NULL, num_steps INTEGER NOT NULL,
        num_invalid INTEGER NOT NULL, tokens INTEGER NOT NULL, cost TEXT,
        PRIMARY KEY (run_id, arm, task_id, seed)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE retrievals (
        traj_id TEXT NOT NULL REFERENCES trajectories ON DELETE CASCADE, place INTEGER NOT NULL,
        shown_id TEXT NOT NULL, PRIMARY KEY (traj_id, place)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX retrievals_by_shown ON retrievals (shown_id);
    CREATE TABLE insight_lists (
        set_id TEXT PRIMARY KEY REFERENCES insight_sets, seq INTEGER NOT NULL, list_json TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE trajectories ADD COLUMN num_steps INTEGER NOT NULL DEFAULT 0;
    UPDATE trajectories
    SET num_steps = (SELECT count(*) FROM steps WHERE steps.traj_id = trajectories.traj_id);
    """,
)
SCHEMA_VERSION = len(_MIGRATIONS)


class Workspace:
    """An open memory folder. Close it, or use it in a `with` statement."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        """Open the folder's file, or make it; a reader needs one that exists.

        Raises:
            StoreError: another writer has it open, the folder holds other things and no memory, or the file
                is missing, broken, foreign or newer.
        """
        self.folder = folder
        self.path = folder / FILE_NAME
        self._guard = threading.RLock()
        self._lock: FileLock | None = None
        if read_only:
            refuse_missing(folder)
        else:
            _own(folder)
            self._lock = writer_lock(folder)
        try:
            self._connection = _connected(self.path, read_only=read_only)
        except BaseException:
            self._unlock()
            raise

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others write."""
        self._connection.close()
        self._unlock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; one thread at a time, others wait.

        Raises:
            StoreError: the disk is full, or the file is broken or open for reading only.
        """
        with self._guard:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    if self._connection.in_transaction:  # a full disk rolls back by itself
                        self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.DatabaseError as problem:
                raise StoreError(
                    f"cannot write {self.path}: {problem}; nothing was changed{_remedy(problem)}"
                ) from problem

    def rows(self, query: str, *values: str | int | None) -> list[sqlite3.Row]:
        """The answer to a query.

        Raises:
            StoreError: the file is broken.
        """
        with self._guard:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.DatabaseError as problem:
                raise StoreError(f"cannot read {self.path}: {problem}{_remedy(problem)}") from problem

    def damage(self) -> tuple[str, ...]:
        """What is broken in the file, one line each; looks at every page."""
        found = [str(row[0]) for row in self.rows("PRAGMA quick_check")]
        found += [
            f"{row[0]} names a {row[2]} that is not there" for row in self.rows("PRAGMA foreign_key_check")
        ]
        return tuple(line for line in found if line != "ok")

    def scrub(self) -> None:
        """Make sure that what was deleted is in none of the files any more."""
        with self._guard:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()


def refuse_missing(folder: Path) -> Path:
    """The folder's file.

    Raises:
        StoreError: there is none.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise StoreError(f"no memory in {folder}: there is no {FILE_NAME}; check the folder")
    return path


def _own(folder: Path) -> None:
    """Make the folder; one that holds other things and no memory is not ours to write to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir()}
    except OSError as problem:
        raise StoreError(f"{folder} cannot be a memory folder: {problem}") from problem
    foreign = sorted(name for name in names - _OWN_NAMES if not name.startswith(FILE_NAME))
    if FILE_NAME not in names and foreign:
        raise StoreError(
            f"{folder} holds {foreign[0]!r} and no memory: name an empty folder, or one that is not there yet"
        )


def writer_lock(folder: Path) -> FileLock:
    """What a writer holds.

    Raises:
        StoreError: another one has it.
    """
    lock = FileLock(folder / "writer.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as problem:
        raise StoreError(
            f"another program writes to the memory in {folder}: wait until it is done"
        ) from problem
    except OSError as problem:
        raise StoreError(f"cannot write in {folder}: {problem}") from problem
    return lock


def _remedy(problem: sqlite3.DatabaseError) -> str:
    """What to do, from SQLite's primary result code."""
    match getattr(problem, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return "; make room on the disk and try again"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return "; `expel insights rebuild` saves what can be read"
        case _:
            return ""


def _connected(path: Path, *, read_only: bool) -> sqlite3.Connection:
    where = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(where, uri=True, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        _prepare(connection, path, read_only=read_only)
    except sqlite3.DatabaseError as problem:
        connection.close()
        raise StoreError(f"{path} cannot be read as a memory: {problem}{_remedy(problem)}") from problem
    except StoreError:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    is_new = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if owner != _APPLICATION_ID and not is_new:
        raise StoreError(f"{path} is a database of another program: name another folder")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer nimue (schema {version}, this one knows {SCHEMA_VERSION}): update"
        )
    connection.execute("PRAGMA foreign_keys = ON")
    if read_only:
        if version < SCHEMA_VERSION:
            raise StoreError(f"{path} is of an older nimue: open it once for writing to bring it forward")
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # deleted text is overwritten
    for number in range(version, SCHEMA_VERSION):
        connection.executescript(
            f"BEGIN; {_MIGRATIONS[number]} PRAGMA application_id = {_APPLICATION_ID}; "
            f"PRAGMA user_version = {number + 1}; COMMIT;"
        )
