"""The systems of the laboratory under their headings, each with its jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from agents.cli.table_text import plain
from backends.lab.contract import Job, System
from tui.lab_cards import Order, grouped, holds


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a node: a system, or one of its jobs."""

    system: System
    job: Job[Any, Any] | None = None


class SystemTree(Tree[Entry | None]):
    """Shows those systems whose cards hold all the words of a filter."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Open")]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("systems", id=id)
        self.show_root = False
        self.guide_depth = 2

    def show(self, systems: Sequence[System], order: Order, words: Sequence[str]) -> int:
        """Fill the tree anew and answer how many systems it shows; a filter opens what it finds."""
        self.clear()
        shown = [system for system in systems if holds(system, words)]
        headings: dict[tuple[str, ...], TreeNode[Entry | None]] = {(): self.root}
        for group in grouped(shown, order):
            for depth in range(1, len(group.path) + 1):
                path = group.path[:depth]
                if path not in headings:
                    label = Text(path[-1], style="bold")
                    headings[path] = headings[path[:-1]].add(label, expand=True)
            for system in group.systems:
                node = headings[group.path].add(Text(plain(system.id)), Entry(system), expand=bool(words))
                for job in system.jobs:
                    node.add_leaf(Text(job.name), Entry(system, job))
        self.root.expand()
        return len(shown)

    def go_to_first(self) -> TreeNode[Entry | None] | None:
        """Put the cursor on the first system, if there is one, and answer its node."""
        for line in range(self.last_line + 1):
            node = self.get_node_at_line(line)
            if node is not None and node.data is not None:
                self.cursor_line = line
                return node
        return None
