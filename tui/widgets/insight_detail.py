"""What is asked about a set of insights: why one is there, history, audit, the prompt, a difference."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.worker import get_current_worker

from agents.cli.table_text import plain
from agents.errors import NimueError
from memory.errors import StoreError
from memory.insights import Insight
from tui.insight_shelf import SetOfInsights
from tui.widgets.text_panel import TextPanel

Detail = Literal["why", "history", "audit", "prompt"]
_TITLES: dict[Detail, str] = {
    "why": "Why it is there",
    "history": "History of the set, newest first",
    "audit": "How clean the set is",
    "prompt": "What an agent is told",
}


class InsightDetail(Vertical):
    """Reads the answer off the screen's thread; the question stays until another one is asked."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.asked: Detail = "why"

    def compose(self) -> ComposeResult:
        yield TextPanel(id="detail")

    def ask(self, folder: Path, found: SetOfInsights | None, chosen: Insight | None) -> None:
        """Answer the question about this set and insight of the memory in `folder`."""
        self.border_title = _TITLES[self.asked]
        if found is not None:
            self._read(folder, found, chosen, self.asked)

    def tell(self, title: str, lines: Sequence[str]) -> None:
        """Show these lines."""
        self.border_title = title
        self._show(lines)

    @work(thread=True, exclusive=True, group="detail")
    def _read(self, folder: Path, found: SetOfInsights, chosen: Insight | None, detail: Detail) -> None:
        from tui import insight_shelf

        set_id = found.about.set_id
        try:
            match detail:
                case "why" if chosen is not None:
                    lines = [chosen.text, "", *insight_shelf.life_of(folder, set_id, chosen.id)]
                case "why":
                    lines = ["The set is empty."]
                case "history":
                    lines = insight_shelf.history_of(folder, set_id)
                case "audit":
                    lines = insight_shelf.audit_of(folder, set_id)
                case "prompt":
                    lines = insight_shelf.prompt_of(found)
        except (StoreError, NimueError) as error:
            lines = [str(error)]
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show, lines)

    def _show(self, lines: Sequence[str]) -> None:
        if self.is_attached:
            self.query_one(TextPanel).tell([_paragraph(line) for line in lines])


def _paragraph(line: str) -> Text:
    indent = "  " if line.startswith("  ") else ""
    return Text(indent + plain(line))
