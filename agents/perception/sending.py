"""Pictures as messages for models that take them, planned so that no provider shrinks a piece silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from PIL import Image

from agents.errors import NimueError
from agents.llm.names import PROVIDERS, ModelName
from agents.llm.usage import Usage, cost_of
from agents.perception.prompt_files import prompt
from backends.vision.llava_uhd.hosted_plan import HostedPlan, plan_hosted
from backends.vision.llava_uhd.pieces import Box, Size
from backends.vision.llava_uhd.providers import HostedRule, rule_for
from backends.vision.pictures.content_cache import ContentCache
from backends.vision.pictures.encoding import Encoded, encode
from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.picture import Picture

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_WORDS_AROUND = 400  # tokens of instructions, labels and question
_ANSWER = 600  # tokens that an answer takes, for the estimate
_CHARACTERS_A_TOKEN = 4.5  # of English, at the most
_LEAST_OF_AN_IMAGE = 40  # tokens; no encoder makes fewer of a picture


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a request is going to take."""

    images: int
    tokens: int | None
    """Of the pictures; None where the model's rule is not known."""
    cost: Decimal | None
    """Dollars with the answer; None without a known price or rule."""


@dataclass(frozen=True, slots=True)
class _Labelled:
    text: str
    image: Image.Image


def plan_for_model(
    pictures: Sequence[Picture], model: ModelName, *, max_images: int | None, max_tokens: int | None
) -> list[HostedPlan]:
    """Plan all pictures of one request to a model. As `plan_sending`.

    A model that runs here cuts pictures up by its own rule, and is given each of them whole.
    """
    if PROVIDERS[model.provider].hosted:
        rule = rule_for(model.name)
        return plan_sending(pictures, rule, max_images=max_images, max_tokens=max_tokens)
    rule = rule_for(f"{model.provider}:")
    return plan_sending(pictures, rule, max_images=max_images or len(pictures), max_tokens=max_tokens)


def plan_sending(
    pictures: Sequence[Picture], rule: HostedRule, *, max_images: int | None, max_tokens: int | None
) -> list[HostedPlan]:
    """Plan all pictures of one request, which share what may be sent.

    Raises `NimueError` where not even an overview of each may be sent.
    """
    allowed = min(max_images or rule.most_images, rule.most_images)
    if len(pictures) > allowed:
        raise NimueError(
            f"{len(pictures)} pictures are more than the {allowed} that a request to this model may hold. "
            "Ask about fewer at a time."
        )
    share = allowed // len(pictures)
    tokens = None if max_tokens is None else max_tokens // len(pictures)
    plans = [plan_hosted(each.size, rule, max_images=share, max_tokens=tokens) for each in pictures]
    images = sum(planned.num_images for planned in plans)
    if rule.crowd is not None and images > rule.crowd and len(pictures) <= rule.crowd:
        # The provider shrinks images further in a crowd, so no picture may make one of it.
        share = rule.crowd // len(pictures)
        plans = [plan_hosted(each.size, rule, max_images=share, max_tokens=tokens) for each in pictures]
    return plans


def estimate(plans: Sequence[HostedPlan], model: ModelName, question: str) -> Estimate:
    """What asking about these pictures is going to take and cost."""
    counted = [planned.tokens for planned in plans]
    known = [tokens for tokens in counted if tokens is not None]
    images = sum(planned.num_images for planned in plans)
    if len(known) < len(counted):
        return Estimate(images, None, None)
    read = sum(known) + _WORDS_AROUND + len(question) // 3
    cost = cost_of(model, Usage(calls=1, input_tokens=read, output_tokens=_ANSWER))
    return Estimate(images, sum(known), cost)


SentPieces = tuple[tuple[str, Encoded], ...]
"""The pieces of one picture as files, each with the line that announces it."""


def piece_cache() -> ContentCache[SentPieces]:
    """A cache for whoever asks more than once about a picture: cutting and encoding a photo takes seconds."""
    return ContentCache(lambda pieces: sum(len(encoded.data) for _, encoded in pieces))


