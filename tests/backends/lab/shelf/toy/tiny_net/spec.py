"""A system that trains a network with the laboratory's trainer, in a few lines."""

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Preset, System


class TrainParams(JobParams):
    steps: int = Field(30, ge=1, le=10_000, description="Steps of training.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of features that is dropped.")
    stalls_at: int | None = Field(None, ge=0, description="Number of a batch that takes minutes to load.")


class TrainResult(JobResult):
    digest: str = Field(description="The SHA-256 of the trained weights.")


SYSTEM = System(
    id="toy.tiny_net",
    title="Tiny network",
    summary="Trains three layers with dropout, for the tests of the laboratory.",
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train three layers on random numbers.",
            params=TrainParams,
            result=TrainResult,
            entry="tests.backends.lab.shelf.toy.tiny_net.jobs:train",
            effort="seconds",
            quick={"steps": 8},
        ),
    ),
    presets=(
        Preset(
            name="tiny",
            summary="Three layers of eight.",
            build="tests.backends.lab.shelf.toy.tiny_net.jobs:tiny",
            inputs=((8,),),
            parameters=2 * (8 * 8 + 8) + 8 * 2 + 2,
            macs=2 * 8 * 8 + 8 * 2,
        ),
    ),
    extra="vision",
)
