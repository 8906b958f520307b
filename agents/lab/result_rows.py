"""The tables in a job's result, as every screen shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def rows_by_name(result: Mapping[str, Any]) -> dict[str, Rows]:
    """Every list of rows that a result holds, but for its artifacts."""
    return {name: value for name, value in result.items() if name != "artifacts" and _is_rows(value)}


def titles_of(rows: Rows) -> tuple[str, ...]:
    """The names that occur in rows, as they come."""
    return tuple(dict.fromkeys(str(name) for row in rows for name in row))


def _is_rows(value: object) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(row, Mapping) for row in value)
