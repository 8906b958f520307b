"""The app in a real terminal: drawn, driven by keys, resized, quit."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.made_up_runs import lab_run

ROOT = Path(__file__).parents[2]
TMUX = shutil.which("tmux")
_NOT_OURS = ("TMUX", "NO_COLOR", "COLUMNS", "LINES")
"""Settings of the terminal that the tests run in; those of size would hold the app to it."""
pytestmark = pytest.mark.skipif(TMUX is None, reason="needs tmux on the search path")


class Terminal:
    """A terminal of 80 by 24 that the app runs in."""

    def __init__(self, folder: Path) -> None:
        assert TMUX is not None
        self._tmux = [TMUX, "-S", str(folder / "tmux"), "-f", "/dev/null"]
        code = "from tui.front_door import main; main()"
        app = shlex.join([sys.executable, "-c", code, "--runs", "runs", "--memory", "memory"])
        env = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "NIMUE_SYSTEMS": "tests.backends.lab.shelf"}
        given = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        self.run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(folder), *given, app)

    def run(self, *words: str) -> str:
        environ = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        done = subprocess.run(
            [*self._tmux, *words], capture_output=True, text=True, check=False, timeout=60, env=environ
        )
        return done.stdout

    def keys(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    @property
    def text(self) -> str:
        return self.run("capture-pane", "-p")

    @property
    def is_open(self) -> bool:
        return bool(self.run("list-sessions"))

    def shows(self, words: str) -> None:
        self.until(lambda text: words in text)

    def until(self, condition: Callable[[str], bool], seconds: float = 90.0) -> None:
        end = time.monotonic() + seconds
        while not condition(self.text):
            assert time.monotonic() < end, f"it did not come about in\n{self.text}"
            time.sleep(0.1)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    lab_run(tmp_path / "runs", "lab-1")
    opened = Terminal(tmp_path)
    yield opened
    opened.run("kill-server")


def test_a_run_is_looked_at_in_a_terminal_that_is_resized_and_the_app_is_quit(terminal: Terminal) -> None:
    terminal.shows("Latest runs")
    terminal.keys("7")
    terminal.shows("runs/lab-1")  # what the line below says of the run under the cursor: Enter finds it there
    terminal.keys("Enter")
    terminal.shows("┤")
    assert "slope" in terminal.text
    terminal.run("resize-window", "-x", "130", "-y", "40")
    terminal.until(lambda text: max(map(len, text.splitlines()), default=0) > 110)
    terminal.shows("Results in full")
    terminal.keys("Escape")
    terminal.shows("Filter")
    terminal.keys("C-q")
    terminal.until(lambda _: not terminal.is_open)


def test_the_app_quits_when_its_terminal_is_gone_without_a_word(tmp_path: Path) -> None:
    """A terminal that does not control the app's session sends no signal when it is closed."""
    master, slave = os.openpty()
    code = "from tui.front_door import main; main()"
    env = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TERM": "xterm-256color"}
    app = subprocess.Popen(
        [sys.executable, "-c", code, "--runs", "runs", "--memory", "memory"],
        cwd=tmp_path, env={**os.environ, **env},
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        drawn = b""
        while b"nimue" not in drawn:
            drawn += os.read(master, 65536)
        os.close(master)
        assert app.wait(timeout=90) == 0
    finally:
        app.kill()
        app.wait()
