"""The plots of a tournament as SVG text; what is not a colour takes the ink of the page, light or dark."""

import io
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from agents.arena.ratings import Rating
from agents.arena.standings import Cell, Standings
from agents.arena.statistics import Interval
from games.avalon.state import EndReason

_INK = "#010203"  # stands for the page's own colour, whatever that is
_INCHES_A_LETTER = 0.08
_COLOURS = {"good": "#3b82c4", "evil": "#d0553f"}
_REASONS: dict[EndReason, tuple[str, str]] = {
    "merlin_survived": ("Merlin survived", "#3b82c4"),
    "three_successes": ("three successes", "#7fb2dd"),
    "merlin_shot": ("Merlin shot", "#e39c37"),
    "three_fails": ("three fails", "#d0553f"),
    "five_rejections": ("five rejections", "#8d6cab"),
}
_STYLE: dict[Any, Any] = {  # matplotlib types its keys as one Literal of three hundred
    "svg.fonttype": "none",
    "svg.hashsalt": "nimue",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
}


def ratings_plot(standings: Standings) -> str:
    """Bradley-Terry strength of every agent as Good and as Evil, with intervals, the strongest on top."""
    ratings = standings.ratings
    order = sorted(ratings.good, key=lambda agent: _strength(ratings.good[agent], ratings.evil[agent]))
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.55 * len(order) + 1.2, order)
        for shift, side, of_side in ((0.13, "good", ratings.good), (-0.13, "evil", ratings.evil)):
            for place, agent in enumerate(order):
                _interval(axes, of_side[agent].theta, place + shift, side)
            axes.plot(
                [], [], "o" if side == "good" else "s", color=_COLOURS[side], label=f"as {side.title()}"
            )
        axes.axvline(0, color=_INK, linewidth=0.6, alpha=0.5)
        axes.set_yticks(range(len(order)), order)
        axes.set_ylim(-0.6, len(order) - 0.4)
        axes.set_xlabel("Bradley-Terry strength (logits), 95 % interval")
        figure.legend(frameon=False, loc="outside upper left", ncols=len(_REASONS))
        return _svg(figure)


def _strength(good: Rating, evil: Rating) -> float:
    return good.theta.value + evil.theta.value


def _interval(axes: Axes, theta: Interval, height: float, side: str) -> None:
    if theta.low is not None and theta.high is not None:
        axes.plot([theta.low, theta.high], [height, height], color=_COLOURS[side], linewidth=2)
    axes.plot(theta.value, height, "o" if side == "good" else "s", color=_COLOURS[side])


def reasons_plot(standings: Standings, labels: Sequence[str]) -> str:
    """For every pair, the shares of the reasons why its games ended."""
    cells = standings.cells
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.36 * len(cells) + 1.2, labels)
        begins = [0.0] * len(cells)
        for reason, (label, colour) in _REASONS.items():
            shares = [cell.reasons.get(reason, 0) / cell.wins.trials for cell in cells]
            if any(shares):
                axes.barh(range(len(cells)), shares, left=begins, height=0.75, color=colour, label=label)
                begins = [begin + share for begin, share in zip(begins, shares, strict=True)]
        _name_rows(axes, labels)
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of games")
        figure.legend(frameon=False, loc="outside upper left", ncols=len(_REASONS))
        return _svg(figure)


def lengths_plot(standings: Standings, labels: Sequence[str]) -> str:
    """For every pair, the mean number of teams proposed and of quests played."""
    cells = standings.cells
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.36 * len(cells) + 1.2, labels)
        _lengths(axes, cells, "proposals", "#8d6cab", "proposals")
        _lengths(axes, cells, "quests", "#5b9a68", "quests played")
        _name_rows(axes, labels)
        axes.set_xlim(left=0)
        axes.set_xlabel("mean a game")
        figure.legend(frameon=False, loc="outside upper left", ncols=len(_REASONS))
        return _svg(figure)


def _lengths(
    axes: Axes, cells: Sequence[Cell], what: Literal["proposals", "quests"], colour: str, label: str
) -> None:
    shift = -0.19 if what == "proposals" else 0.19
    lengths = [cell.proposals if what == "proposals" else cell.quests for cell in cells]
    rows = [place + shift for place in range(len(cells))]
    axes.barh(rows, lengths, height=0.36, color=colour, label=label)


def _name_rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)  # the first on top


def _figure(height: float, labels: Sequence[str]) -> tuple[Figure, Axes]:
    width = 7 + _INCHES_A_LETTER * max(map(len, labels))
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    figure.patch.set_alpha(0)
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    return figure, axes


def _svg(figure: Figure) -> str:
    """The figure as an SVG element to be put into a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace(_INK, "currentColor")
