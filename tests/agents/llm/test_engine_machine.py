"""What the engine finds out before it starts: cores, memory, and the header of a model file."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.errors import NimueError
from agents.llm.gguf_header import GgufHeader, read_gguf_header
from agents.llm.machine import memory_bytes, physical_cores


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def pair(key: str, kind: int, value: bytes) -> bytes:
    return string(key) + struct.pack("<I", kind) + value


def gguf(path: Path, **changed: bytes) -> Path:
    pairs = {
        "general.architecture": pair("general.architecture", 8, string("tiny")),
        "tokens": pair("tokens", 9, struct.pack("<IQ", 8, 2) + string("a") + string("bc")),
        "scores": pair("scores", 9, struct.pack("<IQ3f", 6, 3, 1, 2, 3)),
        "tiny.context_length": pair("tiny.context_length", 4, struct.pack("<I", 2048)),
        "tiny.block_count": pair("tiny.block_count", 4, struct.pack("<I", 3)),
        "tiny.embedding_length": pair("tiny.embedding_length", 4, struct.pack("<I", 64)),
        "tiny.attention.head_count": pair("tiny.attention.head_count", 4, struct.pack("<I", 8)),
        "tiny.attention.head_count_kv": pair("tiny.attention.head_count_kv", 4, struct.pack("<I", 2)),
        "tokenizer.chat_template": pair("tokenizer.chat_template", 8, string("{{ messages }}")),
    } | {name.replace("__", "."): data for name, data in changed.items()}
    kept = [data for data in pairs.values() if data]
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(kept)) + b"".join(kept))
    return path


def test_a_header_tells_the_context_and_the_cost_of_a_token(tmp_path: Path) -> None:
    # 3 layers x keys and values x 2 heads x width 64 / 8 x 2 bytes
    assert read_gguf_header(gguf(tmp_path / "a.gguf")) == GgufHeader(
        "tiny", 2048, 3 * 2 * 2 * 8 * 2, "{{ messages }}"
    )


def test_without_grouped_heads_every_head_is_cached(tmp_path: Path) -> None:
    header = read_gguf_header(gguf(tmp_path / "a.gguf", tiny__attention__head_count_kv=b""))
    assert header.cache_bytes_per_token == 3 * 2 * 8 * 8 * 2


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"PK\x03\x04" + bytes(60), b"GGUF" + struct.pack("<IQQ", 3, 0, 5)]
)
def test_what_is_not_a_model_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.gguf"
    path.write_bytes(content)
    with pytest.raises(NimueError, match=r"b\.gguf is not a GGUF model"):
        read_gguf_header(path)


def test_a_model_without_layers_is_refused(tmp_path: Path) -> None:
    path = gguf(tmp_path / "a.gguf", tiny__block_count=b"")
    with pytest.raises(NimueError, match=r"tiny\.block_count"):
        read_gguf_header(path)


@settings(deadline=None)
@given(cut=st.integers(0, 400), noise=st.binary(max_size=8))
def test_damage_is_an_error_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    path = gguf(tmp_path_factory.mktemp("gguf") / "a.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + noise + whole[cut + len(noise) :])
    try:
        header = read_gguf_header(path)
    except NimueError:
        return
    assert header.context_length > 0


def cpus(folder: Path, siblings: list[str]) -> Path:
    for number, text in enumerate(siblings):
        topology = folder / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(text + "\n")
    return folder


def test_hyperthreads_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert physical_cores(cpus(tmp_path / "cpu", ["0,2", "1,3", "0,2", "1,3"]), tmp_path) == 2


def test_only_cores_this_process_may_use_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert physical_cores(cpus(tmp_path / "cpu", ["0", "1", "2", "3"]), tmp_path) == 1


@pytest.mark.parametrize(("limit", "cores"), [("max 100000", 4), ("150000 100000", 2), ("10000 100000", 1)])
def test_a_containers_quota_is_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    (tmp_path / "cpu.max").write_text(limit + "\n")
    assert physical_cores(tmp_path / "nothing", tmp_path) == cores


def test_a_containers_memory_limit_is_a_bound(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000000\n")
    assert memory_bytes(tmp_path) == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_bytes(tmp_path) > 1_000_000
