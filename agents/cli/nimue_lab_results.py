"""What a job came to, for a person: its figures, its tables, its files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.cli.table_text import plain
from agents.lab.result_rows import Rows, rows_by_name, titles_of

if TYPE_CHECKING:
    from agents.lab.runs import LabRun

MOST_ROWS = 40
WIDTH_OF_A_FILE = 200  # columns, where the output is no terminal that says how wide it is


def print_result(run: LabRun, metrics: Mapping[str, float], result: Mapping[str, Any]) -> None:
    """Print the metrics, every table of the result, and where its files lie."""
    for name, value in metrics.items():
        print(f"{name:24} {value:.6g}")
    for name, rows in rows_by_name(result).items():
        print(f"\n{name}:")
        print_rows(rows[:MOST_ROWS])
        if len(rows) > MOST_ROWS:
            print(f"and {len(rows) - MOST_ROWS} more rows in {run.folder.path / 'result.json'}")
        print()
    for artifact in result["artifacts"]:
        print(f"{run.folder.artifacts / artifact['path']}: {artifact['caption']}")


def print_rows(rows: Rows) -> None:
    """Print rows under the names that occur in them; a dash stands for what a row lacks."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    titles = titles_of(rows)
    for title in titles:
        words = any(isinstance(row.get(title), str) for row in rows)
        table.add_column(Text(plain(title)), justify="left" if words else "right")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(title))) for title in titles))
    width = None if sys.stdout.isatty() else WIDTH_OF_A_FILE
    Console(highlight=False, width=width).print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else plain(str(value))
