"""Runs and how their evaluations ended, in the workspace's file.

What a model was asked and what it answered is not here: a run's own folder keeps that in its journal.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from memory.errors import StoreError
from memory.workspace import Workspace

RunKind = Literal["train", "gather", "extract", "eval", "transfer", "import"]
RunStatus = Literal["running", "done", "stopped", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A program that wrote to the memory: with which settings, versions, models and seeds."""

    run_id: str
    kind: RunKind
    domain: str
    config: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """What it takes to repeat it: versions, model names, embedder, grammar, seeds, split."""
    status: RunStatus = "running"
    parent_run: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalResult:
    """How one arm did on one task with one seed."""

    run_id: str
    arm: str
    task_id: str
    seed: int = 0
    fold: int | None = None
    env_name: str = ""
    success: bool
    reward: float = 0.0
    num_steps: int = 0
    num_invalid: int = 0
    tokens: int = 0
    cost: Decimal | None = None
    """Dollars; None where a price is not known."""


class RunStore:
    """Runs by id and their results by arm, task and seed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def begin(self, run: Run) -> Run:
        """Note a run; one that goes on keeps its first entry, but for the status.

        Raises:
            StoreError: a run of that id has another kind or domain.
        """
        with self._workspace.transaction() as connection:
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (run_id) DO UPDATE SET status = excluded.status",
                (
                    run.run_id, run.kind, run.domain, json.dumps(run.config, sort_keys=True),
                    json.dumps(run.manifest, sort_keys=True), run.status, run.parent_run,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                ),
            )  # fmt: skip
            kept = self.run(run.run_id)
            if (kept.kind, kept.domain) != (run.kind, run.domain):
                raise StoreError(
                    f"run {run.run_id} is there already, for {kept.kind} in {kept.domain}: name another run"
                )
        return kept

    def end(self, run_id: str, status: RunStatus) -> None:
        """Raises StoreError where there is none."""
        self.run(run_id)
        with self._workspace.transaction() as connection:
            connection.execute("UPDATE runs SET status = ? WHERE run_id = ?", (status, run_id))

    def run(self, run_id: str) -> Run:
        """Raises StoreError where there is none."""
        rows = self._workspace.rows("SELECT * FROM runs WHERE run_id = ?", run_id)
        if not rows:
            raise StoreError(f"no run {run_id!r} in {self._workspace.folder}")
        return _run(rows[0])

    def runs(self) -> list[Run]:
        """The oldest first."""
        return [_run(row) for row in self._workspace.rows("SELECT * FROM runs ORDER BY created, run_id")]

    def record(self, result: EvalResult) -> bool:
        """Keep a result, once: of a repetition the first counts. Whether it was the first."""
        with self._workspace.transaction() as connection:
            done = connection.execute(
                f"INSERT OR IGNORE INTO eval_results VALUES ({', '.join('?' * 12)})",
                (
                    result.run_id, result.arm, result.task_id, result.seed, result.fold, result.env_name,
                    result.success, result.reward, result.num_steps, result.num_invalid, result.tokens,
                    None if result.cost is None else str(result.cost),
                ),
            )  # fmt: skip
            return done.rowcount == 1

    def results(self, run_id: str, *, arm: str | None = None) -> list[EvalResult]:
        """By arm, task and seed."""
        rows = self._workspace.rows(
            "SELECT * FROM eval_results WHERE run_id = ? AND arm = ifnull(?, arm) "
            "ORDER BY arm, task_id, seed",
            run_id, arm,
        )  # fmt: skip
        return [_result(row) for row in rows]


def _run(row: sqlite3.Row) -> Run:
    return Run(
        run_id=row["run_id"], kind=row["kind"], domain=row["domain"], config=json.loads(row["config_json"]),
        manifest=json.loads(row["manifest_json"]), status=row["status"], parent_run=row["parent_run"],
    )  # fmt: skip


def _result(row: sqlite3.Row) -> EvalResult:
    return EvalResult(
        run_id=row["run_id"], arm=row["arm"], task_id=row["task_id"], seed=row["seed"], fold=row["fold"],
        env_name=row["env_name"], success=bool(row["success"]), reward=row["reward"],
        num_steps=row["num_steps"], num_invalid=row["num_invalid"], tokens=row["tokens"],
        cost=None if row["cost"] is None else Decimal(row["cost"]),
    )  # fmt: skip
