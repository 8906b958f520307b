"""Commands of `avalon bench`: beliefs held against recorded games, and the fit of what they rest on.

What reads games and reckons is imported by the command that needs it, so that `--help` does not wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import cyclopts
from cyclopts import Group, Parameter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.cli.avalon_bench_models import ModelFlags, probe_games
from agents.cli.avalon_files import MAX_LISTED, SECONDS_BEFORE_PROGRESS, Flag
from agents.cli.table_text import plain
from agents.errors import NimueError

if TYPE_CHECKING:
    from agents.arena.belief_probes import Probing
    from games.avalon.behaviour import BeliefParams
    from games.avalon.belief_scores import Cell, Estimate, Summary
    from games.avalon.recorded_games import FinishedGame, Skipped

bench_app = cyclopts.App(name="bench", help="Measure beliefs on recorded games, and fit what they rest on.")

_NOBODY = ModelFlags()
_MODEL = Group("A language model beside them", sort_key=1)
Logs = Annotated[list[Path], Parameter(consume_multiple=True, negative="")]
Item = TypeVar("Item")

_VIEWERS = {"servant": "Servants", "percival": "Percival", "evil": "Evil"}
_COLUMNS = {  # as much as 80 columns hold; --json tells more
    "set_log_loss": "log loss\nEvil team",
    "set_top1": "Evil team\nnamed",
    "seat_accuracy": "sides of\nseats right",
    "prob_merlin": "probability\non Merlin",
}
_SHOT = {
    "bayes_hit": "Bayes assassin hits",
    "human_hit": "the players hit",
    "difference": "difference",
    "by_chance": "by chance",
    "prob_merlin": "probability on Merlin",
}


@bench_app.command
def beliefs(
    *,
    logs: Logs,
    players: str | None = None,
    params: Path | None = None,
    limit: int | None = None,
    include_fitted: Flag = False,
    resamples: int = 1000,
    seed: int = 0,
    json: Flag = False,
    asking: Annotated[ModelFlags, Parameter(name="*", group=_MODEL)] = _NOBODY,
) -> None:
    """How well beliefs find out who is who in recorded games, and how well their shot finds Merlin.

    The exact beliefs are scored, and with --agents those of a language model beside them, on the same games.
    Every figure has a 95 % interval from a bootstrap over games. Games that the parameters were fitted on
    are left out.

    Args:
        logs: Files or folders of games: our transcripts or any format that `avalon import` reads.
        players: Only tables of these sizes, such as 5,6.
        params: Belief parameters that `avalon bench fit` wrote, instead of the package's own.
        limit: At most so many games, the first ones.
        include_fitted: Score games that the parameters were fitted on too; the figures are then too good.
        resamples: How often the bootstrap draws the games again.
        seed: For the bootstrap.
        json: Print one JSON object.
    """
    from games.avalon.behaviour_file import load_params, shipped_params
    from games.avalon.belief_scores import BayesBeliefs, score_game, summarise

    asking.check()
    if resamples < 1:
        raise NimueError(f"--resamples is {resamples}; it takes one at least.")
    sizes = _sizes(players)
    used = shipped_params() if params is None else load_params(params)
    console = Console(highlight=False)
    with _progress("Reading games") as advance:
        games, skipped = _sorted_out(advance(_games(logs)))
    wanted = [game for game in games if sizes is None or game.setup.num_players in sizes]
    fresh = [game for game in wanted if include_fitted or game.fingerprint not in used.fitted_on]
    scored = fresh if limit is None else fresh[:limit]
    if not scored:
        raise NimueError(_why_none(games, wanted, skipped))
    probing = None if asking.agents is None else probe_games(scored, asking, json=json)
    if isinstance(probing, dict):
        if json:
            print(dumps(probing))
        return
    with _progress("Scoring games") as advance:
        scores = [score_game(game, BayesBeliefs(used)) for game in advance(scored)]
    summary = summarise(scores, resamples=resamples, seed=seed)
    known = len(wanted) - len(fresh)
    fitted = sum(game.fingerprint in used.fitted_on for game in scored)
    told = None
    if probing is not None:
        told = summarise(
            [score_game(game, probing.source(game)) for game in scored], resamples=resamples, seed=seed
        )
    if json:
        result = _summary_json(summary, used, skipped, left_out=known, fitted=fitted)
        if probing is not None and told is not None:
            result["agent"] = {"name": asking.agents, **_scores_json(told), **_spent_json(probing)}
        print(dumps(result))
        return
    _print_skipped(console, skipped)
    if known:
        console.print(Text(f"{known} games left out: the parameters were fitted on them (--include-fitted)"))
    if fitted:
        console.print(
            Text(f"{fitted} of these games were used in the fit: the figures are too good for them.")
        )
    if probing is not None and told is not None:
        console.print(Text(f"{asking.agents}, asked after every quest", style="bold"))
        _print_summary(console, told)
        spent = _spent_json(probing)
        console.print(Text(", ".join(f"{name} {value}" for name, value in spent.items())), soft_wrap=True)
        console.print(Text("Exact beliefs on the same games", style="bold"))
    _print_summary(console, summary)


@bench_app.command
def fit(*, logs: Logs, out: Path, json: Flag = False) -> None:
    """Count how people propose, vote and play cards, and choose how far belief should trust each.

    Games with Merlin are split by their content, the same on every machine: 60 % are counted, 15 % choose
    the weights, 25 % are left for `avalon bench beliefs`. The file names the games it was fitted on.

    Args:
        logs: Files or folders of games: our transcripts or any format that `avalon import` reads.
        out: A new file for the parameters.
        json: Print what the fit found as one JSON object.
    """
    from games.avalon.behaviour_file import save_params
    from games.avalon.belief_fit import fit as fit_params

    if out.exists():
        raise NimueError(f"{out} exists already; choose another file.")
    console = Console(highlight=False)
    with _progress("Reading games") as advance:
        games, skipped = _sorted_out(advance(_games(logs)))
    if not games:
        raise NimueError(_why_none(games, games, skipped))
    with Console(stderr=True).status("Counting and choosing weights"):
        fitted = fit_params(games, f"Fitted by avalon bench fit on {len(games)} games.")
    save_params(fitted, out)
    found = {"out": str(out), "weights": {"evil": asdict(fitted.evil), "merlin": asdict(fitted.merlin)}}
    if json:
        print(dumps({**found, **fitted.report, "skipped": len(skipped)}))
        return
    _print_skipped(console, skipped)
    _print_fit(console, fitted, out)


def _sizes(players: str | None) -> frozenset[int] | None:
    if players is None:
        return None
    words = [word.strip() for word in players.split(",")]
    if not all(word.isascii() and word.isdecimal() and 5 <= int(word) <= 10 for word in words):
        raise NimueError(f"--players is {players!r}; write table sizes from 5 to 10, such as 5,6.")
    return frozenset(map(int, words))


def _games(logs: Iterable[Path]) -> Iterator[FinishedGame | Skipped]:
    from games.avalon.recorded_games import read_games

    return read_games(logs)


def _sorted_out(
    found: Iterable[FinishedGame | Skipped],
) -> tuple[list[FinishedGame], list[Skipped]]:
    """The games, each once, and what is none."""
    from games.avalon.recorded_games import Skipped

    games: dict[str, FinishedGame] = {}
    skipped: list[Skipped] = []
    for game in found:
        if isinstance(game, Skipped):
            skipped.append(game)
        else:
            games.setdefault(game.fingerprint, game)
    return list(games.values()), skipped


def _why_none(games: list[FinishedGame], wanted: list[FinishedGame], skipped: list[Skipped]) -> str:
    if wanted:
        return (
            f"The parameters were fitted on all {len(wanted)} games; bring others, or score them "
            "nevertheless with --include-fitted."
        )
    if games:
        return f"None of the {len(games)} games is of the sizes that --players asks for."
    if skipped:
        return f"No game can be used; the first, {skipped[0].name}: {skipped[0].why}"
    return "There is no game in --logs."


@contextmanager
def _progress(what: str) -> Iterator[Callable[[Iterable[Item]], Iterator[Item]]]:
    """Counts on the terminal's error stream once the work takes longer than a moment."""
    status = Console(stderr=True).status(what)
    begun = time.monotonic()

    def counted(items: Iterable[Item]) -> Iterator[Item]:
        total = f" of {len(items)}" if isinstance(items, list) else ""
        for number, item in enumerate(items, start=1):
            if time.monotonic() - begun > SECONDS_BEFORE_PROGRESS:
                status.update(f"{what}: {number}{total}")
                status.start()
            yield item

    try:
        yield counted
    finally:
        status.stop()


