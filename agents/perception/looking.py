"""The way in: pictures by name, and how they are going to be looked at by the model at hand."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import BinaryIO

from agents.errors import NimueError
from agents.llm.names import PROVIDERS, ModelName
from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.limits import USUAL, Limits
from backends.vision.pictures.picture import Picture
from backends.vision.pictures.places import load_picture

MOST_PICTURES = 20


class Way(StrEnum):
    """How pictures reach a model."""

    SENT = "sent"
    """As pictures, to a model with eyes."""
    READ = "read"
    """As the text that was read in them."""


def way_for(model: ModelName, *, read: bool = False, projector: bool = False) -> Way:
    """How pictures reach this model; `read` asks for their text only, whatever the model."""
    if read:
        return Way.READ
    return Way.SENT if PROVIDERS[model.provider].takes_pictures or projector else Way.READ


async def load_pictures(
    places: Sequence[str], *, stdin: BinaryIO, page: int = 1, limits: Limits = USUAL
) -> list[Picture]:
    """Read all pictures, in order.

    Raises:
        NimueError: One of them cannot be had or read, or there are none or too many.
    """
    if not places:
        raise NimueError('Name a picture, for example: nimue see photo.jpg "What does the sign say?"')
    if len(places) > MOST_PICTURES:
        raise NimueError(f"{len(places)} pictures at once are too many; at most {MOST_PICTURES}.")
    try:
        return [await load_picture(place, stdin=stdin, page=page, limits=limits) for place in places]
    except PictureError as error:
        raise NimueError(str(error)) from error
