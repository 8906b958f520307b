"""The experience pool: every attempt of every run, in the workspace's file."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from memory.errors import StoreError
from memory.records import Experience, Outcome, Step
from memory.vectors import Scalar
from memory.workspace import Workspace

CUT_MARK = "[recalled memory left out]"
_SHORTEST_CUT = 12  # characters; shorter texts occur by themselves


def without_recalled(experience: Experience, recalled: Iterable[str]) -> tuple[Experience, int]:
    """The experience without texts that memory itself had put before the agent, and how many were cut.

    Memories that quote memories would be extracted again as if they were new.
    """
    texts = sorted(
        {text for text in recalled if len(text) >= _SHORTEST_CUT}, key=lambda text: (-len(text), text)
    )
    num_cut = 0
    steps = []
    for step in experience.steps:
        text = step.text
        for memory in texts:
            num_cut += text.count(memory)
            text = text.replace(memory, CUT_MARK)
        steps.append(Step(step.kind, text))
    return replace(experience, steps=tuple(steps)), num_cut


@dataclass(frozen=True, slots=True)
class Document:
    """A text that can be found by likeness, and what it can be filtered by."""

    id: str
    text: str
    metadata: Mapping[str, Scalar]


class ExperienceStore:
    """Attempts by id."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(
        self,
        experience: Experience,
        *,
        recalled: Sequence[str] = (),
        used_insights: Sequence[tuple[str, str]] = (),
        shown: Sequence[str] = (),
    ) -> str:
        """Keep an attempt and give its id; the same attempt again replaces it.

        `recalled` holds the insight and example texts that were in the prompt: quotations are cut out.
        `used_insights` holds the (set, insight) ids, `shown` the ids of the experiences that were in it.
        """
        kept, num_cut = without_recalled(_storable(experience), recalled)
        with self._workspace.transaction() as connection:
            _insert(connection, kept, num_cut)
            connection.executemany(
                "INSERT OR IGNORE INTO insight_uses VALUES (?, ?, ?)",
                [(kept.id, set_id, insight_id) for set_id, insight_id in used_insights],
            )
            connection.executemany(
                "INSERT INTO retrievals VALUES (?, ?, ?)",
                [(kept.id, place, shown_id) for place, shown_id in enumerate(shown)],
            )
        return kept.id

    def add_all(self, experiences: Iterable[Experience]) -> int:
        """Keep many attempts, all or none, and give their number."""
        count = 0
        with self._workspace.transaction() as connection:
            for experience in experiences:
                _insert(connection, _storable(experience), 0)
                count += 1
        return count

    def get(self, experience_id: str) -> Experience:
        """Raises StoreError where there is none."""
        rows = self._workspace.rows("SELECT * FROM trajectories WHERE traj_id = ?", experience_id)
        if not rows:
            raise StoreError(f"no experience {experience_id} in {self._workspace.folder}")
        return self._whole(rows[0])

    def find(
        self,
        *,
        domain: str | None = None,
        run_id: str | None = None,
        task_id: str | None = None,
        outcome: Outcome | None = None,
        not_fold: int | None = None,
    ) -> list[Experience]:
        """All that agree with what is given, by task and trial; `not_fold` gives a fold's training pool."""
        rows = self._workspace.rows(
            "SELECT * FROM trajectories WHERE domain = ifnull(?, domain) AND run_id = ifnull(?, run_id) "
            "AND task_id = ifnull(?, task_id) AND outcome = ifnull(?, outcome) "
            "AND (? IS NULL OR fold IS NOT ?) ORDER BY domain, task_id, trial, traj_id",
            domain, run_id, task_id, outcome, not_fold, not_fold,
        )  # fmt: skip
        return [self._whole(row) for row in rows]

    def shown(self, experience_id: str) -> tuple[str, ...]:
        """Ids of the experiences that were in an attempt's prompt, in their order."""
        rows = self._workspace.rows(
            "SELECT shown_id FROM retrievals WHERE traj_id = ? ORDER BY place", experience_id
        )
        return tuple(row[0] for row in rows)

    def used_insights(self, experience_id: str) -> tuple[tuple[str, str], ...]:
        """The (set, insight) ids that were in an attempt's prompt."""
        rows = self._workspace.rows(
            "SELECT set_id, insight_id FROM insight_uses WHERE traj_id = ? ORDER BY set_id, insight_id",
            experience_id,
        )
        return tuple((row[0], row[1]) for row in rows)

    def documents(
        self, domain: str, kinds: Sequence[str], *, experience_id: str | None = None
    ) -> Iterator[Document]:
        """Every task and step of these kinds in a domain, or of one experience in it."""
        about = "traj_id, task_id, run_id, env_name, phase, outcome, ifnull(fold, -1) AS fold, trial"
        chosen = f"domain = ?1 AND {'?2 IS NULL' if experience_id is None else 'traj_id = ?2'}"
        if "task" in kinds:
            query = (
                f"SELECT {about}, 'task' AS kind, 0 AS place, task AS text FROM trajectories WHERE {chosen}"
            )
            yield from map(_document, self._workspace.rows(query, domain, experience_id))
        if set(kinds) - {"task"}:
            query = (
                f"SELECT {about}, kind, i AS place, text FROM trajectories JOIN steps USING (traj_id) "
                f"WHERE {chosen} AND kind IN (SELECT value FROM json_each(?3))"
            )
            asked = json.dumps(list(kinds))
            yield from map(_document, self._workspace.rows(query, domain, experience_id, asked))

    def delete(self, experience_id: str) -> None:
        """Remove it and its text from the file; insights learned from it stay and name its id.

        Raises:
            StoreError: there is none.
        """
        self.get(experience_id)
        with self._workspace.transaction() as connection:
            connection.execute("DELETE FROM trajectories WHERE traj_id = ?", (experience_id,))
        self._workspace.scrub()

    def __len__(self) -> int:
        return int(self._workspace.rows("SELECT count(*) FROM trajectories")[0][0])

    def __contains__(self, experience_id: object) -> bool:
        found = self._workspace.rows("SELECT 1 FROM trajectories WHERE traj_id = ?", str(experience_id))
        return bool(found)

    def _whole(self, row: sqlite3.Row) -> Experience:
        steps = self._workspace.rows(
            "SELECT kind, text FROM steps WHERE traj_id = ? ORDER BY i", row["traj_id"]
        )
        return Experience(
            run_id=row["run_id"], domain=row["domain"], env_name=row["env_name"], task_id=row["task_id"],
            task=row["task"], trial=row["trial"], seed=row["seed"], phase=row["phase"], arm=row["arm"],
            fold=row["fold"], outcome=row["outcome"], reward=row["reward"],
            steps=tuple(Step(step["kind"], step["text"]) for step in steps),
            reflections=tuple(json.loads(row["reflections_json"])),
        )  # fmt: skip


