"""The suite's ground rules: no network but loopback, and no key or setting of the person who runs it.

And what keeps it fast: one thread a worker, and a garbage collector that leaves imported modules alone.
"""

import gc
import os
import socket
from typing import Any

import pytest

_SETTINGS = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "NIMUE_MODEL",
    "LANGSMITH_TRACING",
    "LANGCHAIN_TRACING_V2",
)


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_network_but_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def connect_to_loopback_only(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise AssertionError(f"A test tried to reach {address} over the network.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_to_loopback_only)


def pytest_collection_finish() -> None:
    """What was imported lives as long as the process, so the collector may leave it alone.

    Whole games and apps make many small objects: with the thresholds as they come, the collector would walk
    through all modules every few tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


os.environ.setdefault("NO_COLOR", "1")
# Set before torch and NumPy are imported, also in the processes that tests start: there is a worker a core,
# and the threads of one worker's tensor operations would wait for those of the other.
os.environ["OMP_NUM_THREADS"] = "1"
