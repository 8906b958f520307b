"""The jobs of ViT^3: train a classifier, and use it; train a diffusion transformer."""

from backends.lab.reporter import Reporter
from backends.vision.hosts import classifying
from backends.vision.hosts.classifier import ClassifierResult, PredictParams, PredictResult
from backends.vision.hosts.denoiser import DenoiserArmsParams, DenoiserArmsResult, DenoiserResult
from backends.vision.hosts.denoising import train_denoiser
from backends.vision.hosts.denoising_arms import compare_denoisers
from backends.vision.hosts.dit import plain_dit
from backends.vision.vit3.presets import diffusion_transformer
from backends.vision.vit3.spec import DenoiseParams, TrainParams


def train(params: TrainParams, report: Reporter) -> ClassifierResult:
    """Train a classifier and write its weights."""
    return classifying.train_model(f"vision.vit3/{params.model}", params, report)


def predict(params: PredictParams, report: Reporter) -> PredictResult:
    """Classify pictures."""
    return classifying.predict(params, report)


def denoise(params: DenoiseParams, report: Reporter) -> DenoiserResult:
    """Train a diffusion transformer and draw pictures."""
    make = diffusion_transformer if params.mixer == "ttt" else plain_dit
    return train_denoiser(make, params, report)


def reproduce_denoising(params: DenoiserArmsParams, report: Reporter) -> DenoiserArmsResult:
    """Compare DiT^3 with the diffusion transformer as it was published."""
    return compare_denoisers({"softmax": plain_dit, "ttt": diffusion_transformer}, params, report)
