"""Where a game is shown: the table on a terminal or in a pipe, or JSON lines for a program."""

import sys
from collections.abc import Mapping
from json import dumps
from typing import Any

from rich.console import Console

from agents.cli.table_view import Show, TableView, may_see
from agents.llm.stream_fields import Delta
from agents.recon.config import GameConfig
from agents.recon.game import GameReport
from agents.recon.state import pack_event
from agents.runs.folder import RunFolder
from games.avalon.actions import Decision, DecisionKind
from games.avalon.events import Event

_DOING: dict[DecisionKind, str] = {
    "propose": "choosing a team",
    "speak": "about to speak",
    "vote": "voting",
    "card": "on the quest",
    "inspect": "asking the Lady of the Lake",
    "evil_talk": "whispering",
    "shoot": "looking for Merlin",
    "bid": "bidding to speak",
}

_TELLING = frozenset({"evil_talk", "shoot"})
"""Decisions that tell, by who takes them, who is Evil."""


class LiveScreen:
    """The table as a person watches it. What is not the game itself goes to stderr."""

    def __init__(self, console: Console, show: Show, names: Mapping[int, str]) -> None:
        self._console = console
        self._show = show
        self._view = TableView(console, show=show, names=names)

    def started(self, run: RunFolder, config: GameConfig, why: str) -> None:
        """Say which model plays and why, and where the run is kept.

        The deal follows from the seed, so only who may see everything is told it.
        """
        seed = f"seed {config.seed}, " if self._show == "god" else ""
        print(f"{config.setup['name']}, {seed}{why}; run {run.path}", file=sys.stderr)

    def event(self, event: Event) -> None:
        self._view.event(event)

    def delta(self, seat: int, stage: str, delta: Delta) -> None:
        self._view.delta(seat, stage, delta.field, delta.text, restart=delta.restart)

    def awaiting(self, decisions: tuple[Decision, ...]) -> None:
        kind = decisions[0].kind
        seats = [decision.seat for decision in decisions]
        if kind in _TELLING and self._show not in ("god", *seats):
            seats = []
        self._view.waiting(seats, _DOING[kind])

    def paused(self, run: RunFolder, reason: str) -> None:
        self._view.close()
        print(f"The game is kept; go on with: avalon play --resume {run.path}", file=sys.stderr)

    def finished(self, run: RunFolder, report: GameReport) -> None:
        self._view.close()
        self._console.print("\n".join(_summary(report)), markup=False, soft_wrap=True)


def _summary(report: GameReport) -> list[str]:
    used = report.usage
    minutes, seconds = divmod(round(report.seconds), 60)
    lines = []
    if used.calls:
        share = f" ({100 * used.cached_tokens // used.input_tokens} % cached)" if used.input_tokens else ""
        cost = "cost unknown" if report.cost is None else f"${report.cost:.4f}"
        lines.append(
            f"{minutes}:{seconds:02} minutes, {used.calls} calls, {used.input_tokens:,} tokens in{share}, "
            f"{used.output_tokens:,} out, {cost}"
        )
    if report.fallbacks:
        note = "" if report.valid else "; too many for the game to count as a measurement"
        lines.append(f"{report.fallbacks} of {report.decisions} decisions fell back to a rule{note}")
    return [*lines, f"watch it again: avalon replay {report.transcript}"]


class JsonScreen:
    """One JSON object a line on stdout, and nothing else there."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._num_shown = 0

    def started(self, run: RunFolder, config: GameConfig, why: str) -> None:
        hidden = set() if self._show == "god" else {"seed"}  # the deal follows from it
        _say(kind="started", run=str(run.path), why=why, asked=config.model_dump(exclude=hidden))

    def event(self, event: Event) -> None:
        if may_see(self._show, event):
            # Numbered as shown: gaps would count the hidden events, and with them the Evil seats on a quest.
            _say(kind="game", n=self._num_shown, event=pack_event(event))
            self._num_shown += 1

    def delta(self, seat: int, stage: str, delta: Delta) -> None:
        """Growing texts are for eyes; the whole text comes with its event."""

    def awaiting(self, decisions: tuple[Decision, ...]) -> None:
        """Who is thinking is for eyes."""

    def paused(self, run: RunFolder, reason: str) -> None:
        _say(kind="paused", run=str(run.path), reason=reason)

    def finished(self, run: RunFolder, report: GameReport) -> None:
        _say(kind="finished", run=str(run.path), **report.to_json())


def _say(**line: Any) -> None:
    print(dumps(line, ensure_ascii=False), flush=True)
