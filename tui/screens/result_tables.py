"""A result in full: each of its tables, to scroll through and to copy."""

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from agents.cli.table_text import plain
from tui.lab_panels import Table
from tui.messages import Copy
from tui.screens.nimue_screen import NimueScreen
from tui.widgets.fitted_table import FittedTable
from tui.widgets.key_footer import KeyFooter


class ResultTablesScreen(NimueScreen[None]):
    """Tables under each other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("c", "copy", "Copy as tab-separated text"),
    ]

    def __init__(self, title: str, tables: Mapping[str, Table]) -> None:
        super().__init__()
        self._title = title
        self._tables = tables

    def compose(self) -> ComposeResult:
        yield Static(Text(f" {plain(self._title)}", style="bold"), classes="title")
        for name in self._tables:
            with Vertical(classes="box grow") as box:
                box.border_title = Content(plain(name).replace("_", " "))
                yield FittedTable(cursor_type="row", classes="scrolls")
        yield KeyFooter()

    def on_mount(self) -> None:
        tables = list(self.query(FittedTable))
        for table, (titles, rows) in zip(tables, self._tables.values(), strict=True):
            table.fill(titles, [[Text(cell) for cell in row] for row in rows])
        if tables:
            tables[0].focus()

    def action_copy(self) -> None:
        parts = [
            "\n".join("\t".join(row) for row in (titles, *rows)) for titles, rows in self._tables.values()
        ]
        self.post_message(Copy("\n\n".join(parts), "the tables"))
