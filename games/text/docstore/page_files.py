"""Pages from files: one JSON object a line, our own form or that of FEVER's Wikipedia.

Our form is `{"title": ..., "text": ... or "paragraphs": [...], "aliases": [...], "redirects": [...]}`; blank
lines part the paragraphs of a text. FEVER's is `{"id": "Town_-LRB-film-RRB-", "text": ..., "lines": ...}`.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from games.errors import GameError
from games.text.docstore.pages import Page

_BLANK_LINE = re.compile(r"\n\s*\n")
_TOKENS = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    "-COLON-": ":",
}
_TOKEN = re.compile("|".join(_TOKENS))

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _PageLine(BaseModel):
    """A line of our own form."""

    model_config = ConfigDict(extra="ignore")

    title: Title
    text: str = ""
    paragraphs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> "_PageLine":
        if not (self.text.strip() or any(paragraph.strip() for paragraph in self.paragraphs)):
            raise ValueError("neither text nor paragraphs say anything")
        return self


class _FeverLine(BaseModel):
    """A line of FEVER's `wiki-pages`."""

    model_config = ConfigDict(extra="ignore")

    id: str
    text: str


def read_pages(path: Path) -> Iterator[Page]:
    """The pages of a file, in its order.

    Raises:
        GameError: the file cannot be read, or a line is not a page; the message names the line.
    """
    for number, line in numbered_lines(path):
        page = _read_page(line, f"{path}, line {number}")
        if page is not None:
            yield page


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, counted from 1.

    Raises:
        GameError: the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise GameError(f"{path} cannot be read: {error}") from error


def first_fault(error: ValidationError) -> str:
    """What the first thing wrong is and where, in one line."""
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else fault["msg"]


def _read_page(line: str, where: str) -> Page | None:
    try:
        fields = json.loads(line)
        if isinstance(fields, dict) and "title" not in fields and "id" in fields:
            return _fever_page(_FeverLine.model_validate(fields))
        return _own_page(_PageLine.model_validate(fields))
    except json.JSONDecodeError as error:
        raise GameError(f"{where}: not JSON ({error})") from error
    except ValidationError as error:
        raise GameError(
            f"{where}: not a page ({first_fault(error)}): write {{'title': ..., 'text': ...}}"
        ) from error


def _own_page(line: _PageLine) -> Page:
    paragraphs = line.paragraphs or tuple(_BLANK_LINE.split(line.text))
    stripped = tuple(paragraph.strip() for paragraph in paragraphs if paragraph.strip())
    return Page(title=line.title, paragraphs=stripped, aliases=(*line.aliases, *line.redirects))


def _fever_page(line: _FeverLine) -> Page | None:
    """None for the entries without text, of which the published files have some thousands."""
    text = _plain(line.text).strip()
    if not line.id or not text:
        return None
    return Page(title=_plain(line.id.replace("_", " ")), paragraphs=(text,))


def _plain(text: str) -> str:
    """Brackets and quotation marks instead of the treebank's names for them, accents as people type them."""
    signs = _TOKEN.sub(lambda token: _TOKENS[token[0]], text).replace("``", '"').replace("''", '"')
    return unicodedata.normalize("NFC", signs)
