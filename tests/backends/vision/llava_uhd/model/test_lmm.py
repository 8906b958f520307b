"""The whole model: pictures inside texts, targets, answers."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from backends.vision.llava_uhd.model.decoder import SmallDecoder
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.lmm import IGNORED, PICTURE
from backends.vision.llava_uhd.model.pixels import CLIP_PIXELS, PlannedPicture, planned_picture
from backends.vision.llava_uhd.planner import plan
from tests.backends.vision.llava_uhd.model.tiny_models import RULE, drawn_model, drawn_picture


def test_pictures_stand_where_their_placeholders_were() -> None:
    model = drawn_model()
    pictures = [drawn_picture(56, 28), drawn_picture(20, 20)]
    wide, small = model.see(pictures)
    joined = model.join([torch.tensor([1, PICTURE, 2, 3]), torch.tensor([PICTURE])], pictures)
    assert (len(wide), len(small)) == (14, 4)  # three pieces of 4 tokens and two separators; one piece
    torch.testing.assert_close(joined.embeddings_BLD[0, 1:15], wide)
    torch.testing.assert_close(joined.embeddings_BLD[1, :4], small)
    assert joined.ids_BL.tolist() == [[1, *[IGNORED] * 14, 2, 3], [IGNORED] * 17]
    assert joined.valid_BL.sum(1).tolist() == [17, 4]


def test_a_text_may_hold_several_pictures_or_none() -> None:
    model = drawn_model()
    pictures = [drawn_picture(20, 20, seed) for seed in range(2)]
    texts = [torch.tensor([PICTURE, 5, PICTURE]), torch.tensor([6, 7])]
    assert model.join(texts, pictures).ids_BL[0].tolist() == [*[IGNORED] * 4, 5, *[IGNORED] * 4]
    assert model.join(texts[1:], []).ids_BL.tolist() == [[6, 7]]


def test_scores_stand_beside_what_does_follow() -> None:
    scores, after = drawn_model()([torch.tensor([1, PICTURE, 2, 3])], [drawn_picture(20, 20)])
    assert scores.shape == (1, 7, 14)
    assert after.tolist() == [[IGNORED, IGNORED, IGNORED, IGNORED, 2, 3, IGNORED]]


def test_filling_changes_nothing_in_shorter_texts() -> None:
    model = drawn_model().eval()
    short, long = torch.tensor([PICTURE, 4]), torch.tensor([PICTURE, 4, 5, 6])
    pictures = [drawn_picture(20, 20), drawn_picture(56, 28)]
    together, _ = model([short, long], pictures)
    alone, _ = model([short], pictures[:1])
    torch.testing.assert_close(together[0, :5], alone[0], atol=1e-5, rtol=1e-5)


def test_training_reaches_encoder_resampler_and_decoder() -> None:
    model = drawn_model()
    scores, after = model([torch.tensor([PICTURE, 4, 5])], [drawn_picture(56, 28)])
    torch.autograd.backward(
        functional.cross_entropy(scores.flatten(0, 1), after.flatten(), ignore_index=IGNORED)
    )
    assert isinstance(model.language_model, SmallDecoder)
    for part in (model.encoder.patches, model.compressor, model.language_model.layers):
        assert all(weights.grad is not None and weights.grad.any() for weights in part.parameters())


def test_separators_are_the_words_of_the_language_model() -> None:
    model = drawn_model()
    comma, newline = model.language_model.embed(torch.tensor([10, 11]))
    assert model.see([drawn_picture(28, 56)])[0][4].equal(newline)
    assert model.see([drawn_picture(56, 28)])[0][4].equal(comma)


def test_an_answer_is_the_likeliest_continuation() -> None:
    model = drawn_model().eval()
    text, pictures = torch.tensor([PICTURE, 4]), [drawn_picture(20, 20)]
    said = model.answer(text, pictures, longest=3, end=None)
    for length in range(3):
        scores, _ = model([torch.cat((text, said[:length]))], pictures)
        assert int(scores[0, -1].argmax()) == int(said[length])
    assert model.answer(text, pictures, longest=3, end=int(said[0])).tolist() == []


@pytest.mark.parametrize("count", [0, 2])
def test_a_picture_is_needed_for_each_placeholder(count: int) -> None:
    with pytest.raises(ModelError, match=f"places for 1 pictures, but {count} were given"):
        drawn_model()([torch.tensor([PICTURE])], [drawn_picture(20, 20)] * count)


def test_pixels_are_normalised_and_cut_where_the_plan_says() -> None:
    pixels = np.zeros((28, 56, 3), dtype=np.uint8)
    pixels[:, 28:] = 255
    picture = planned_picture(Image.fromarray(pixels), plan((56, 28), RULE))
    black, white, overview = picture.pieces
    assert overview.shape == (3, 14, 35)
    mean, spread = torch.tensor(CLIP_PIXELS.mean), torch.tensor(CLIP_PIXELS.spread)
    torch.testing.assert_close(black, (-mean / spread)[:, None, None].expand(3, 28, 28))
    torch.testing.assert_close(white, ((1 - mean) / spread)[:, None, None].expand(3, 28, 28))


def test_pieces_of_another_plan_are_refused() -> None:
    with pytest.raises(ModelError, match=r"wants pieces of \[\(28, 28\), \(28, 28\), \(35, 14\)\] pixels"):
        PlannedPicture(plan((56, 28), RULE), [torch.zeros(3, 28, 28)])
