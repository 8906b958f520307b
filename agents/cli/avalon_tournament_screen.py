"""How a tournament looks on the terminal: progress with the time left on stderr, the standings on stdout."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from agents.arena.wording import (
    NONE,
    logits,
    logits_span,
    mean_percent,
    mean_span,
    p_value,
    percent,
    points,
    points_span,
    span,
)

if TYPE_CHECKING:
    from agents.arena.plan import TournamentConfig
    from agents.arena.record import GameRecord
    from agents.arena.standings import Standings
    from agents.arena.statistics import Rate
    from agents.arena.tournament import Watcher

SECONDS_BETWEEN_LINES = 10.0


class _Bar:
    """A live bar on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begun(self, what: str, played: int, planned: int) -> None:
        # Games of earlier sessions do not count into the speed.
        self._task = self._progress.add_task(what, total=planned, completed=played)

    def finished(self, record: GameRecord) -> None:
        if self._task is not None:
            self._progress.advance(self._task)


class _Lines:
    """Now and then a line, where nobody sees a bar."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._what = ""
        self._began = self._last = 0.0
        self._played = self._planned = self._before = 0

    def begun(self, what: str, played: int, planned: int) -> None:
        self._what = what
        self._began = self._last = time.monotonic()
        self._played = self._before = played
        self._planned = planned
        if played:
            self._console.print(f"{played:,} of {planned:,} {what} are played already")

    def finished(self, record: GameRecord) -> None:
        self._played += 1
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_LINES or self._played == self._planned:
            self._last = now
            a_game = (now - self._began) / (self._played - self._before)
            left = round(a_game * (self._planned - self._played))
            self._console.print(
                f"{self._played:,} of {self._planned:,} {self._what}, about {left // 60}:{left % 60:02} left"
            )


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher]:
    """Progress on stderr: a bar on a terminal, lines elsewhere, neither when quiet."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    if not console.is_terminal or quiet:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress)


def print_standings(config: TournamentConfig, standings: Standings) -> None:
    """The tables that a person wants to see at once; the page has more."""
    console = Console(highlight=False)
    for table in (
        _agents(standings),
        _strengths(standings),
        _matrix(config, standings),
        _differences(standings),
        _expenses(standings),
    ):
        if table.row_count:
            console.print(table)
    reasons = ", ".join(
        f"{reason.replace('_', ' ')} {100 * count / standings.games:.1f} %"
        for reason, count in standings.reasons.items()
    )
    console.print(
        f"Good wins {percent(standings.good)} ({span(standings.good)}); {reasons}; "
        f"Merlin hit in {percent(standings.shots)} of {standings.shots.trials:,} shots; "
        f"{standings.quests:.2f} quests and {standings.proposals:.2f} proposals a game",
        markup=False,
    )


def _agents(standings: Standings) -> Table:
    table = _table("Standings: games won", "agent", "as Good", "as Evil", "mean of both")
    for each in standings.agents:
        both = _two_lines(mean_percent(each.both), mean_span(each.both))
        table.add_row(Text(each.agent), _rate(each.good), _rate(each.evil), both)
    return table


def _strengths(standings: Standings) -> Table:
    table = _table(
        "Strength: Bradley-Terry in logits, OpenSkill mu and sigma",
        *("agent", "BT as Good", "BT as Evil", "OpenSkill Good", "OpenSkill Evil"),
    )
    for each in standings.agents:
        good, evil = standings.ratings.good[each.agent], standings.ratings.evil[each.agent]
        table.add_row(
            Text(each.agent),
            *(_two_lines(logits(side.theta), logits_span(side.theta)) for side in (good, evil)),
            *(f"{side.mu:.1f} +- {side.sigma:.1f}" for side in (good, evil)),
        )
    return table


def _matrix(config: TournamentConfig, standings: Standings) -> Table:
    title = "Good wins" if config.design == "sides" else "The guest's side wins"
    corner = "Good \\ Evil" if config.design == "sides" else "guest \\ others"
    table = _table(title, corner, *config.agents)
    cells = {(cell.entrant, cell.opponent): cell.wins for cell in standings.cells}
    for entrant in config.agents:
        rates = (cells.get((entrant, opponent)) for opponent in config.agents)
        table.add_row(Text(entrant), *(NONE if rate is None else _rate(rate) for rate in rates))
    return table


def _differences(standings: Standings) -> Table:
    table = _table(
        "Differences on equal deals, in points", "agents", "side", "difference", "95 %", "pairs", "p"
    )
    for each in standings.differences:
        name = Text(f"{each.first} - {each.second}")
        amount = points(each.difference), points_span(each.difference)
        table.add_row(name, each.side, *amount, f"{each.pairs:,}", p_value(each.p))
    return table


def _expenses(standings: Standings) -> Table:
    table = _table(
        "What the models took",
        *("agent", "decisions", "fell back", "calls", "tokens in", "out", "dollars"),
    )
    for each in standings.agents:
        if (took := each.expense) is not None:
            table.add_row(
                Text(each.agent if took.model in each.agent else f"{each.agent}\n{took.model}"),
                f"{took.decisions:,}",
                f"{took.fallbacks} ({100 * took.fallbacks / max(took.decisions, 1):.1f} %)",
                f"{took.calls:,}",
                f"{took.input_tokens:,}",
                f"{took.output_tokens:,}",
                "unknown" if took.cost_usd is None else f"{took.cost_usd:.4f}",
            )
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=Text(title), title_justify="left")
    table.add_column(Text(first))
    for other in others:
        table.add_column(Text(other), justify="right")
    return table


def _rate(rate: Rate) -> str:
    return _two_lines(percent(rate), span(rate))


def _two_lines(value: str, interval: str) -> str:
    return f"{value}\n{interval}" if interval else value
