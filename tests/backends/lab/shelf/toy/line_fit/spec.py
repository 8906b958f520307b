"""A system as small as one can be: it fits a line. It shows that a system is a folder and nothing else."""

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, System


class FitParams(JobParams):
    steps: int = Field(20, ge=1, le=100_000, description="Steps of gradient descent.")
    rate: float = Field(0.3, gt=0, le=1e9, description="Length of a step.")
    pause: float = Field(0.0, ge=0, le=1, description="Seconds to wait after each step.")


class FitResult(JobResult):
    slope: float = Field(description="The slope that was found.")


class FailParams(JobParams):
    how: str = Field(description="The word that the failure should hold.")


SYSTEM = System(
    id="toy.line_fit",
    title="Line fit",
    summary="Fits a line through noisy points, for the tests of the laboratory.",
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Fit a line by gradient descent.",
            params=FitParams,
            result=FitResult,
            entry="tests.backends.lab.shelf.toy.line_fit.jobs:train",
            effort="seconds",
            quick={"steps": 5},
        ),
        Job(
            name="fail",
            kind="analyse",
            summary="Break on purpose.",
            params=FailParams,
            result=JobResult,
            entry="tests.backends.lab.shelf.toy.line_fit.jobs:fail",
            effort="seconds",
        ),
    ),
)