# -- on the screen -------------------------------------------------------------------------------------


def _print_skipped(console: Console, skipped: list[Skipped]) -> None:
    for game in skipped[:MAX_LISTED]:
        console.print(Text(plain(f"skipped: {game.name}: {game.why}", console.encoding)), soft_wrap=True)
    if len(skipped) > MAX_LISTED:
        console.print(Text(f"skipped: {len(skipped) - MAX_LISTED} more"))


def _print_summary(console: Console, summary: Summary) -> None:
    console.print(Text(f"{summary.games} games; in brackets the 95 % interval"))
    for viewer, title in _VIEWERS.items():
        cells = [cell for cell in summary.scores if cell[0] == viewer]
        if cells:
            console.print(_score_table(title, cells, summary))
    calibration = _table("Calibration of Servants: how often a seat of so much suspicion is Evil")
    for heading in ("probability", "seats", "mean", "Evil"):
        calibration.add_column(heading, justify="right")
    for bin in summary.reliability:
        calibration.add_row(
            f"{bin.low:.1f} to {bin.high:.1f}",
            str(bin.seats),
            f"{bin.mean_probability:.3f}",
            f"{bin.share_evil:.3f}",
        )
    console.print(calibration)
    for moment, error in summary.calibration_error.items():
        console.print(Text(f"calibration error, {moment}: {_estimate_text(error)}"))
    for name, estimate in summary.shot.items():
        console.print(Text(f"at the shot, {_SHOT[name]}: {_estimate_text(estimate)}, {estimate.games} games"))


