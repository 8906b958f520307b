"""What is sent to models with eyes: within limits, labelled, and never shrunk silently."""

import base64
import io
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agents.errors import NimueError
from agents.llm.names import ModelName
from agents.llm.usage import Usage
from agents.perception.looking import MOST_PICTURES, Way, load_pictures, way_for
from agents.perception.sending import (
    estimate,
    messages_with,
    piece_cache,
    plan_for_model,
    plan_sending,
    seem_dropped,
)
from backends.vision.llava_uhd.providers import rule_for
from backends.vision.pictures.encoding import Encoded, encode
from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.picture import Picture

CLAUDE = rule_for("claude-opus-4-5")


def picture(size: tuple[int, int]) -> Picture:
    return Picture(image=Image.new("RGB", size, "white"), name="a.png", kind="PNG", stored_bytes=1)


def noise(size: tuple[int, int]) -> Image.Image:
    width, height = size
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


def blocks(messages: Any) -> list[dict[str, Any]]:
    return list(messages[-1].content)


def test_every_image_follows_the_line_that_announces_it() -> None:
    pictures = [picture((1920, 1080)), picture((300, 200))]
    plans = plan_sending(pictures, CLAUDE, max_images=None, max_tokens=None)
    sent = blocks(messages_with(pictures, plans, "Which?"))
    kinds = [block["type"] for block in sent]
    assert kinds == ["text", "image_url"] * 4 + ["text"]
    assert sent[0]["text"].startswith(
        "Picture 1, 1920 x 1080 pixels: overview, shown at 1456 x 819. 2 slices"
    )
    assert sent[4]["text"] == "Picture 1, slice row 1 of 1, column 2 of 2: x 960 to 1920, y 0 to 1080"
    assert sent[6]["text"] == "Picture 2, 300 x 200 pixels:"
    assert sent[-1]["text"] == "Which?"


def test_a_shrunken_overview_that_is_all_says_so() -> None:
    pictures = [picture((3000, 2000))]
    plans = plan_sending(pictures, CLAUDE, max_images=1, max_tokens=None)
    assert "3000 x 2000 pixels, shown at 1" in blocks(messages_with(pictures, plans, "?"))[0]["text"]


def test_slices_hold_the_pixels_of_the_picture_unchanged() -> None:
    image = noise((1800, 900))
    image.paste((255, 255, 255), (0, 0, 1800, 800))
    shown = Picture(image=image, name="a.png", kind="PNG", stored_bytes=1)
    plans = plan_sending([shown], CLAUDE, max_images=None, max_tokens=None)
    sent = [block for block in blocks(messages_with([shown], plans, "?")) if block["type"] == "image_url"]
    for block, box in zip(sent[1:], plans[0].boxes, strict=True):
        with Image.open(io.BytesIO(base64.b64decode(block["image_url"]["url"].partition(",")[2]))) as slice_:
            expected = image.crop((box.left, box.top, box.right, box.bottom))
            assert np.array_equal(np.asarray(slice_.convert("RGB")), np.asarray(expected))


def test_pictures_share_what_a_request_may_hold() -> None:
    pictures = [picture((4032, 3024))] * 4
    plans = plan_sending(pictures, CLAUDE, max_images=12, max_tokens=None)
    assert sum(planned.num_images for planned in plans) <= 12
    assert (
        sum(
            planned.num_images for planned in plan_sending(pictures, CLAUDE, max_images=None, max_tokens=None)
        )
        <= 20
    )
    with pytest.raises(NimueError, match="4 pictures are more than the 3"):
        plan_sending(pictures, CLAUDE, max_images=3, max_tokens=None)


def test_the_estimate_counts_tokens_and_leaves_an_unknown_price_unknown() -> None:
    plans = plan_sending([picture((1920, 1080))], CLAUDE, max_images=None, max_tokens=None)
    known = estimate(plans, ModelName("anthropic", "claude-opus-4-5"), "?")
    assert known.images == 3 and known.tokens == 4290
    assert known.cost is not None and Decimal("0.02") < known.cost < Decimal("0.06")
    assert estimate(plans, ModelName("openai", "nobody-knows-this"), "?").cost is None
    other = plan_sending([picture((1920, 1080))], rule_for("mystery"), max_images=None, max_tokens=None)
    assert estimate(other, ModelName("openai", "mystery"), "?").tokens is None


