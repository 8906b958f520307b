"""What the memory screen shows, read at one go, and the changes that a person makes there.

Every reading opens the memory for reading only; every change takes its lock for a moment, so that a training
that writes to it is told apart from a broken file by the store's own message.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from agents.errors import NimueError
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.insight_edits import alike
from memory.insight_reports import Usefulness, audit, blame, changed_words, usefulness, why
from memory.insight_store import InsightSet, InsightStore, Logged
from memory.insights import Insight, active
from memory.records import Experience
from memory.workspace import FILE_NAME, Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class SetOfInsights:
    """One set with its insights, as the table lists them."""

    about: InsightSet
    insights: tuple[Insight, ...]
    num_events: int
    used: dict[str, Usefulness]
    """By insight: how the attempts ended that had it in their prompt."""


def has_memory(folder: Path) -> bool:
    return (folder / FILE_NAME).is_file()


def changed_at(folder: Path) -> float:
    """When the memory was last written to; 0 where there is none."""
    files = [folder / FILE_NAME, folder / f"{FILE_NAME}-wal"]
    return max((file.stat().st_mtime for file in files if file.exists()), default=0.0)


def read_sets(folder: Path) -> list[SetOfInsights]:
    """Every set. Raises `StoreError` if the memory cannot be read."""
    with Workspace(folder, read_only=True) as workspace:
        store = InsightStore(workspace)
        return [
            SetOfInsights(
                about=one,
                insights=store.insights(one.set_id),
                num_events=len(store.log(one.set_id)),
                used=usefulness(store, one.set_id),
            )
            for one in store.sets()
        ]


def life_of(folder: Path, set_id: str, insight: str) -> list[str]:
    """Who wrote, changed and voted on an insight, from what, where it was used, whose each sentence is."""
    with Workspace(folder, read_only=True) as workspace:
        store = InsightStore(workspace)
        lines = why(store, set_id, insight)
        blamed = blame(store, set_id, insight)
    lines += ["", "Each sentence, and the event that brought it in:"]
    return [*lines, *(f"  {one.sentence} (event {one.logged.seq}, {one.logged.actor})" for one in blamed)]


def history_of(folder: Path, set_id: str) -> list[str]:
    """Every operation on a set, the newest first."""
    with Workspace(folder, read_only=True) as workspace:
        log = InsightStore(workspace).log(set_id)
    return [_told(one) for one in reversed(log)]


def _told(one: Logged) -> str:
    event = one.event
    verdict = "" if event.accepted else f" rejected ({event.code})"
    text = changed_words(event.text_before or "", event.text_after or "")
    because = f" - {event.reason}" if event.reason else ""
    count = f"{event.delta:+d} = {event.count_after}"
    return (
        f"event {one.seq}  {one.actor} {event.op}{verdict} {event.insight_id or ''} {count}  {text}{because}"
    )


def differences_of(folder: Path, set_id: str, since: int) -> list[str]:
    """What has changed in a set since an event."""
    with Workspace(folder, read_only=True) as workspace:
        found = InsightStore(workspace).diff(set_id, since)
    lines = []
    for one in found:
        if one.before is None and one.after is not None:
            lines.append(f"+ ({one.after.count}) {one.after.text}")
        elif one.after is None and one.before is not None:
            lines.append(f"- ({one.before.count}) {one.before.text}")
        elif one.before is not None and one.after is not None:
            state = "" if one.before.state is one.after.state else f" {one.before.state} -> {one.after.state}"
            words = changed_words(one.before.text, one.after.text)
            lines.append(f"~ ({one.before.count} -> {one.after.count}{state}) {words}")
    return lines or ["No difference."]


def audit_of(folder: Path, set_id: str) -> list[str]:
    """How clean a set is."""
    with Workspace(folder, read_only=True) as workspace:
        store = InsightStore(workspace)
        found = audit(store, set_id)
        pairs = alike(store, set_id)
    faults = {name: value for name, value in asdict(found).items() if name != "num_insights"}
    lines = [f"{found.num_insights} insights"]
    for name, ids in faults.items():
        lines.append(f"{name.replace('_', ' '):18} {len(ids):>3}  {', '.join(ids)}")
    lines += [f"alike ({pair.similarity:.2f}): {pair.one.text} | {pair.other.text}" for pair in pairs]
    return lines


def prompt_of(found: SetOfInsights) -> list[str]:
    """What an agent that uses the set would be told of it. Raises `NimueError` for an unknown domain."""
    from agents.react.benchmarks import find_benchmark
    from agents.react.prompt import insights_block

    texts = [one.text for one in active(found.insights)]
    if not texts:
        return ["The set has no active insight, so an agent is told of none."]
    return insights_block(find_benchmark(found.about.domain), texts).splitlines()


def change(folder: Path, do: Callable[[InsightStore], object]) -> None:
    """Change the insights. Raises `StoreError` if another program writes there, or it cannot be."""
    if not has_memory(folder):
        raise StoreError(f"There is no memory in {folder} yet.")
    with Workspace(folder) as workspace:
        do(InsightStore(workspace))


def merged(store: InsightStore, set_id: str, kept: str, gone: str) -> None:
    """Join two insights into the first one."""
    from memory.insight_edits import merge

    merge(store, set_id, kept, gone)


def export_to(folder: Path, set_id: str, file: Path) -> None:
    """Write a set for people (markdown) or programs (.jsonl). Raises `NimueError` if the file is there."""
    from memory.jsonl import export_insights
    from memory.markdown import export_set

    if file.exists():
        raise NimueError(f"{file} exists: choose another name.")
    with Workspace(folder, read_only=True) as workspace:
        store = InsightStore(workspace)
        text = export_insights(store, set_id) if file.suffix == ".jsonl" else export_set(store, set_id)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NimueError(f"{file} cannot be written: {error.strerror}.") from error


def find_experiences(folder: Path, words: str) -> Sequence[Experience]:
    """The attempts whose task or steps hold every word, in any case."""
    wanted = words.lower().split()
    with Workspace(folder, read_only=True) as workspace:
        found = ExperienceStore(workspace).find()
    if not wanted:
        return found
    texts = ((one, f"{one.task}\n{one.text}\n{one.outcome} {one.arm} {one.domain}".lower()) for one in found)
    return [one for one, text in texts if all(word in text for word in wanted)]
