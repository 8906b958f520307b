"""`nimue models`, in a cache folder of the test's own."""

import json
from pathlib import Path

import pytest

from agents.cli import local_files
from agents.cli.front_door import run
from agents.cli.local_files import ensure_local_model
from agents.cli.nimue import app
from agents.errors import NimueError, NimueFailure
from agents.llm.catalogue import CATALOGUE, DEFAULT_CHAT_MODEL, CatalogueEntry, catalogue_entry
from agents.llm.model_files import OnProgress, Progress, path_of
from agents.llm.names import ModelName


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIMUE_CACHE", str(tmp_path))
    return tmp_path / "models"


@pytest.fixture
def pulled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that were pulled; nothing is fetched."""
    names: list[str] = []

    def pull(entry: CatalogueEntry, folder: Path, on_progress: OnProgress) -> Path:
        names.append(entry.name)
        on_progress(Progress(stage="fetching", done=1, total=max(entry.size, 1)))
        return path_of(entry, folder)

    monkeypatch.setattr(local_files, "pull", pull)
    return names


def install(name: str, cache: Path) -> Path:
    """Pretend that a model is here: a file of the right size, without content."""
    entry = catalogue_entry(name)
    home = cache / entry.name
    home.mkdir(parents=True)
    for file in entry.files:
        with (home / file.name).open("wb") as target:
            target.truncate(file.size)
    return path_of(entry, cache)


def test_the_list_fits_eighty_columns_and_names_every_model(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    install("smollm2-135m", cache)
    assert run(app, ["models", "list"]) == 0
    table = capsys.readouterr().out.partition("\n\n")[0]
    assert all(len(line) <= 80 for line in table.splitlines())
    assert "\x1b" not in table
    rows = {line.split()[0]: line.split() for line in table.splitlines() if line[0] != " "}
    assert set(rows) == {"Model", *CATALOGUE}
    assert rows["smollm2-135m"][1:4] == ["98", "MB", "yes"]
    assert rows["qwen2.5-coder-1.5b"][1:4] == ["1.1", "GB", "-"]


def test_the_list_as_json_has_digests_and_places(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = install("smollm2-135m", cache)
    assert run(app, ["models", "list", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["smollm2-135m"]["path"] == str(path)
    assert listed["smollm2-135m"]["installed"] is True
    assert listed["qwen3-4b"]["path"] is None
    assert listed["qwen2.5-coder-0.5b"]["files"][0]["sha256"].startswith("1d961463")
    assert [entry["name"] for entry in listed.values() if entry["default"]] == [DEFAULT_CHAT_MODEL]


def test_path_prints_the_path_alone(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = install(DEFAULT_CHAT_MODEL, cache)
    assert run(app, ["models", "path"]) == 0
    assert capsys.readouterr().out == f"{path}\n"


def test_path_of_what_is_not_here_is_an_error_with_the_line_that_brings_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(app, ["models", "path", "smollm2-135m"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip().endswith("nimue models pull smollm2-135m")


def test_removing_frees_and_says_how_much(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = install("smollm2-135m", cache)
    assert run(app, ["models", "remove", "smollm2-135m"]) == 0
    assert capsys.readouterr().out == "Removed smollm2-135m: 98 MB freed.\n"
    assert not path.exists()
    assert run(app, ["models", "remove", "smollm2-135m"]) == 2


def test_pull_prints_the_path_on_stdout_and_the_rest_on_stderr(
    cache: Path, pulled: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["models", "pull", "smollm2-135m"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{path_of(catalogue_entry('smollm2-135m'), cache)}\n"
    assert said.err.startswith("Fetching smollm2-135m (98 MB) into")
    assert pulled == ["smollm2-135m"]


def test_a_bar_is_drawn_on_a_terminal(
    pulled: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert run(app, ["models", "pull", "smollm2-135m"]) == 0
    assert "smollm2-135m: fetching" in capsys.readouterr().err


def test_a_failed_pull_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(entry: CatalogueEntry, folder: Path, on_progress: OnProgress) -> Path:
        raise NimueFailure("No network.")

    monkeypatch.setattr(local_files, "pull", fail)
    assert run(app, ["models", "pull", "smollm2-135m"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "No network."


def test_an_unknown_name_is_told_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["models", "pull", "gpt-9"]) == 2
    assert "smollm2-135m" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (ModelName("local", "default"), [DEFAULT_CHAT_MODEL]),
        (ModelName("local", "smollm2-135m"), ["smollm2-135m"]),
        (ModelName("openai", "smollm2-135m"), []),
        (ModelName("scripted", "0"), []),
    ],
    ids=str,
)
def test_a_run_fetches_the_embedded_model_it_lacks(
    model: ModelName, names: list[str], pulled: list[str]
) -> None:
    ensure_local_model(model, quiet=True)
    assert pulled == names


def test_a_quiet_run_prints_nothing(pulled: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    ensure_local_model(ModelName("local", "default"), quiet=True)
    assert capsys.readouterr() == ("", "")


def test_a_file_of_ones_own_must_be_there_before_the_run(tmp_path: Path, pulled: list[str]) -> None:
    with pytest.raises(NimueError, match="no model file"):
        ensure_local_model(ModelName("local", str(tmp_path / "none.gguf")), quiet=True)
    assert pulled == []
