"""From a model's answer to the operations it asks for.

`read_paper` finds what the parser of the ExpeL authors' code finds, oddities included; `read_strict` reads
line by line, takes the synonyms that models use, and never loses part of a text.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from memory.insights import Op

_SYNONYMS = {
    Op.ADD: ("add", "new", "create", "insert"),
    Op.EDIT: ("edit", "modify", "update", "rewrite", "revise", "replace"),
    Op.AGREE: ("agree", "upvote", "keep", "confirm", "support", "endorse"),
    Op.REMOVE: ("remove", "downvote", "disagree", "delete", "drop"),
}
_VERBS = {verb: op for op, verbs in _SYNONYMS.items() for verb in verbs}
_TARGET = r"(?:[0-9]{1,9}|(?<=\s)-[0-9]{1,9}|I-[0-9A-Z]+)"
_HEAD = re.compile(
    rf"^[*_]*(?P<verb>{'|'.join(_VERBS)})\b[*_]*\s*(?:rules?\b|insights?\b)?\s*\#?"
    rf"(?P<targets>\s*{_TARGET}(?:\s*(?:,|&|\band\b)\s*\#?{_TARGET})*)?[*_\s]*"
    r"(?:(?P<mark>[:.\-–—])[*_]*\s*(?P<text>.*))?$",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^(?:[-*•+]\s+|#+\s+|[0-9]{1,9}[.)]\s*|\([0-9]{1,9}\)\s*)*")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "\u00a0": " "})
_ENDED = re.compile(r"[.!?…]['\")\]]*$")

# KEY, perhaps a number, a colon and a blank, perhaps a label that may run over lines, the rest of the line.
_PAPER = re.compile(r"(REMOVE|EDIT|ADD|AGREE)(?: (\d+))?: (?:[a-zA-Z\s\d]+: )?(.*)")
_OUT_OF_RANGE = 10**9
_PAPER_BANNED = ("ADD", "AGREE", "EDIT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What an answer asks for."""

    op: Op
    number: int | None = None
    """Place in the list that the model was shown, from 1."""
    insight_id: str | None = None
    text: str = ""
    reason: str = ""
    cut_off: bool = False
    """Whether the answer ran out of tokens in the middle of this text."""


_LONGEST_TEXT = 400
"""Characters, for models that are held to the schema: a small one that begins to repeat itself has no end."""


class ProposedOperation(BaseModel):
    """One change to the list of insights."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    op: Literal["ADD", "EDIT", "AGREE", "REMOVE"] = Field(
        description="ADD a different insight; EDIT one into a better text; AGREE that one is important; "
        "REMOVE one that is wrong or said twice."
    )
    number: int | None = Field(None, description="Number of the insight in the list; none for ADD.")
    id: str | None = Field(None, description="Id of the insight, if ids were shown.")
    text: Annotated[str, Field(json_schema_extra={"maxLength": _LONGEST_TEXT})] | None = Field(
        None, description="Full text of the insight, for ADD and EDIT."
    )
    reason: str = Field("", description="Why, in a few words.")


class ProposedOperations(BaseModel):
    """At most four changes to the list of insights, at most one for each insight."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ops: list[ProposedOperation] = Field(
        default_factory=list, description="The changes.", json_schema_extra={"maxItems": 4}
    )

    def operations(self) -> tuple[Operation, ...]:
        return tuple(
            Operation(
                op=Op(asked.op),
                number=asked.number,
                insight_id=asked.id.upper() if asked.id else None,
                text=finished(_clean(asked.text or "")),
                reason=_clean(asked.reason),
            )
            for asked in self.ops
        )


def read_paper(answer: str) -> tuple[Operation, ...]:
    """What the authors' code reads (spec B.4.2)."""
    found = []
    for key, digits, rest in _PAPER.findall(_encodable(answer)):
        text = rest.strip()
        if not text.endswith(".") or any(word in text for word in _PAPER_BANNED):
            continue
        number = min(int(digits[:4000]), _OUT_OF_RANGE) if digits and key != "ADD" else None
        found.append(Operation(op=Op(key), number=number, text=text))
    return tuple(found)


def read_strict(answer: str, *, finish_reason: str = "stop") -> tuple[Operation, ...]:
    """One operation a line, with the lines that go on with its text (spec C.4)."""
    blocks: list[tuple[re.Match[str], list[str]]] = []
    open_block = False
    for raw in answer.splitlines():
        line = _LEADING.sub("", _clean(raw.replace("**", "").replace("__", "").replace("`", "")))
        if not line or line.startswith(">"):  # a quotation is no order
            open_block = False
        elif (head := _HEAD.match(line)) and _is_operation(head):
            blocks.append((head, [head["text"] or ""]))
            open_block = True
        elif open_block:
            blocks[-1][1].append(line)
    operations: list[Operation] = []
    for place, (head, lines) in enumerate(blocks, start=1):
        text = _clean(" ".join(lines))
        cut_off = finish_reason == "length" and place == len(blocks) and not _ENDED.search(text)
        operations += _expanded(head, finished(text), cut_off=cut_off)
    return tuple(operations)


def finished(text: str) -> str:
    """The text with a full stop, where it has no end of its own."""
    return text if not text or _ENDED.search(text) else f"{text}."


def _is_operation(head: re.Match[str]) -> bool:
    """Without a mark after it only a bare vote (`AGREE 1, 2`) is meant; else it is a sentence."""
    op = _VERBS[head["verb"].lower()]
    return bool(head["mark"]) or (bool(head["targets"]) and op in (Op.AGREE, Op.REMOVE))


def _expanded(head: re.Match[str], text: str, *, cut_off: bool) -> list[Operation]:
    """`AGREE 1, 2` is two votes; a text beside several numbers belongs to none of them."""
    op = _VERBS[head["verb"].lower()]
    targets = re.findall(r"I-[0-9A-Z]+|-?[0-9]+", (head["targets"] or "").upper())
    if op is Op.ADD or not targets:
        return [Operation(op=op, text=text, cut_off=cut_off)]
    if op is Op.EDIT:
        targets = targets[:1]
    return [
        Operation(
            op=op,
            number=None if target.startswith("I-") else int(target),
            insight_id=target if target.startswith("I-") else None,
            text=text if len(targets) == 1 else "",
            cut_off=cut_off,
        )
        for target in targets
    ]


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", _encodable(text)).translate(_QUOTES).split())


def _encodable(text: str) -> str:
    """Lone surrogates, which no file can hold, become question marks; null characters go."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
