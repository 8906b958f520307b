"""The jobs that all backbones share: train a classifier, and use it."""

from backends.lab.reporter import Reporter
from backends.vision.efficient_train import jobs as lab_classifier
from backends.vision.efficient_train import spec as lab_spec
from backends.vision.hosts.arms import Plan
from backends.vision.hosts.classifier import (
    ArmsParams,
    ClassifierParams,
    ClassifierResult,
    PredictParams,
    PredictResult,
)


def train_model(model: str, params: ClassifierParams, report: Reporter) -> ClassifierResult:
    """Train a model by its name in the lab, with pictures at full size from the start."""
    shared = params.model_dump(include=set(lab_spec.TrainParams.model_fields) - {"model"})
    asked = lab_spec.TrainParams(model=model, curriculum="full", **shared)
    trained = lab_classifier.train(asked, report)
    return ClassifierResult.model_validate(trained.model_dump())


def predict(params: PredictParams, report: Reporter) -> PredictResult:
    """Classify pictures with weights that train wrote."""
    found = lab_classifier.predict(lab_spec.PredictParams(**params.model_dump()), report)
    return PredictResult.model_validate(found.model_dump())


def plan_of(params: ArmsParams) -> Plan:
    """The plan of a comparison."""
    return Plan(
        steps=params.steps,
        batch_size=params.batch_size,
        rate=params.rate,
        seeds=params.seeds,
        first_seed=params.seed,
    )
