"""The app in a browser: who may connect, and what one sees in a real one."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

aiohttp = pytest.importorskip("aiohttp", reason="needs nimue[serve]")
pytest.importorskip("textual_serve", reason="needs nimue[serve]")

ROOT = Path(__file__).parents[2]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server as `nimue --serve` starts it."""
    port = free_port()
    code = "from tui.front_door import main; main()"
    command = [sys.executable, "-c", code, "--serve", "--port", str(port), "--runs", str(tmp_path / "runs")]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    server = subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        assert server.stderr is not None
        server.stderr.close()


def _wait_for(url: str, server: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert server.poll() is None, server.stderr.read() if server.stderr else "it has ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError("it does not answer")


async def _status(url: str, origin: str | None) -> int:
    """What the server answers to a WebSocket that a page of this origin opens."""
    headers = {} if origin is None else {"Origin": origin}
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(f"{url}/ws?width=80&height=24", headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            status: int = error.status
            return status


async def test_only_its_own_page_may_connect(address: str) -> None:
    foreign = ("https://example.org", "http://127.0.0.1:1", address.replace("http:", "https:"), "null", None)
    for origin in foreign:
        assert await _status(address, origin) == 403
    assert await _status(address, address) == 101
    assert await _status(address, address.replace("127.0.0.1", "localhost")) == 101


def test_it_listens_on_this_machine_only(address: str) -> None:
    port = int(address.rpartition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # what is bound to every address could not be bound here again


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome on the search path")
def test_the_app_is_drawn_and_typed_into_in_a_real_browser(address: str, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1100, "height": 640})
            page.goto(address)
            home = _settled(page, tmp_path, unlike=None)
            page.keyboard.press("8")
            settings = _settled(page, tmp_path, unlike=home)
            page.keyboard.press("Escape")
            assert _difference(home, settings) > MOVED
            foreign = browser.new_page()
            foreign.goto("data:text/html,<p>elsewhere")
            script = f"""new Promise(done => {{
                const socket = new WebSocket("{address.replace("http", "ws")}/ws?width=80&height=24");
                socket.onopen = () => done("open"); socket.onerror = () => done("refused");
            }})"""
            assert foreign.evaluate(script) == "refused"
        finally:
            browser.close()


MOVED = 0.01
"""Share of the pixels that differ at least between two places; a blinking cursor is far less."""


def _settled(page: Any, folder: Path, *, unlike: Image.Image | None) -> Image.Image:
    """The page once a screen of the app is drawn, which is another one than `unlike`.

    The terminal in the page is drawn on a canvas, so there is no text to look for.
    """
    end = time.monotonic() + 120
    while time.monotonic() < end:
        file = folder / "page.png"
        page.screenshot(path=str(file))
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
        colours = picture.getcolors(1_000_000)
        is_drawn = colours is not None and len(colours) > LEAST_COLOURS
        if is_drawn and (unlike is None or _difference(unlike, picture) > MOVED):
            return picture
        page.wait_for_timeout(200)
    raise AssertionError("the app is not drawn")


LEAST_COLOURS = 100
"""Letters that are drawn smoothly in the theme's colours make hundreds; an empty page has few."""


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Share of the pixels that differ."""
    changed = ImageChops.difference(one, other).convert("L").point(lambda value: 255 * (value > 32))
    return changed.histogram()[255] / (one.width * one.height)
