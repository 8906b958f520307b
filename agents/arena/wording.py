"""Rates, differences and strengths as a table on the screen or on the page writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.arena.statistics import Interval, Rate

NONE = "-"


def percent(rate: Rate) -> str:
    return NONE if rate.rate is None else f"{100 * rate.rate:.1f} %"


def span(rate: Rate) -> str:
    """The interval of a rate, in percent."""
    return "" if rate.low is None or rate.high is None else f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"


def points(interval: Interval) -> str:
    """A difference of rates, in percentage points."""
    return f"{100 * interval.value:+.1f}"


def points_span(interval: Interval) -> str:
    return _span(interval, 100, "+.1f")


def logits(interval: Interval) -> str:
    """A strength of the Bradley-Terry model."""
    return f"{interval.value:+.2f}"


def logits_span(interval: Interval) -> str:
    return _span(interval, 1, "+.2f")


def mean_percent(interval: Interval | None) -> str:
    """The mean of two rates."""
    return NONE if interval is None else f"{100 * interval.value:.1f} %"


def mean_span(interval: Interval | None) -> str:
    return "" if interval is None else _span(interval, 100, ".1f")


def p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _span(interval: Interval, scale: float, form: str) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f"{scale * interval.low:{form}} to {scale * interval.high:{form}}"
