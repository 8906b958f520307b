"""A table whose columns are as wide as what stands in them, from the first moment it is seen."""

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import DataTable


class FittedTable(DataTable[Text]):
    """Filled at one go, widths and all: left to itself a table may measure before it has its rows."""

    def fill(self, titles: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        """Show these rows and no others; the cursor stays at its place where there still is one."""
        place = self.cursor_row
        self.clear(columns=True)
        for number, title in enumerate(titles):
            self.add_column(Text(title), width=max([len(title), *(row[number].cell_len for row in rows)]))
        self.add_rows(rows)
        if 0 < place < len(rows):
            self.move_cursor(row=place)