def test_pictures_that_a_server_left_out_are_noticed_by_its_count() -> None:
    pictures = [picture((300, 200))]
    plans = plan_sending(pictures, CLAUDE, max_images=None, max_tokens=None)
    messages = messages_with(pictures, plans, "What is it?")
    of_words = sum(len(each.text) for each in messages) // 4
    assert seem_dropped(messages, Usage(calls=1, input_tokens=of_words))
    assert not seem_dropped(messages, Usage(calls=1, input_tokens=of_words + 85))
    assert not seem_dropped(messages, Usage(calls=1))


def test_pieces_of_a_picture_are_encoded_once_for_several_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[tuple[int, int]] = []

    def counting(image: Image.Image, *, most_bytes: int | None) -> Encoded:
        encoded.append(image.size)
        return encode(image, most_bytes=most_bytes)

    monkeypatch.setattr("agents.perception.sending.encode", counting)
    cache, plans = (
        piece_cache(),
        plan_sending([picture((1920, 1080))], CLAUDE, max_images=None, max_tokens=None),
    )
    first = messages_with([picture((1920, 1080))], plans, "What?", cache)
    second = messages_with([picture((1920, 1080))], plans, "Where?", cache)
    assert len(encoded) == 3 and blocks(first)[:-1] == blocks(second)[:-1]
    other = Picture(image=Image.new("RGB", (1920, 1080), "red"), name="b", kind="PNG", stored_bytes=1)
    messages_with([other], plans, "What?", cache)
    assert len(encoded) == 6


def test_drawings_are_sent_without_loss_and_photos_as_jpeg() -> None:
    assert encode(Image.new("RGB", (300, 200), "white")).media_type == "image/png"
    photo = encode(noise((300, 200)))
    assert photo.media_type == "image/jpeg" and len(photo.data) < 3 * 300 * 200


def test_a_limit_of_bytes_lowers_quality_and_never_size() -> None:
    image = noise((400, 300))
    large, small = encode(image), encode(image, most_bytes=130_000)
    assert len(small.base64) <= 130_000 < len(large.base64)
    with Image.open(io.BytesIO(small.data)) as shown:
        assert shown.size == (400, 300)
    with pytest.raises(PictureError, match="larger than 1,000 bytes"):
        encode(image, most_bytes=1000)


@pytest.mark.parametrize(
    ("model", "way"),
    [
        ("anthropic", Way.SENT),
        ("openai", Way.SENT),
        ("transformers", Way.SENT),
        ("local", Way.READ),
        ("scripted", Way.READ),
    ],
)
def test_only_models_with_eyes_are_sent_pictures(model: str, way: Way) -> None:
    assert way_for(ModelName(model, "x")) is way
    assert way_for(ModelName(model, "x"), read=True) is Way.READ
    assert way_for(ModelName("local", "x"), projector=True) is Way.SENT


@pytest.mark.parametrize("provider", ["transformers", "local"])
def test_a_model_that_runs_here_is_given_pictures_whole(provider: str) -> None:
    pictures = [picture((3000, 200)), picture((400, 300))]
    plans = plan_for_model(pictures, ModelName(provider, "x"), max_images=None, max_tokens=None)
    assert [planned.num_images for planned in plans] == [1, 1]
    hosted = plan_for_model(
        pictures, ModelName("anthropic", "claude-haiku-4-5"), max_images=None, max_tokens=None
    )
    assert hosted[0].num_images > 1


async def test_no_picture_and_too_many_are_refused() -> None:
    with pytest.raises(NimueError, match="Name a picture"):
        await load_pictures([], stdin=io.BytesIO())
    with pytest.raises(NimueError, match="too many"):
        await load_pictures(["a.png"] * (MOST_PICTURES + 1), stdin=io.BytesIO())
