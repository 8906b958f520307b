"""What the cards of systems with a diffusion transformer share: what its training asks and answers."""

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult


class DenoiserParams(JobParams):
    """What every training of a diffusion transformer asks; a system adds what is its own."""

    data: str = Field(
        "digits", description="Pictures: digits, glyphs, an .npz file, or a folder with a folder a class."
    )
    image_size: int = Field(16, ge=8, le=256, description="Side of the pictures, in pixels.")
    patch: int = Field(2, ge=1, le=16, description="Side of a patch, in pixels.")
    width: int = Field(64, ge=8, le=4096, description="Width of the network.")
    depth: int = Field(4, ge=1, le=64, description="Blocks.")
    num_heads: int = Field(4, ge=1, le=64, description="Heads of attention.")
    steps: int = Field(400, ge=1, le=10_000_000, description="Steps of training.")
    batch_size: int = Field(32, ge=1, le=8192, description="Pictures in a step.")
    rate: float = Field(1e-3, gt=0, le=10, description="Highest learning rate of AdamW.")
    samples: int = Field(16, ge=0, le=256, description="Pictures to draw when it is trained.")


class DenoiserResult(JobResult):
    """What such a training answers."""

    loss: float = Field(
        ge=0, description="Mean squared error of the noise in test pictures; 1 for who knows nothing."
    )
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


def denoise_job(
    system: str, summary: str, params: type[DenoiserParams]
) -> Job[DenoiserParams, DenoiserResult]:
    """The job that trains a diffusion transformer, as `denoise` of the system's `jobs.py`."""
    return Job(
        name="denoise",
        kind="train",
        summary=summary,
        params=params,
        result=DenoiserResult,
        entry=f"backends.vision.{system}.jobs:denoise",
        effort="minutes",
        quick={"image_size": 8, "width": 16, "num_heads": 2, "depth": 1, "steps": 3, "samples": 2},
    )
