"""The jobs of LLaVA-UHD: train a small reader of digits on canvases of any shape, and measure it."""

from collections.abc import Mapping
from statistics import fmean

from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.lab.reporter import Reporter
from backends.vision.llava_uhd.digits.canvases import load_banks
from backends.vision.llava_uhd.digits.lessons import (
    new_reader,
    shares_read,
    teach_canvases,
    teach_encoder,
    teach_squares,
)
from backends.vision.llava_uhd.digits.views import VIEWS
from backends.vision.llava_uhd.model.small import TINY, new_small
from backends.vision.llava_uhd.spec import EvaluateParams, EvaluateResult, TrainParams, TrainResult

_MODEL = "vision.llava_uhd/tiny"


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Teach a reader canvases in one view, and write its weights."""
    banks = load_banks()
    encoder, named = teach_encoder(*banks, params, report.part("encoder"))
    reader = new_reader(encoder, params.seed)
    teach_squares(reader, banks[0], params, report.part("squares"))
    read = teach_canvases(reader, params.view, banks, params, report.part("canvases"))
    path = report.artifact_path("reader.safetensors")
    save_weights(path, reader.state_dict(), {"model": _MODEL, "view": params.view})
    weights = report.artifact(path, f"A small LLaVA-UHD that reads digits, {params.view}.")
    metrics = {"encoder_named": named["named"], **_figures(read)}
    return TrainResult(metrics=metrics, artifacts=(weights,), weights=weights.path)


def evaluate(params: EvaluateParams, report: Reporter) -> EvaluateResult:
    """Read digits that were never learned from."""
    weights, about = load_weights(params.weights)
    learned_view = next((view for view in VIEWS if view == about.get("view")), None)
    if about.get("model") != _MODEL or learned_view is None:
        raise LabError(f"{params.weights} was not written by this system's train.")
    reader = new_small(TINY)
    reader.load_state_dict(weights)
    reader.to(report.device).eval()
    view = params.view or learned_view
    figures = _figures(shares_read(reader, view, load_banks()[1], params.test_canvases))
    return EvaluateResult(metrics=figures, read=figures["read"])


def _figures(read: Mapping[str, float]) -> dict[str, float]:
    return {"read": fmean(read.values()), **{f"read_{name}": share for name, share in read.items()}}
