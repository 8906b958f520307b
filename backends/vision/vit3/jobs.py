"""The jobs of ViT^3: train a classifier, and use it."""

from backends.lab.reporter import Reporter
from backends.vision.hosts import classifying
from backends.vision.hosts.classifier import ClassifierResult, PredictParams, PredictResult
from backends.vision.vit3.spec import TrainParams


def train(params: TrainParams, report: Reporter) -> ClassifierResult:
    """Train a classifier and write its weights."""
    return classifying.train_model(f"vision.vit3/{params.model}", params, report)


def predict(params: PredictParams, report: Reporter) -> PredictResult:
    """Classify pictures."""
    return classifying.predict(params, report)