def _insert(connection: sqlite3.Connection, kept: Experience, num_cut: int) -> None:
    connection.execute("DELETE FROM trajectories WHERE traj_id = ?", (kept.id,))
    connection.execute(
        f"INSERT INTO trajectories VALUES ({', '.join('?' * 17)})",
        (
            kept.id, kept.run_id, kept.domain, kept.env_name, kept.task_id, kept.task, kept.phase,
            kept.arm, kept.fold, kept.trial, kept.seed, kept.outcome, kept.reward,
            json.dumps(kept.reflections), num_cut, datetime.now(UTC).isoformat(), len(kept.steps),
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO steps VALUES (?, ?, ?, ?)",
        [(kept.id, place, step.kind, step.text) for place, step in enumerate(kept.steps)],
    )


def _document(row: sqlite3.Row) -> Document:
    metadata: dict[str, Scalar] = {
        key: row[key]
        for key in ("kind", "traj_id", "task_id", "run_id", "env_name", "phase", "outcome", "fold", "trial")
    }
    told = json.dumps([row["text"], *metadata.values()])
    metadata["content"] = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
    return Document(f"{row['traj_id']}:{row['kind']}:{row['place']}", row["text"], metadata)


def _storable(experience: Experience) -> Experience:
    """Lone surrogates in what a model wrote, which no file can hold, become question marks."""

    def encodable(text: str) -> str:
        return text.encode("utf-8", "replace").decode("utf-8")

    return replace(
        experience,
        steps=tuple(Step(step.kind, encodable(step.text)) for step in experience.steps),
        reflections=tuple(map(encodable, experience.reflections)),
    )
