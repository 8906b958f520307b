"""The command in a record does the same again."""

import shlex
from typing import Literal

from agents.cli.nimue_lab_params import read_job_words
from agents.lab.records import record_name, setting_words
from backends.lab.contract import Job, JobParams, JobResult, System


class Settings(JobParams):
    names: tuple[str, ...] = ("left",)
    rates: tuple[float, ...] = (0.5,)
    how: Literal["slow", "quick"] = "slow"
    fold: int | None = None
    checks: bool = True
    keeps: bool = False


def test_settings_written_as_words_are_read_as_the_same_settings() -> None:
    job = Job(
        name="reproduce", kind="reproduce", summary="Nothing.", params=Settings, result=JobResult,
        entry="nowhere:reproduce", effort="seconds",
    )  # fmt: skip
    system = System(id="toy.words", title="Words", summary="Nothing.", jobs=(job,))
    asked = Settings(
        names=("two words", "it's"), rates=(0.1, 2.0), how="quick", fold=3, checks=False, keeps=True
    )
    written = shlex.join(setting_words(asked.model_dump(mode="json")))
    read: list[JobParams] = []
    read_job_words("reproduce", system, job, shlex.split(written), lambda params, **_: read.append(params))
    assert read == [asked]
    assert "--fold 3" in written and "'two words'" in written


def test_a_further_experiment_of_a_system_has_a_file_of_its_own() -> None:
    assert record_name("toy.words") == record_name("toy.words", "reproduce") == "lab_toy_words.json"
    assert record_name("toy.words", "reproduce_aloud") == "lab_toy_words_reproduce_aloud.json"
