"""Settings in nimue.toml."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import NimueError
from tui.settings import Settings, read_settings, settings_file, write_settings


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), st.floats(0.05, 10), st.booleans())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, runs: str, seconds: float, thoughts: bool
) -> None:
    file = tmp_path_factory.mktemp("settings") / "nimue.toml"
    settings = Settings(runs=runs, seconds_a_moment=seconds, private_thoughts=thoughts)
    write_settings(file, settings)
    assert read_settings(file) == settings


def test_other_tables_of_the_file_are_left_as_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "nimue.toml"
    file.write_text('[other]\na = 1\n\n[tui]\ntheme = "nord"\nruns = "x"\n\n[last]\nb = 2\n')
    write_settings(file, Settings(theme="lake-light"))
    assert tomllib.loads(file.read_text()) == {
        "other": {"a": 1}, "last": {"b": 2}, "tui": {"theme": "lake-light"},
    }  # fmt: skip


@pytest.mark.parametrize("text", ["[tui]\ntheme = 3\n", "[tui]\nunknown = 1\n", "[tui", "tui = 3\n"])
def test_a_file_that_makes_no_settings_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "nimue.toml"
    file.write_text(text)
    with pytest.raises(NimueError, match=r"nimue\.toml"):
        read_settings(file)


def test_without_a_file_the_defaults_hold_and_the_working_folder_comes_first(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml") == Settings()
    assert settings_file() != Path("nimue.toml")
    Path("nimue.toml").write_text("")
    assert settings_file() == Path("nimue.toml")
