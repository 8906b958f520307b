"""Another build of the engine's server, named by the user: started, asked, and ended with this process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from agents.errors import NimueError, NimueFailure
from agents.llm.engine import Engine, EngineSettings
from agents.llm.own_server import OWN_SERVER, OwnServer, own_server

_STAND_IN = '''#!{python}
"""Answers whatever is asked with its own arguments and key."""
import http.server, json, os, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        told = {{"arguments": sys.argv[1:], "key": os.environ.get("LLAMA_API_KEY"), "process": os.getpid()}}
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_):
        pass

port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
'''


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    return program(tmp_path, _STAND_IN.format(python=sys.executable))


def program(folder: Path, text: str) -> Path:
    path = folder / "llama-server"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def told(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}/told", timeout=10) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def has_ended(process: object) -> bool:
    for _ in range(100):
        try:
            os.kill(int(str(process)), 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_it_gets_what_the_embedded_engine_gets(
    stand_in: Path, smollm2_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWN_SERVER, str(stand_in))
    engine = Engine(EngineSettings(path=smollm2_path, slots=2, context=512))
    found = told(engine.url)
    engine.stop()
    assert found["key"] == engine.key
    arguments = found["arguments"]
    assert isinstance(arguments, list)
    assert engine.key not in arguments  # anybody on the machine can read those
    named = dict(zip(arguments[::2], arguments[1::2], strict=False))
    assert named["--model"] == str(smollm2_path)
    assert (named["--parallel"], named["--ctx-size"]) == ("2", "1024")
    assert (named["--temp"], named["--dry-multiplier"]) == ("0.7", "0.4")
    assert named["--slot-save-path"].startswith(str(engine.snapshots))
    assert has_ended(found["process"])


def test_it_ends_with_the_process_that_started_it(stand_in: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom agents.llm.own_server import OwnServer\n"
        f"server = OwnServer(Path({str(stand_in)!r}), [], {{}}, Path({str(tmp_path / 'log')!r}))\n"
        "print(server.listening_address, flush=True)\ntime.sleep(60)\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environ)
    assert starter.stdout is not None
    found = told(starter.stdout.readline().strip())
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    assert has_ended(found["process"])


def test_a_program_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = program(tmp_path, "#!/bin/sh\necho no such model\nexit 3\n")
    with pytest.raises(NimueFailure, match=r"NIMUE_LLAMA_SERVER.* did not start .*: no such model"):
        OwnServer(broken, [], {}, tmp_path / "log")


def test_what_is_no_program_is_refused_by_name(tmp_path: Path) -> None:
    assert own_server({}) is None
    (tmp_path / "text").write_text("not a program")
    for path in (tmp_path / "text", tmp_path / "missing", tmp_path):
        with pytest.raises(NimueError, match=f"NIMUE_LLAMA_SERVER names {path}, which is no program"):
            own_server({OWN_SERVER: str(path)})


@pytest.mark.real_model
def test_a_real_build_speaks(smollm2_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shutil.which("llama-server")
    if found is None:
        pytest.skip("no llama-server of its own on this machine's PATH")
    monkeypatch.setenv(OWN_SERVER, found)
    engine = Engine(EngineSettings(path=smollm2_path, slots=1, context=512))
    asked = urllib.request.Request(
        f"{engine.url}/completion",
        data=json.dumps({"prompt": "Once upon a time", "n_predict": 4}).encode(),
        headers={"Authorization": f"Bearer {engine.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert json.loads(answer.read())["content"]
    engine.stop()
