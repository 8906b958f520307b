"""Sentences of a paragraph, by punctuation: what a sentence-wise environment shows and searches."""

import re

_ENDS = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]?[A-Z0-9])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|Gen|Col|Lt|Capt|Sgt|Rev|No|vs|approx|ca|c|b|d|e\.g|i\.e)\.)$"
)


def sentences(paragraph: str) -> tuple[str, ...]:
    """Cut where a sentence ends, not after initials and common abbreviations."""
    found: list[str] = []
    begin = 0
    for end in _ENDS.finditer(paragraph):
        piece = paragraph[begin : end.start()]
        if not _ABBREVIATED.search(piece):
            found.append(paragraph[begin : end.end()].strip())
            begin = end.end()
    found.append(paragraph[begin:].strip())
    return tuple(sentence for sentence in found if sentence)
