"""Which way pictures get into the terminal: by the picture protocol it speaks, else as half blocks.

With Kitty's protocol a picture is sent once and then stands wherever its placeholder signs do, so it scrolls
like text; Sixel paints pixels over a place of the screen and is used where a picture has a screen to itself.
Both are the work of `textual-image`, which asks the terminal what it knows when it is first imported: that
must be before the app reads the keys, else the answer would be taken for them.
"""

import sys
from collections.abc import Mapping
from typing import Literal

Way = Literal["blocks", "kitty", "sixel"]
WayAsked = Literal["auto", "blocks", "kitty", "sixel"]

_TERMS = ("xterm-kitty", "xterm-ghostty", "foot", "mlterm", "contour", "wezterm")  # how TERM begins there
_PROGRAMS = frozenset({"ghostty", "WezTerm", "iTerm.app", "mintty"})  # TERM_PROGRAM
_OWN_VARIABLES = ("KITTY_WINDOW_ID", "KONSOLE_VERSION")
_MULTIPLEXERS = ("TMUX", "STY", "ZELLIJ")  # these keep pictures from the terminal behind them


def way_to_draw(asked: WayAsked, environ: Mapping[str, str]) -> Way:
    """Choose how pictures are drawn; to be called before the app opens.

    Only a terminal that is known to show pictures is asked: others would keep the app waiting for an answer.
    """
    if asked == "blocks" or not (sys.__stdout__ is not None and sys.__stdout__.isatty()):
        return "blocks"
    if asked == "auto" and not may_show_pictures(environ):
        return "blocks"
    found = _way_that_was_answered()
    return found if asked == "auto" else asked


def may_show_pictures(environ: Mapping[str, str]) -> bool:
    """Whether the environment is that of a terminal with a picture protocol, with nothing in between."""
    if any(environ.get(name) for name in _MULTIPLEXERS):
        return False
    return (
        environ.get("TERM", "").startswith(_TERMS)
        or environ.get("TERM_PROGRAM") in _PROGRAMS
        or any(environ.get(name) for name in _OWN_VARIABLES)
    )


def _way_that_was_answered() -> Way:
    from textual_image import renderable

    if renderable.Image is renderable.TGPImage:
        return "kitty"
    return "sixel" if renderable.Image is renderable.SixelImage else "blocks"
