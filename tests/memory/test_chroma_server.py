"""Memory on a real Chroma server, over HTTP on loopback."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memory.chroma import close_chroma, open_chroma
from memory.embedders import EmbedderMark, HashingEmbedder
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.indexes import open_index
from memory.recall import ExperienceMemory
from memory.records import Experience, Step
from memory.vectors import Entry
from memory.workspace import Workspace

STARTS_WITHIN = 60.0  # seconds


def start_server(folder: Path) -> tuple["subprocess.Popen[bytes]", str]:
    program = Path(sys.executable).with_name("chroma")
    if not program.exists():
        pytest.skip(f"there is no `chroma` program beside {sys.executable}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [program, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server, f"http://127.0.0.1:{port}"
        try:
            server.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    server.kill()
    server.wait()
    pytest.skip(f"`chroma run` did not listen within {STARTS_WITHIN} s")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server, where = start_server(tmp_path_factory.mktemp("server"))
    yield where
    server.kill()
    server.wait()


def attempt(task_id: str, task: str, fold: int = 0) -> Experience:
    return Experience(
        run_id="r", domain="alfworld", env_name="clean", task_id=task_id, task=task, trial=0, fold=fold,
        outcome="success", steps=(Step("action", "go"),),
    )  # fmt: skip


@pytest.fixture
def other(address: str) -> Iterator[Any]:
    client = open_chroma(address)
    yield client
    close_chroma(client)


def test_memory_on_a_server_remembers_recalls_and_forgets(address: str, other: Any, tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    kept, gone = attempt("t1", "put a clean mug", 0), attempt("t2", "put a clean cup", 1)
    with Workspace(tmp_path) as workspace, open_index(address, "alfworld", embedder.mark) as index:
        memory = ExperienceMemory(ExperienceStore(workspace), index, embedder, domain="alfworld")
        for one in (kept, gone):
            memory.remember(one)
        found = memory.demonstrations("put a clean cup", 2, task_id="new", env_name="clean")
        assert found.chosen == (gone, kept)
        assert memory.demonstrations("put a cup", 2, task_id="new", not_fold=1).chosen == (kept,)
        memory.forget(gone.id)
        # Another client of the same server sees it gone as well, id, metadata and vector.
        (part,) = other.list_collections()
        left = part.get(include=["embeddings", "metadatas"])
        assert left["ids"] == [f"{kept.id}:task:0"]
        assert left["embeddings"] is not None and len(left["embeddings"]) == 1
        assert memory.check().in_step


def test_a_collection_on_a_server_refuses_another_embedder(address: str) -> None:
    with open_index(address, "owned", EmbedderMark("one", 4)) as index:
        index.upsert([Entry("a", np.ones(4, np.float32), {"kind": "task"})])
    with pytest.raises(StoreError, match="not of other"):
        open_index(address, "owned", EmbedderMark("other", 4))
    with open_index(address, "owned", EmbedderMark("other", 4), renew=True) as renewed:
        assert len(renewed) == 0


def test_a_server_that_goes_away_loses_nothing(tmp_path: Path) -> None:
    server, where = start_server(tmp_path / "server")
    embedder = HashingEmbedder()
    with Workspace(tmp_path / "memory") as workspace, open_index(where, "alfworld", embedder.mark) as index:
        memory = ExperienceMemory(ExperienceStore(workspace), index, embedder, domain="alfworld")
        memory.remember(attempt("t1", "put a clean mug"))
        server.kill()
        server.wait()
        with pytest.raises(StoreError, match="nothing is lost"):
            memory.remember(attempt("t2", "heat an egg"))
        assert len(memory.store) == 2
        rebuilt = ExperienceMemory(
            memory.store, open_index(None, "alfworld", embedder.mark), embedder, domain="alfworld"
        )
        assert rebuilt.rebuild() == 2
