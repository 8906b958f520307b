"""FEVER's own files: claims, one JSON object a line, beside the Wikipedia pages that the user brings.

A folder holds one file of claims (such as `paper_dev.jsonl`) and the pages as `wiki-pages/*.jsonl`, which is
how they are published, or as `pages.jsonl` in our own form. All pages are held in memory.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from games.errors import GameError
from games.text.docstore.page_files import first_fault, numbered_lines, read_pages
from games.text.docstore.pages import Page
from games.text.docstore.store import Docstore

PAGES_FILE, PAGES_FOLDER = "pages.jsonl", "wiki-pages"
_REFERENCE_RANGE, _REFERENCE_SEED = 7405, 233
"""ExpeL takes the first hundred of `range(7405)` shuffled by `Random(233)`."""


class PublishedClaim(BaseModel):
    """One line; the evidence is not used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: int | str
    claim: str
    label: Literal["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"]


def read_claims(path: Path) -> tuple[PublishedClaim, ...]:
    """Read `paper_dev.jsonl` or a file of its form.

    Raises:
        GameError: it cannot be read or a line is not a labelled claim; the message names the line.
    """
    claims: list[PublishedClaim] = []
    seen: dict[str, int] = {}
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        try:
            claim = PublishedClaim.model_validate(json.loads(line))
        except json.JSONDecodeError as error:
            raise GameError(f"{where}: not JSON ({error})") from error
        except ValidationError as error:
            raise GameError(f"{where}: not a labelled claim ({first_fault(error)})") from error
        if str(claim.id) in seen:
            raise GameError(f"{where}: its id {claim.id} is that of line {seen[str(claim.id)]}")
        seen[str(claim.id)] = number
        claims.append(claim)
    if not claims:
        raise GameError(f"{path} holds no claims")
    return tuple(claims)


def in_reference_order(claims: tuple[PublishedClaim, ...]) -> tuple[PublishedClaim, ...]:
    """Those that ExpeL plays come first, where the file is long enough to hold them."""
    if len(claims) < _REFERENCE_RANGE:
        return claims
    order = list(range(_REFERENCE_RANGE))
    random.Random(_REFERENCE_SEED).shuffle(order)
    return (*(claims[place] for place in order), *claims[_REFERENCE_RANGE:])


def claim_file(data: Path) -> Path:
    """The one file of claims in a folder.

    Raises:
        GameError: it is no folder, or holds none or several.
    """
    if not data.is_dir():
        raise GameError(
            f"{data} is not a folder: FEVER needs one with claims (such as paper_dev.jsonl) and pages "
            f"({PAGES_FOLDER}/*.jsonl or {PAGES_FILE})"
        )
    found = [path for path in sorted(data.glob("*.jsonl")) if path.name != PAGES_FILE]
    if len(found) != 1:
        raise GameError(f"{data} holds {len(found)} files of claims (*.jsonl beside {PAGES_FILE}): leave one")
    return found[0]


def read_store(data: Path) -> Docstore:
    """The pages of a folder, each title once.

    Raises:
        GameError: there are none, or they cannot be read.
    """
    pages: dict[str, Page] = {}
    for page in _pages(data):
        pages.setdefault(page.title, page)
    if not pages:
        raise GameError(f"{data} has no pages: put them into {PAGES_FOLDER}/*.jsonl or {PAGES_FILE}")
    return Docstore(pages.values())


def _pages(data: Path) -> Iterator[Page]:
    single = data / PAGES_FILE
    for path in ([single] if single.exists() else []) + sorted((data / PAGES_FOLDER).glob("*.jsonl")):
        yield from read_pages(path)
