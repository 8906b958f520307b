"""`nimue see`: ask about pictures of any size and shape, or see how they would be cut into slices."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from agents.errors import NimueError

Flag = Annotated[bool, Parameter(negative="")]
_PLAN = Group("Slices", sort_key=1)
_MODEL = Group("The model", sort_key=2)
_PICTURE_ENDINGS = (
    ".avif", ".bmp", ".gif", ".heic", ".jpeg", ".jpg", ".pdf", ".png", ".svg", ".tif", ".tiff", ".webp",
)  # fmt: skip


def see(
    *words: Annotated[str, Parameter(allow_leading_hyphen=True)],
    question: Annotated[str | None, Parameter(alias="-q")] = None,
    page: int = 1,
    read: Flag = False,
    allow_private: Flag = False,
    json: Flag = False,
    explain: Annotated[Flag, Parameter(group=_PLAN)] = False,
    draw: Annotated[Path | None, Parameter(group=_PLAN)] = None,
    rule: Annotated[str | None, Parameter(group=_PLAN)] = None,
    max_images: Annotated[int | None, Parameter(group=_PLAN)] = None,
    max_picture_tokens: Annotated[int | None, Parameter(group=_PLAN)] = None,
    model: Annotated[str | None, Parameter(group=_MODEL)] = None,
    projector: Annotated[Path | None, Parameter(group=_MODEL)] = None,
    ask_above: Annotated[Decimal, Parameter(group=_MODEL)] = Decimal("0.05"),
    yes: Annotated[Flag, Parameter(group=_MODEL)] = False,
) -> int:
    """Look at pictures and answer a question about them.

    PICTURE... "QUESTION": pictures are paths, http(s) addresses or - for standard input; JPEG, PNG, WebP,
    GIF, TIFF, AVIF and PDF. A model with eyes is sent the picture in slices that its provider shrinks not
    once. Without a key the text in the picture is read on this machine, and a small model answers from
    that. Without a question the text is printed, or a model with eyes says what it sees.

    Args:
        words: Pictures, and as the last word the question.
        question: The question, if it is not the last word.
        page: Page of a PDF or TIFF.
        read: Only read the text, also where the model could be sent the picture.
        allow_private: Fetch pictures from this machine and the local network too.
        json: Print one JSON object and nothing else.
        explain: Show the slices: in the terminal and, drawn on the picture, as PNG. Ask only if there is a
            question.
        draw: Where --explain puts the PNG (default: NAME.slices.png in this folder).
        rule: Explain another slicing rule: exact (the paper's), release, march-24, minicpm-v-2.6,
            minicpm-v-4.6, or a hosted model's name such as claude-haiku-5-5.
        max_images: Send at most so many images in all.
        max_picture_tokens: Let the pictures take at most so many tokens in all.
        model: provider:model (default: NIMUE_MODEL, a key in the environment, else the embedded model).
        projector: The vision half (mmproj GGUF) of a local model, which then sees pictures itself.
        ask_above: Ask first where a request is estimated to cost more dollars than this.
        yes: Do not ask.
    """
    from agents.cli.see_session import Asked, run_see

    places, asked = _told_apart(words, question)
    return run_see(
        Asked(
            places=places,
            question=asked,
            page=page,
            read=read,
            allow_private=allow_private,
            json=json,
            explain=explain or draw is not None or rule is not None,
            draw=draw,
            rule=rule,
            max_images=max_images,
            max_picture_tokens=max_picture_tokens,
            model=model,
            projector=projector,
            ask_above=ask_above,
            yes=yes,
        ),
        sys.stdin.buffer,
    )


def _told_apart(words: tuple[str, ...], question: str | None) -> tuple[tuple[str, ...], str]:
    """Pictures and question: the last of several words is the question unless it can only be a picture.

    Raises:
        NimueError: A word looks like an option that does not exist.
    """
    for word in words:
        if word.startswith("-") and word != "-" and not any(map(str.isspace, word)):
            raise NimueError(f"Unknown option: {word}. See nimue see --help.")
    if question is not None or len(words) < 2 or _names_a_picture(words[-1]):
        return words, (question or "").strip()
    return words[:-1], words[-1].strip()


def _names_a_picture(word: str) -> bool:
    from backends.vision.pictures.errors import PictureError
    from backends.vision.pictures.places import path_of, without_wrapping

    try:
        place = without_wrapping(word)
        if place == "-" or place.lower().startswith(("http://", "https://", "file://", "data:")):
            return True
        ends_like_one = place.lower().endswith(_PICTURE_ENDINGS)
        return path_of(place).is_file() or (ends_like_one and not any(map(str.isspace, place)))
    except (PictureError, OSError):
        return False
