"""The pictures of a report as SVG text for light and dark pages: lines and letters take the page's ink.

Only seat numbers and roles are written in them: nothing that a player said or was called.
"""

import io
import re
from math import ceil
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from agents.arena.report import Story
from agents.arena.report_words import role_title
from games.avalon.metrics.exposure import Moment

_INK = "#010203"  # stands for the page's own colour, whatever that is
_GOOD, _EVIL, _MERLIN = "#3b82c4", "#d0553f", "#8d6cab"
_BELIEF = LinearSegmentedColormap.from_list("belief", [_GOOD, "#c9cbd1", _EVIL])
_STYLE: dict[Any, Any] = {  # matplotlib types every key of its own
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
}
_COLUMNS = 2
_WIDTH = 9.0
_MOST_NUMBERED = 24
"""Moments for whose percentages a row has room."""


def public_map(story: Story) -> Figure:
    """How likely each seat is Evil to whom has only seen the table: seats by moments."""
    seats = story.game.setup.num_players
    with mpl.rc_context(_STYLE):
        figure = _figure(0.27 * seats + 1.1)
        axes = figure.subplots()
        _heat(axes, story.course.public_TN, story, every_label=True)
        if len(story.course.moments) <= _MOST_NUMBERED:
            _numbers(axes, story.course.public_TN)
        _colour_bar(figure, [axes])
        return figure


def observers_map(story: Story) -> Figure:
    """The same in the eyes of each seat: notes where it takes notes, else what it should believe."""
    observers = story.course.observers
    rows = ceil(len(observers) / _COLUMNS)
    with mpl.rc_context(_STYLE):
        figure = _figure(rows * (0.2 * story.game.setup.num_players + 0.75) + 0.2)
        grid = figure.subplots(rows, _COLUMNS, squeeze=False)
        panels = list(grid.flat)
        for axes, observer in zip(panels, observers, strict=False):
            _heat(axes, observer.evil_TN, story, every_label=False)
            role = role_title(story.game.role_of(observer.seat))
            source = "its notes" if observer.source == "notes" else "what it should believe"
            axes.set_title(f"seat {observer.seat}, {role}: {source}", fontsize=9, loc="left")
        for axes in panels[len(observers) :]:
            axes.set_axis_off()
        _colour_bar(figure, panels)
        return figure


def course_plot(story: Story) -> Figure:
    """The table's belief in the true Evil set, and Merlin exposure, over time, with the turning points."""
    course = story.course
    places = np.arange(len(course.moments))
    with mpl.rc_context(_STYLE):
        figure = _figure(2.9)
        axes = figure.subplots()
        _quest_lines(axes, course.moments)
        axes.plot(
            places, course.true_set_T, "-o", color=_EVIL, markersize=3.5, label="table: the true Evil set"
        )
        marked = [turn.place for turn in story.turns_of_set]
        axes.plot(marked, course.true_set_T[marked], "o", color=_EVIL, markersize=9, fillstyle="none")
        if course.exposure_T is not None:
            axes.plot(
                places, course.exposure_T, "-s", color=_MERLIN, markersize=3.5, label="Evil: the true Merlin"
            )
            marked = [turn.place for turn in story.turns_of_merlin]
            axes.plot(marked, course.exposure_T[marked], "s", color=_MERLIN, markersize=9, fillstyle="none")
            axes.axhline(story.chance_of_hit, color=_MERLIN, linewidth=0.8, linestyle=":")
            axes.text(
                len(places) - 0.95, story.chance_of_hit, "chance", color=_MERLIN, va="center", fontsize=8
            )
        axes.set_ylim(0, 1.02)
        axes.set_xlim(-0.4, len(places) - 0.4)
        axes.set_ylabel("probability")
        _time_axis(axes, course.moments, every_label=True, offset=0)
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        return figure


def _heat(axes: Axes, value_TN: NDArray[np.float64], story: Story, *, every_label: bool) -> None:
    game = story.game
    axes.pcolormesh(
        np.ma.masked_invalid(value_TN.T), cmap=_BELIEF, vmin=0, vmax=1, edgecolors="none", linewidth=0
    )
    axes.set_ylim(game.setup.num_players, 0)
    seats = [
        f"{seat} {role_title(game.role_of(seat))}{' *' if seat in game.evil else ''}"
        for seat in game.setup.seats
    ]
    axes.set_yticks(np.arange(game.setup.num_players) + 0.5, seats, fontsize=9 if every_label else 7.5)
    for place, moment in enumerate(story.course.moments):
        if moment.type == "quest":
            axes.axvline(place + 1, color=_INK, linewidth=0.8)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    _time_axis(axes, story.course.moments, every_label=every_label, offset=0.5)


def _numbers(axes: Axes, value_TN: NDArray[np.float64]) -> None:
    """Percentages in the cells, dark in every theme, for the cells keep their colours."""
    for (place, row), value in np.ndenumerate(value_TN):
        axes.text(
            place + 0.5,
            row + 0.5,
            f"{100 * value:.0f}",
            color="#14161a",
            fontsize=7.5,
            ha="center",
            va="center",
        )


def _time_axis(axes: Axes, moments: tuple[Moment, ...], *, every_label: bool, offset: float) -> None:
    """Moments by name; in small panels the quests only."""
    shown = [
        (place, moment.label)
        for place, moment in enumerate(moments)
        if every_label or moment.type in ("quest", "knowledge")
    ]
    crowded = every_label and len(shown) > 16
    axes.set_xticks(
        [place + offset for place, _ in shown],
        [label for _, label in shown],
        rotation=90 if crowded else 0,
        fontsize=8 if every_label else 7.5,
    )


def _quest_lines(axes: Axes, moments: tuple[Moment, ...]) -> None:
    for place, moment in enumerate(moments):
        if moment.type == "quest":
            axes.axvline(place, color=_INK, linewidth=0.6, alpha=0.25)


def _colour_bar(figure: Figure, panels: list[Axes]) -> None:
    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, 1), _BELIEF.resampled(25))
    height = figure.get_size_inches()[1]
    bar = figure.colorbar(scale, ax=panels, shrink=min(0.8, 2.5 / height), aspect=14, pad=0.02)
    bar.set_ticks([0, 0.5, 1], labels=["Good", "?", "Evil"])
    bar.outline.set_visible(False)
    assert bar.solids is not None
    bar.solids.set_rasterized(False)  # drawn, not an image: the page allows none
    bar.solids.set_edgecolor("face")
    bar.ax.tick_params(length=0)


def _figure(height: float) -> Figure:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    FigureCanvasSVG(figure)
    figure.patch.set_alpha(0)
    return figure


def svg_text(figure: Figure, name: str, description: str) -> str:
    """The figure as an SVG element; `name`, a plain word, keeps its ids apart from those of other pictures.

    The description must be our own words: it is put in as it stands.
    """
    buffer = io.StringIO()
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    return text.replace("<svg ", f'<svg role="img" aria-label="{description}" ', 1)
