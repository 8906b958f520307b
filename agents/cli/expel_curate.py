"""`expel insights` edit, vote, pin ...: changes by people. Each is an event and can be reverted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agents.cli.avalon_play import Flag
from agents.cli.expel_insights import MEMORY, InsightName, Memory, SetName, named, writing
from agents.errors import NimueError


def add(set_: SetName, text: str, *, memory: Memory = MEMORY, reason: str = "") -> None:
    """Add an insight.

    Args:
        text: The insight, in a sentence or two.
        reason: Why; kept in the log.
    """
    with writing(memory) as store:
        print(store.add(set_, text, reason=reason))


def edit(
    set_: SetName, insight: InsightName, text: str, *, memory: Memory = MEMORY, reason: str = ""
) -> None:
    """Give an insight another text; its id stays.

    Args:
        text: The whole new text.
        reason: Why; kept in the log.
    """
    with writing(memory) as store:
        store.edit(set_, named(store, set_, insight), text, reason=reason)


def vote(
    set_: SetName, insight: InsightName, delta: int, *, memory: Memory = MEMORY, reason: str = ""
) -> None:
    """Raise or lower the importance of an insight.

    Args:
        delta: By how much: 1 or -1, or more.
        reason: Why; kept in the log.
    """
    with writing(memory) as store:
        store.vote(set_, named(store, set_, insight), delta, reason=reason)


def pin(set_: SetName, insight: InsightName, *, memory: Memory = MEMORY, off: Flag = False) -> None:
    """Keep models from editing or dropping an insight.

    Args:
        off: Let them again.
    """
    with writing(memory) as store:
        name = named(store, set_, insight)
        if off:
            store.unpin(set_, name)
        else:
            store.pin(set_, name)


def archive(set_: SetName, insight: InsightName, *, memory: Memory = MEMORY, reason: str = "") -> None:
    """Take an insight out of the prompts; `restore` brings it back.

    Args:
        reason: Why; kept in the log.
    """
    with writing(memory) as store:
        store.archive(set_, named(store, set_, insight), reason=reason)


def restore(set_: SetName, insight: InsightName, *, memory: Memory = MEMORY, reason: str = "") -> None:
    """Bring an insight back from the archive or out of the quarantine.

    Args:
        reason: Why; kept in the log.
    """
    with writing(memory) as store:
        store.restore(set_, named(store, set_, insight), reason=reason)


def merge(
    set_: SetName, kept: InsightName, gone: InsightName, *, memory: Memory = MEMORY, text: str | None = None
) -> None:
    """Join two insights into the first; the second goes to the archive.

    Args:
        text: The joint text (default: the first one's).
    """
    from memory.insight_edits import merge as joined

    with writing(memory) as store:
        joined(store, set_, named(store, set_, kept), named(store, set_, gone), text=text)


def split(set_: SetName, insight: InsightName, *text: str, memory: Memory = MEMORY) -> None:
    """Take an insight apart into two or more.

    Args:
        text: The text of each part.
    """
    from memory.insight_edits import split as parted

    with writing(memory) as store:
        for name in parted(store, set_, named(store, set_, insight), text):
            print(name)


def revert(set_: SetName, event: int, *, memory: Memory = MEMORY) -> None:
    """Undo one event by a new one.

    Args:
        event: Its number in `expel insights log`.
    """
    with writing(memory) as store:
        store.revert(set_, event)


def delete(set_: SetName, insight: InsightName, *, memory: Memory = MEMORY, yes: Flag = False) -> None:
    """Delete an insight and every text it ever had, for good. (`archive` only hides it.)

    Args:
        yes: Do it.
    """
    with writing(memory) as store:
        name = named(store, set_, insight)
        if not yes:
            raise NimueError(f"{name} would be deleted for good, with its history: add --yes.")
        store.delete(set_, name)


def import_(file: Path, *, memory: Memory = MEMORY, set_: str | None = None, apply: Flag = False) -> None:
    """Read a file that `export` wrote. Says what would change; --apply does it.

    Args:
        file: A markdown or .jsonl file.
        set_: The set to import into (default: the one the file names; made if need be).
        apply: Carry out the plan.
    """
    from memory.insight_store import InsightStore
    from memory.jsonl import read_insights
    from memory.markdown import apply_import, plan_import, read_document
    from memory.workspace import Workspace

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NimueError(f"{file} cannot be read: {error}.") from error
    document = read_insights(text) if file.suffix == ".jsonl" else read_document(text)
    with Workspace(memory) as workspace:
        store = InsightStore(workspace)
        target = set_ or document.set_id
        known = {one.set_id for one in store.sets()}
        planned = plan_import(store.insights(target) if target in known else (), document)
        for one in planned:
            meets = f" -> {one.target}" if one.target else ""
            print(f"{one.action:7}{meets} {one.written.text}")
        if apply:
            apply_import(store, document, set_id=target)
    changes = sum(one.action != "same" for one in planned)
    print(f"{changes} changes to set {target}{'' if apply or not changes else ': add --apply to make them'}.")


def rebuild(*, env: str, memory: Memory = MEMORY, embedder: str = "minilm") -> None:
    """Mend a damaged memory: save what can be read, and make index and lists anew from the log of record.

    Args:
        env: The environment whose index is made anew.
        embedder: minilm or hash, as the memory was filled.
    """
    from agents.llm.model_files import models_folder
    from memory.embedders import open_embedder
    from memory.opening import rebuild_memory

    rebuilt = rebuild_memory(memory, env, open_embedder(embedder, models_folder() / "all-minilm-l6-v2"))
    if rebuilt.salvaged is not None:
        saved = rebuilt.salvaged
        print(f"The file was damaged; it lies at {saved.set_aside} now. Saved: {saved.rows}.")
        for table in saved.damaged:
            print(f"  not all of {table} could be read")
        for name in saved.dropped:
            print(f"  attempt {name} is lost")
    print(f"The index holds {rebuilt.num_documents} documents.")
    for set_id, wrong in rebuilt.insights.items():
        print(f"{set_id}: {'; '.join(wrong) if wrong else 'in order'}")


COMMANDS: dict[str, Callable[..., None]] = {
    "add": add,
    "edit": edit,
    "vote": vote,
    "pin": pin,
    "archive": archive,
    "restore": restore,
    "merge": merge,
    "split": split,
    "revert": revert,
    "delete": delete,
    "import": import_,
    "rebuild": rebuild,
}
