"""A page of a docstore, and how a title is recognised."""

import re
import unicodedata
from dataclasses import dataclass

_BLANKS = re.compile(r"\s+")
_NAMESAKES = re.compile(r"\bmay (also )?refer to ?:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What an encyclopedia says under one title."""

    title: str
    paragraphs: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    """Other names that lead here, redirects among them."""

    @property
    def lists_namesakes(self) -> bool:
        """It only tells several things of one name apart."""
        return bool(self.paragraphs) and _NAMESAKES.search(self.paragraphs[0]) is not None


def title_key(title: str) -> str:
    """The form in which titles are compared: case, white space and how accents are coded do not matter."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", title)).strip().casefold()
