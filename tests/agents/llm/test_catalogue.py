"""The catalogue of models, and what may stand after `local:`."""

import re
from pathlib import Path

import pytest

from agents.errors import NimueError
from agents.llm.catalogue import CATALOGUE, DEFAULT_CHAT_MODEL, HubFile, Kind, Wheels, catalogue_entry
from agents.llm.local_names import local_model_path, names_own_file, pullable_entry


def test_files_from_wheels_are_pinned_to_a_version_and_a_digest() -> None:
    files = [file for entry in CATALOGUE.values() for file in entry.files]
    from_wheels = [(file, source) for file in files for source in file.sources if isinstance(source, Wheels)]
    assert len(from_wheels) == 9
    for file, source in from_wheels:
        assert file.sha256 is not None
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert all(re.fullmatch(r"[a-z0-9-]+==[\d.]+", requirement) for requirement in source.requirements)


def test_a_file_without_a_digest_comes_from_the_hub_alone() -> None:
    for entry in CATALOGUE.values():
        for file in entry.files:
            if file.sha256 is None:
                assert all(isinstance(source, HubFile) for source in file.sources)


def test_the_default_is_a_chat_model_that_needs_no_hub() -> None:
    entry = catalogue_entry(DEFAULT_CHAT_MODEL)
    assert entry.kind is Kind.CHAT
    assert isinstance(entry.files[0].sources[0], Wheels)
    assert pullable_entry("default") is entry


def test_parts_are_listed_in_the_order_they_are_joined_in() -> None:
    source = catalogue_entry("qwen2.5-coder-1.5b").files[0].sources[0]
    assert isinstance(source, Wheels)
    numbers = [int(name.removesuffix("==0.2.0").rpartition("part")[2]) for name in source.requirements]
    assert numbers == list(range(1, 23))


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(NimueError, match=r"'gpt-9'.*smollm2-135m, qwen2\.5-coder-0\.5b"):
        catalogue_entry("gpt-9")


def test_a_hub_file_can_be_named_directly() -> None:
    entry = pullable_entry("hf/some.one/A-GGUF/a-q4_k_m.gguf")
    assert entry.files[0].sources == (HubFile(repository="some.one/A-GGUF", file="a-q4_k_m.gguf"),)
    assert "/" not in entry.name


@pytest.mark.parametrize("name", ["hf/../../etc/passwd.gguf", "hf/a/b/../c.gguf", "hf/a/b.gguf", "../x"])
def test_a_name_that_points_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(NimueError, match="No model is called"):
        pullable_entry(name)


def test_a_path_names_a_file_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    own.touch()
    assert names_own_file(str(own))
    assert local_model_path(str(own), tmp_path) == own
    with pytest.raises(NimueError, match="no model file"):
        local_model_path(str(tmp_path / "other.gguf"), tmp_path)


def test_a_model_that_is_not_here_comes_with_the_line_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(NimueError, match=r"nimue models pull smollm2-135m \(98 MB, once\)"):
        local_model_path("smollm2-135m", tmp_path)
    with pytest.raises(NimueError, match=r"nimue models pull hf/a/b/c\.gguf"):
        local_model_path("hf/a/b/c.gguf", tmp_path)


def test_an_embedding_model_cannot_chat(tmp_path: Path) -> None:
    with pytest.raises(NimueError, match="cannot chat"):
        local_model_path("all-minilm-l6-v2", tmp_path)
