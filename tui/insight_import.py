"""Insights read from a file: what that would change, and the change."""

from dataclasses import dataclass
from pathlib import Path

from agents.errors import NimueError
from memory.insight_store import InsightStore
from memory.jsonl import read_insights
from memory.markdown import Document, apply_import, plan_import, read_document
from memory.workspace import Workspace

_MAX_TOLD = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPlan:
    """What reading the file would do."""

    document: Document
    num_changes: int
    told: str
    """As a question to the person."""


def plan_of(folder: Path, file: Path) -> ImportPlan:
    """Read the file and compare. Raises `NimueError` or `StoreError` if file or memory cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NimueError(f"{file} cannot be read: {error}.") from error
    document = read_insights(text) if file.suffix == ".jsonl" else read_document(text)
    with Workspace(folder) as workspace:
        store = InsightStore(workspace)
        known = {one.set_id for one in store.sets()}
        planned = plan_import(store.insights(document.set_id) if document.set_id in known else (), document)
    changes = [one for one in planned if one.action != "same"]
    lines = [f"{one.action} {one.written.text}" for one in changes[:_MAX_TOLD]]
    more = f"\n... and {len(changes) - _MAX_TOLD} more" if len(changes) > _MAX_TOLD else ""
    told = f"{len(changes)} changes to the set {document.set_id}:\n" + "\n".join(lines) + more
    return ImportPlan(document=document, num_changes=len(changes), told=told)


def apply_file(folder: Path, plan: ImportPlan) -> None:
    """Carry the plan out. Raises `StoreError` if another program writes to the memory."""
    with Workspace(folder) as workspace:
        apply_import(InsightStore(workspace), plan.document, set_id=plan.document.set_id)