def _table(title: str) -> Table:
    return Table(title=Text(title, no_wrap=True), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)


def _score_table(title: str, cells: list[Cell], summary: Summary) -> Table:
    table = _table(title)
    table.add_column("after")
    table.add_column("games", justify="right")
    names = [name for name in _COLUMNS if name in summary.scores[cells[0]]]
    for name in names:
        table.add_column(_COLUMNS[name], justify="right")
    for cell in cells:
        scores = summary.scores[cell]
        games = str(max(estimate.games for estimate in scores.values()))
        table.add_row(cell[1], games, *(_short_text(scores[name]) for name in names))
    return table


def _short_text(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f}-{estimate.high:.2f})"


def _estimate_text(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f}, {estimate.high:.3f})"


def _summary_json(
    summary: Summary, params: BeliefParams, skipped: list[Skipped], *, left_out: int, fitted: int
) -> dict[str, object]:
    return {
        "games": summary.games,
        "parameters": params.source,
        "left_out_as_fitted": left_out,
        "fitted_but_scored": fitted,
        **_scores_json(summary),
        "skipped": [{"game": game.name, "why": game.why} for game in skipped],
    }


def _scores_json(summary: Summary) -> dict[str, object]:
    scores: dict[str, dict[str, dict[str, object]]] = {}
    for (viewer, moment), named in summary.scores.items():
        scores.setdefault(viewer, {})[moment] = {name: asdict(score) for name, score in named.items()}
    return {
        "scores": scores,
        "calibration_error": {moment: asdict(error) for moment, error in summary.calibration_error.items()},
        "reliability": [asdict(bin) for bin in summary.reliability],
        "shot": {name: asdict(estimate) for name, estimate in summary.shot.items()},
    }


def _spent_json(probing: Probing) -> dict[str, object]:
    return {
        "calls": probing.usage.calls,
        "unanswered": probing.unanswered,
        "input_tokens": probing.usage.input_tokens,
        "cached_tokens": probing.usage.cached_tokens,
        "output_tokens": probing.usage.output_tokens,
        "cost_usd": None if probing.cost is None else str(probing.cost),
    }


def _print_fit(console: Console, fitted: BeliefParams, out: Path) -> None:
    table = _table("Weights")
    for heading in ("to find", "proposals", "votes", "fail cards"):
        table.add_column(heading)
    for name, weights in (("Evil", fitted.evil), ("Merlin", fitted.merlin)):
        table.add_row(name, *(f"{weight:g}" for weight in weights.as_array()))
    console.print(table)
    for name, found in fitted.report.items():
        parts = found.items() if isinstance(found, dict) else [("", found)]
        console.print(
            Text(f"{name}: {', '.join(f'{part} {value}' for part, value in parts)}"), soft_wrap=True
        )
    console.print(Text(f"written: {out}"), soft_wrap=True)
