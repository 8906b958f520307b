"""What every system of the registry keeps, and those of the toy shelf with it: registered means tested."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import subprocess
import sys
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.cli.nimue_lab import app
from agents.cli.nimue_lab_params import read_job_words
from agents.cli.nimue_lab_run import find_experiment
from agents.lab.records import RESULTS, record_name
from backends.lab.contract import MAX_TOOL_NAME, Job, JobParams, Preset, System, tool_name, tool_schema
from backends.lab.errors import Stopped
from backends.lab.events import EventList, Metric
from backends.lab.registry import PACKAGES_SETTING, find_job, find_system, packages, resolve, systems
from backends.lab.runner import Work, execute
from backends.lab.taxonomy import AREAS, BRANCHES

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "chromadb", "timm", "torchvision", "accelerate"}
MOST_PARAMETERS = 3_000_000  # of a model that is run here; larger ones are only counted


def all_systems() -> list[System]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
        return list(systems())


def all_jobs() -> list[tuple[System, Job[Any, Any]]]:
    return [(system, job) for system in all_systems() for job in system.jobs]


def all_presets() -> list[tuple[System, Preset]]:
    return [(system, preset) for system in all_systems() for preset in system.presets]


each_system = pytest.mark.parametrize("system", all_systems(), ids=lambda system: system.id)
each_job = pytest.mark.parametrize(
    ("system", "job"), all_jobs(), ids=lambda one: getattr(one, "id", None) or one.name
)
each_preset = pytest.mark.parametrize(
    ("system", "preset"), all_presets(), ids=lambda one: getattr(one, "id", None) or one.name
)


def is_ours(system: System) -> bool:
    return system.family != "toy"


@each_system
def test_the_id_is_family_and_folder(system: System) -> None:
    if is_ours(system):
        assert (ROOT / "backends" / Path(*system.id.split(".")) / "spec.py").is_file()


@pytest.fixture(scope="module")
def imported_by_spec() -> dict[str, list[str]]:
    """What is heavy among what each spec is the first to import, in one fresh interpreter for all."""
    code = f"""
import importlib, json, sys
told = {{}}
for id, module in {[(system.id, spec_module(system)) for system in all_systems()]!r}:
    before = set(sys.modules)
    importlib.import_module(module)
    told[id] = sorted({HEAVY!r} & (set(sys.modules) - before))
print(json.dumps(told))
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(told.stdout)
    return found


def spec_module(system: System) -> str:
    return f"{'backends' if is_ours(system) else 'tests.backends.lab.shelf'}.{system.id}.spec"


@each_system
def test_the_spec_is_light(system: System, imported_by_spec: dict[str, list[str]]) -> None:
    assert imported_by_spec[system.id] == []


@each_system
def test_a_system_says_what_it_is_for_and_where_it_belongs(system: System) -> None:
    assert system.jobs
    assert system.summary.endswith(".") and len(system.summary) < 120
    assert set(system.branches) <= set(BRANCHES)
    if is_ours(system):
        assert system.branches and system.extra


def test_every_branch_lies_in_an_area() -> None:
    assert {branch.partition("/")[0] for branch in BRANCHES} == set(AREAS)


def test_tool_names_are_unique_legal_and_short() -> None:
    names = [tool_name(system, job) for system, job in all_jobs()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", name) and len(name) <= MAX_TOOL_NAME for name in names)


@each_job
def test_the_entry_takes_the_parameters_and_answers_the_result(system: System, job: Job[Any, Any]) -> None:
    function = resolve(job.entry, system.extra)
    hints = typing.get_type_hints(function)
    assert list(inspect.signature(function).parameters) == ["params", "report"]
    assert hints["params"] is job.params
    assert issubclass(hints["return"], job.result) or not is_ours(system)


@each_job
def test_every_parameter_and_result_is_described(system: System, job: Job[Any, Any]) -> None:
    for model in (job.params, job.result):
        bare = [name for name, field in model.model_fields.items() if not field.description]
        assert bare == [], f"{system.id} {job.name}"


@each_job
def test_parameters_are_frozen_strict_and_survive_json(system: System, job: Job[Any, Any]) -> None:
    config = job.params.model_config
    assert config.get("frozen") and config.get("extra") == "forbid"
    params = with_required(job.params)
    assert job.params.model_validate_json(params.model_dump_json()) == params


@each_job
def test_the_schema_suits_tool_calling_models(system: System, job: Job[Any, Any]) -> None:
    schema = tool_schema(job)
    json.dumps(schema, allow_nan=False)
    assert schema["type"] == "object" and schema["additionalProperties"] is False
    assert "$defs" not in schema or not any("$ref" in json.dumps(part) for part in schema["$defs"].values())


@each_job
def test_the_command_line_takes_every_parameter(system: System, job: Job[Any, Any]) -> None:
    taken: list[JobParams] = []
    words = [word for name, value in with_required(job.params) for word in flag(name, value)]
    read_job_words("run", system, job, words, lambda params, **_: taken.append(params))
    assert taken == [with_required(job.params)]


def with_required(params: type[JobParams]) -> JobParams:
    """The parameters with their defaults, and a word where there is none."""
    needed = {name: "word" for name, field in params.model_fields.items() if field.is_required()}
    return params.model_validate(needed)


def flag(name: str, value: object) -> list[str]:
    option = f"--{name.replace('_', '-')}"
    match value:
        case None:
            return []
        case True:
            return [option]
        case False:
            return []
        case tuple() | list():
            return [option, *(str(item) for item in value)] if value else []
        case _:
            return [option, str(value)]


@each_preset
def test_stated_counts_of_a_model_hold(system: System, preset: Preset) -> None:
    import torch

    from backends.lab.models import Built
    from backends.lab.profile.cost import count_cost
    from backends.lab.profile.profiler import make_inputs

    with torch.device("meta"):
        model = resolve(preset.build, system.extra)()
    inputs = make_inputs(Built(model, preset.inputs, preset.vocabulary), 1, "cpu")
    cost = count_cost(model, inputs)
    if preset.parameters is not None:
        assert cost.parameters == pytest.approx(preset.parameters, rel=preset.tolerance)
    if preset.macs is not None:
        assert cost.macs == pytest.approx(preset.macs, rel=preset.tolerance)


@each_preset
def test_a_model_answers_finite_numbers_and_every_parameter_learns(system: System, preset: Preset) -> None:
    import torch

    from backends.lab.models import Built
    from backends.lab.profile.profiler import first_tensor, make_inputs

    torch.manual_seed(0)
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in resolve(preset.build, system.extra)().parameters())
    if size > MOST_PARAMETERS:
        pytest.skip(f"{size / 1e6:.1f} M parameters are counted, not run")
    model = resolve(preset.build, system.extra)()
    inputs = make_inputs(Built(model, preset.inputs, preset.vocabulary), 2, "cpu")
    output = first_tensor(model(*inputs))
    assert torch.isfinite(output).all()
    (output * torch.randn_like(output)).sum().backward()  # type: ignore[no-untyped-call]
    idle = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert idle == []