def messages_with(
    pictures: Sequence[Picture],
    plans: Sequence[HostedPlan],
    question: str,
    cache: ContentCache[SentPieces] | None = None,
) -> list[BaseMessage]:
    """Instructions, then every piece behind a line that says what it shows, then the question.

    Raises `NimueError` where the pieces are too large for one request.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    rule = plans[0].rule
    kept = cache or piece_cache()
    blocks: list[str | dict[str, Any]] = []
    total = 0
    for number, (picture, planned) in enumerate(zip(pictures, plans, strict=True), start=1):
        name = f"Picture {number}" if len(pictures) > 1 else "The picture"
        for text, encoded in kept.get(
            (picture.digest, planned, name), partial(_files, picture, planned, name)
        ):
            total += 4 * len(encoded.data) // 3
            blocks += [{"type": "text", "text": text}, _image_block(encoded, rule)]
    if total > rule.most_request_bytes:
        raise NimueError(
            f"The pieces make a request of {total / 1e6:.0f} MB; this model takes "
            f"{rule.most_request_bytes / 1e6:.0f} MB. Ask about fewer pictures, or lower --max-images."
        )
    blocks.append({"type": "text", "text": question})
    return [SystemMessage(prompt("from_pictures")), HumanMessage(blocks)]


def seem_dropped(messages: Sequence[BaseMessage], usage: Usage) -> bool:
    """Whether the server counted so few tokens that it can hardly have looked at the pictures.

    Some servers that speak a provider's protocol leave images out for a model without eyes, and say nothing.
    """
    text, images = 0, 0
    for message in messages:
        blocks = message.content if isinstance(message.content, list) else [message.content]
        for block in blocks:
            if isinstance(block, str):
                text += len(block)
            elif block["type"] == "text":
                text += len(block["text"])
            else:
                images += 1
    return 0 < usage.input_tokens < text / _CHARACTERS_A_TOKEN + _LEAST_OF_AN_IMAGE * images


def _files(picture: Picture, planned: HostedPlan, name: str) -> SentPieces:
    try:
        return tuple(
            (piece.text, encode(piece.image, most_bytes=planned.rule.most_image_bytes))
            for piece in _pieces(picture, planned, name)
        )
    except PictureError as error:
        raise NimueError(str(error)) from error


def _pieces(picture: Picture, planned: HostedPlan, name: str) -> list[_Labelled]:
    (width, height), (shown_width, shown_height) = picture.size, planned.overview_size
    whole = picture.image
    if planned.overview_size != picture.size:
        whole = whole.resize(planned.overview_size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if not planned.boxes:
        shrunk = "" if whole is picture.image else f", shown at {shown_width} x {shown_height}"
        return [_Labelled(f"{name}, {width} x {height} pixels{shrunk}:", whole)]
    columns, rows = planned.grid
    found = [
        _Labelled(
            f"{name}, {width} x {height} pixels: overview, shown at {shown_width} x {shown_height}. "
            f"{columns * rows} slices follow, {columns} across and {rows} down.",
            whole,
        )
    ]
    for place, box in enumerate(planned.boxes):
        row, column = divmod(place, columns)
        found.append(
            _Labelled(
                f"{name}, slice row {row + 1} of {rows}, column {column + 1} of {columns}: "
                f"x {box.left} to {box.right}, y {box.top} to {box.bottom}",
                _sent(picture.image, box, planned),
            )
        )
    return found


def _sent(image: Image.Image, box: Box, planned: HostedPlan) -> Image.Image:
    """A slice in the picture's own pixels, or where limits forced larger slices, as small as it is seen."""
    region = image.crop((box.left, box.top, box.right, box.bottom))
    seen: Size = planned.seen_size(box)
    return region if seen == box.size else region.resize(seen, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _image_block(encoded: Encoded, rule: HostedRule) -> dict[str, Any]:
    """An image in OpenAI's form, which LangChain turns into Anthropic's where it speaks that."""
    url: dict[str, str] = {"url": f"data:{encoded.media_type};base64,{encoded.base64}"}
    if rule.detail:
        url["detail"] = rule.detail
    return {"type": "image_url", "image_url": url}
