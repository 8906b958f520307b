"""Texts of others as lines that may be shown: cleaned of everything that is no character, indents kept."""

from agents.cli.table_text import plain


def visible(line: str) -> str:
    """One line with its indent, cleaned."""
    spread = line.expandtabs(4)
    return " " * (len(spread) - len(spread.lstrip(" "))) + plain(spread)


def visible_lines(text: str) -> list[str]:
    """Every line of a text, cleaned; a text without any is one empty line."""
    return [visible(line) for line in text.splitlines()] or [""]
