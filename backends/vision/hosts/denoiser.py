"""What the cards of systems with a diffusion transformer share: what its training asks and answers."""

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult


class DenoisingParams(JobParams):
    """The size of a diffusion transformer, and how it is trained."""

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


class DenoiserParams(DenoisingParams):
    """What every training of a diffusion transformer asks; a system adds what is its own."""

    samples: int = Field(16, ge=0, le=256, description="Pictures to draw when it is trained.")


class DenoiserResult(JobResult):
    """What such a training answers."""

    loss: float = Field(
        ge=0, description="Mean squared error of the noise in test pictures; 1 for who knows nothing."
    )
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class DenoiserArmsParams(DenoisingParams):
    """What a comparison of diffusion transformers over seeds asks."""

    steps: int = Field(300, ge=4, le=100_000, description="Steps of every arm.")
    seeds: int = Field(3, ge=2, le=100, description="How many times each arm is trained.")


class DenoiserArmsResult(JobResult):
    """Its metrics are by how many percent an arm's loss is lower than the baseline's."""

    table: tuple[dict[str, float | str], ...] = Field(
        description="A row an arm: mean loss on test pictures with the half-width of its 95 % interval, the "
        "same after a quarter of the steps, and seconds."
    )


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


def reproduce_denoising_job(system: str, summary: str) -> Job[DenoiserArmsParams, DenoiserArmsResult]:
    """The job that compares diffusion transformers, as `reproduce_denoising` of the system's `jobs.py`."""
    return Job(
        name="reproduce_denoising",
        kind="reproduce",
        summary=summary,
        params=DenoiserArmsParams,
        result=DenoiserArmsResult,
        entry=f"backends.vision.{system}.jobs:reproduce_denoising",
        effort="minutes",
    )