def trainings() -> list[tuple[System, Job[Any, Any]]]:
    return [(system, job) for system, job in all_jobs() if job.kind == "train"]


@pytest.mark.parametrize(("system", "job"), trainings(), ids=lambda one: getattr(one, "id", None) or one.name)
def test_a_training_stops_within_a_step_and_goes_on_to_the_same_result(
    system: System, job: Job[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
    assert job.quick is not None
    asked = {**job.quick, "seed": 3, "device": "cpu"}

    def work(name: str) -> Work:
        return Work(system=system.id, job=job.name, params=asked, directory=tmp_path / name)

    stopped = EventList()

    def after_the_first_step() -> bool:
        return any(isinstance(event, Metric) for event in stopped.events)

    with pytest.raises(Stopped):
        execute(work("stopped"), stopped, after_the_first_step)
    steps = [event.step for event in stopped.events if isinstance(event, Metric)]
    assert len(set(steps)) == 1
    whole = execute(work("whole"), EventList())
    assert execute(work("stopped"), EventList()) == whole
    assert whole.metrics


@each_system
def test_a_system_has_a_page_whose_commands_parse(system: System) -> None:
    if not is_ours(system):
        return
    page = (ROOT / "docs" / "systems" / f"{system.id}.md").read_text(encoding="utf-8")
    assert system.paper is None or system.paper.title in page
    blocks = re.findall(r"```sh\n(.*?)\n```", page, re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    commands = [words[2:] for words in lines if words[:2] == ["nimue", "lab"]]
    assert commands
    for command in commands:
        parses(command)


def parses(words: list[str]) -> None:
    match words:
        case ["run", id, name, *rest]:
            read(find_system(id), name, rest)
        case ["reproduce", id, *rest]:
            job, settings = find_experiment(find_system(id), rest)
            read(find_system(id), job.name, settings)
        case _:
            app.parse_args(words, exit_on_error=False, print_error=False)


def read(system: System, name: str, words: Sequence[str]) -> None:
    seen: list[JobParams] = []
    read_job_words("run", system, find_job(system, name), words, lambda params, **_: seen.append(params))
    assert len(seen) == 1


def experiments() -> list[tuple[System, Job[Any, Any]]]:
    return [(system, job) for system, job in all_jobs() if job.kind == "reproduce" and is_ours(system)]


@pytest.mark.parametrize(
    ("system", "job"), experiments(), ids=lambda one: getattr(one, "id", None) or one.name
)
def test_an_experiment_has_a_recorded_result(system: System, job: Job[Any, Any]) -> None:
    record = json.loads((ROOT / RESULTS / record_name(system.id, job.name)).read_text(encoding="utf-8"))
    words = shlex.split(record["command"])
    assert words[:4] == ["nimue", "lab", "reproduce", system.id]
    told, settings = find_experiment(system, words[4:])
    assert told.name == job.name
    read(system, job.name, settings)
    stored = {key: record[key] for key in job.result.model_fields if key in record}
    assert job.result.model_validate(stored).metrics
    assert record["machine"]["processor"] and record["date"]


@pytest.mark.parametrize("system", [one for one in all_systems() if is_ours(one)], ids=lambda one: one.id)
def test_a_page_shows_pictures_that_are_there(system: System) -> None:
    pages = ROOT / "docs" / "systems"
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (pages / f"{system.id}.md").read_text(encoding="utf-8"))
    assert [one for one in shown if not (pages / one).is_file()] == []
    tried = any(job.kind == "reproduce" for job in system.jobs)
    assert shown or not tried or not system.id.startswith("rl."), "learning is told with its curve"


def test_the_packages_that_are_looked_through_begin_with_ours() -> None:
    assert packages()[0] == "backends"
