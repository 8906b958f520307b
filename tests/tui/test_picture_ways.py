"""How the terminal's way to draw pictures is found, and pictures drawn that way."""

import base64
import io
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual_image import renderable
from textual_image.widget import SixelImage

from tests.tui.driving import until
from tui.drawn_pictures import draw
from tui.half_blocks import UPPER_HALF
from tui.picture_ways import may_show_pictures, way_to_draw
from tui.widgets.picture_view import PictureView

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}
PLACEHOLDER = "\U0010eeee"


class Terminal(io.StringIO):
    """Takes what is written to it, as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr(sys, "__stdout__", terminal)
    return terminal


@pytest.mark.parametrize(
    ("environ", "may"),
    [
        (KITTY, True),
        ({"TERM": "xterm-ghostty"}, True),
        ({"TERM": "foot"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, True),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230800"}, True),
        ({"TERM": "xterm-256color"}, False),
        ({}, False),
        ({**KITTY, "TERM": "tmux-256color", "TMUX": "/tmp/tmux,1,0"}, False),
    ],
)
def test_only_terminals_known_for_pictures_are_asked(environ: Mapping[str, str], may: bool) -> None:
    assert may_show_pictures(environ) is may


@pytest.mark.parametrize(
    ("answered", "way"),
    [(renderable.TGPImage, "kitty"), (renderable.SixelImage, "sixel"), (renderable.HalfcellImage, "blocks")],
)
def test_the_way_is_what_the_terminal_answered(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal, answered: type, way: str
) -> None:
    monkeypatch.setattr(renderable, "Image", answered)
    assert way_to_draw("auto", KITTY) == way
    assert way_to_draw("auto", {"TERM": "linux"}) == "blocks"
    assert way_to_draw("blocks", KITTY) == "blocks"
    assert way_to_draw("sixel", {"TERM": "linux"}) == "sixel"


def test_what_is_no_terminal_gets_half_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())
    assert way_to_draw("kitty", KITTY) == "blocks"


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (3, 2)])
def test_a_picture_is_sent_once_and_stands_as_placeholders(terminal: Terminal, size: tuple[int, int]) -> None:
    drawn = draw(Image.new("RGB", size, (200, 10, 10)), 40, 12, "kitty")
    assert len(drawn.lines) <= 12
    assert {cell_len(line.plain) for line in drawn.lines} == {drawn.lines[0].plain.count(PLACEHOLDER)}
    assert cell_len(drawn.lines[0].plain) == 40 or len(drawn.lines) == 12
    sent = "".join(re.findall(r"\x1b_G[^;]*f=100[^;]*;([^\x1b]*)\x1b\\", terminal.getvalue()))
    received = Image.open(io.BytesIO(base64.b64decode(sent)))
    assert received.convert("RGB").getpixel((0, 0)) == (200, 10, 10)
    number = re.search(r"i=(\d+)", terminal.getvalue())
    assert number is not None
    drawn.forget()
    assert terminal.getvalue().endswith(f"\x1b_Ga=d,I={number[1]}\x1b\\")


def test_sixel_stands_in_no_line_of_text() -> None:
    drawn = draw(Image.new("RGB", (4, 4), (200, 10, 10)), 2, 1, "sixel")
    assert [line.plain for line in drawn.lines] == [UPPER_HALF * 2]


class _OnePicture(App[None]):
    def __init__(self, view: PictureView) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        yield self._view


async def test_with_sixel_the_pixels_are_painted_where_the_picture_stands(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "red.png"
    Image.new("RGB", (40, 20), (200, 10, 10)).save(file)
    view = PictureView("sixel")
    app = _OnePicture(view)
    async with app.run_test(size=(20, 8)) as pilot:
        view.read(file)
        await until(pilot, lambda: bool(app.query(SixelImage)))
        strips = app.screen._compositor.render_strips()
        painted = [part.text for strip in strips for part in strip if part.text.startswith("\x1bP")]
        assert len(painted) == 1
        width, height = map(int, re.findall(r"\d+", painted[0].partition('"1;1')[2])[:2])
        assert width == 2 * height
        assert ";2;78;4;4" in painted[0]  # 200 and 10 of 255 in percent


async def test_with_kitty_the_picture_stands_there_until_it_is_taken_away(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "red.png"
    Image.new("RGB", (40, 20), (200, 10, 10)).save(file)
    view = PictureView("kitty")
    app = _OnePicture(view)
    async with app.run_test(size=(20, 8)) as pilot:
        view.read(file)
        await until(pilot, lambda: PLACEHOLDER in view.render_line(0).text)
        await view.remove()
        assert "a=d" in terminal.getvalue()
