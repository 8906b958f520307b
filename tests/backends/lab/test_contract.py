"""The contract refuses what would break a surface: unsafe paths, numbers that are none, illegal names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from backends.lab.contract import Artifact, Job, JobParams, JobResult, System, tool_name, tool_schema


class Params(JobParams):
    epochs: int = Field(3, ge=1, description="Passes over the data.")


def job(name: str = "train") -> Job[Params, JobResult]:
    return Job(
        name=name,
        kind="train",
        summary="Train.",
        params=Params,
        result=JobResult,
        entry="a.b:c",
        effort="seconds",
    )


def system(id: str, *jobs: Job[Params, JobResult]) -> System:
    return System(id=id, title="Title", summary="What it is for.", jobs=jobs)


@pytest.mark.parametrize("path", ["/etc/x.json", "../x.json", "a/../../x.json", "x.pkl", "x.pt", "x"])
def test_an_artifact_stays_in_its_folder_and_is_of_a_safe_type(path: str) -> None:
    with pytest.raises(ValidationError):
        Artifact(path=path, caption="It.")


def test_an_artifact_knows_its_media_type() -> None:
    assert Artifact(path="a/b.png", caption="It.").media_type == "image/png"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_result_refuses_a_number_that_is_not_finite(value: float) -> None:
    with pytest.raises(ValidationError, match="not finite: loss"):
        JobResult(metrics={"loss": value})


def test_parameters_are_frozen_and_refuse_what_they_do_not_know() -> None:
    params = Params()
    with pytest.raises(ValidationError):
        params.epochs = 5  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Params.model_validate({"epoch": 5})


@given(st.integers(1), st.integers(0), st.sampled_from(["auto", "cpu", "cuda"]))
def test_parameters_survive_json(epochs: int, seed: int, device: str) -> None:
    params = Params.model_validate({"epochs": epochs, "seed": seed, "device": device})
    assert Params.model_validate_json(params.model_dump_json()) == params


def test_a_tools_name_is_the_system_and_the_job_with_underscores() -> None:
    assert tool_name(system("vision.flatten", job()), job()) == "vision_flatten_train"


def test_a_tools_schema_describes_every_field_and_its_bounds() -> None:
    schema = tool_schema(job())
    assert set(schema["properties"]) == {"seed", "device", "epochs"}
    assert schema["properties"]["epochs"]["minimum"] == 1
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("id", ["flatten", "Vision.flatten", "vision.flatten.tiny", "vision.", "vision/x"])
def test_a_systems_id_is_family_and_name(id: str) -> None:
    with pytest.raises(AssertionError):
        system(id, job())


def test_two_jobs_of_one_name_are_refused() -> None:
    with pytest.raises(AssertionError, match="two jobs"):
        system("vision.flatten", job(), job())
