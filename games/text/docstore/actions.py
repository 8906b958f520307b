"""The three actions over a docstore, as they are typed."""

import re
from dataclasses import dataclass
from typing import Literal

Verb = Literal["search", "lookup", "finish"]

_FORM = re.compile(r"\s*(search|lookup|finish)\s*\[(.*)\]\s*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class DocstoreAction:
    verb: Verb
    argument: str


def parse_action(text: str) -> DocstoreAction | None:
    """Read `Search[title]` and the like, in any case; None for everything else and for empty brackets."""
    match = _FORM.fullmatch(text)
    if match is None or not match[2].strip():
        return None
    argument = " ".join(match[2].split())
    match match[1].lower():
        case "search":
            return DocstoreAction("search", argument)
        case "lookup":
            return DocstoreAction("lookup", argument)
        case _:
            return DocstoreAction("finish", argument)
