"""Beliefs on games between people that no parameter was fitted on: how well they find Evil, and Merlin.

    python -m benchmarks.avalon_beliefs --development FILE --corpus DIR --json OUT

FILE is the development data, none of whose games were fitted on; DIR a checkout of
github.com/WhoaWhoa/avalonlogs, of which the test split is scored, again without the development games.
`--fit PARAMS` instead makes the package's parameters anew: from the corpus without the development games
and without its test split.
"""

import argparse
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from math import comb, log
from pathlib import Path
from typing import Any

from benchmarks.measured import written
from games.avalon.behaviour import BeliefParams, Weights, published_params
from games.avalon.behaviour_file import save_params, shipped_params
from games.avalon.belief_fit import fit
from games.avalon.belief_scores import BayesBeliefs, GameScore, Summary, score_game, summarise
from games.avalon.fingerprint import split_of
from games.avalon.recorded_games import FinishedGame, read_games
from games.avalon.roles import Role

SPEC_SHOTS = {5: (0.532, 0.413), 6: (0.532, 0.395), 7: (0.442, 0.396)}
"""Spec 3.4: the hit rates of the Bayes assassin (all weights 1) and of people."""

COLUMNS = ("prior", "deduction", "fails", "votes", "all 1", "shipped")
SPEC_ROWS = {
    5: {
        "log loss after quest 3": (1.79, 1.533, 1.192, 1.172, 1.351, 1.118),
        "log loss after quest 5": (1.79, 1.138, 0.334, 0.262, 0.353, 0.267),
        "top 1 after quest 3": (0.167, 0.307, 0.520, 0.529, 0.546, 0.541),
    },
    6: {
        "log loss after quest 3": (2.30, 2.026, 1.594, 1.569, 1.855, 1.508),
        "log loss after quest 5": (2.30, 1.701, 0.552, 0.459, 0.517, 0.439),
        "top 1 after quest 3": (0.10, 0.212, 0.469, 0.455, 0.518, 0.478),
    },
}
"""Spec 3.4; its tempered column, read off its own test split, stands beside our shipped parameters."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--fit", type=Path)
    arguments = parser.parse_args()
    begun = time.monotonic()
    development = games_in(arguments.development)
    known = {game.fingerprint for game in development}
    corpus = games_in(arguments.corpus)
    others = [game for game in corpus if game.fingerprint not in known]
    print(
        f"{len(development)} development games; {len(corpus) - len(others)} of them are among the "
        f"{len(corpus)} of the corpus"
    )
    if arguments.fit is not None:
        make_parameters(others, arguments.fit)
        return
    test = [game for game in others if split_of(game.fingerprint) == "test"]
    result = {
        "command": "python -m benchmarks.avalon_beliefs --development FILE --corpus DIR --json OUT",
        "parameters": shipped_params().source,
        "weights": {"evil": asdict(shipped_params().evil), "merlin": asdict(shipped_params().merlin)},
        "development games": shots(development),
        "test split of the corpus": shots(test),
        "test split, Merlin without Mordred and Oberon": shots(plain_casts(test)),
        "log loss of the Evil team, test split, Merlin without Mordred and Oberon": losses(plain_casts(test)),
        "development games, by parameters": by_parameters(development),
        "seconds": round(time.monotonic() - begun),
    }
    written(arguments.json, result)


def games_in(path: Path) -> list[FinishedGame]:
    """Every finished game with Merlin, each once."""
    games = {
        game.fingerprint: game
        for game in read_games([path])
        if isinstance(game, FinishedGame) and game.merlin is not None
    }
    return list(games.values())


def make_parameters(games: Sequence[FinishedGame], out: Path) -> None:
    fitted = fit(
        games,
        "Fitted on games between people of the public collection WhoaWhoa/avalonlogs, without the "
        "development games and without a quarter held out for tests (benchmarks/avalon_beliefs.py --fit).",
    )
    save_params(fitted, out)
    print(fitted.evil, fitted.merlin, fitted.report, sep="\n")


def plain_casts(games: Iterable[FinishedGame]) -> list[FinishedGame]:
    """The casts of spec 3.4."""
    return [game for game in games if not {Role.MORDRED, Role.OBERON} & set(game.roles)]


def of_size(games: Iterable[FinishedGame], num_players: int) -> list[FinishedGame]:
    return [game for game in games if game.setup.num_players == num_players]


def shots(games: Sequence[FinishedGame]) -> dict[str, Any]:
    """The Bayes assassin beside the people of the same games, by size of table."""
    found: dict[str, Any] = {}
    for num_players in range(5, 11):
        at_table = of_size(games, num_players)
        reached = [game for game in at_table if game.table.successes == 3]
        if not reached:
            continue
        summary = summarise(scored(reached, shipped_params()))
        found[str(num_players)] = {
            "games": len(at_table),
            **{name: rounded(asdict(estimate)) for name, estimate in summary.shot.items()},
            "spec": dict(zip(("bayes", "human"), SPEC_SHOTS.get(num_players, ()), strict=False)),
        }
        shot = summary.shot
        print(
            f"{num_players} players, {shot['bayes_hit'].games} shots: Bayes {shot['bayes_hit'].value:.3f}, "
            f"people {shot['human_hit'].value:.3f}"
        )
    return found


def losses(games: Sequence[FinishedGame]) -> dict[str, Any]:
    """The rows of spec 3.4 for a Servant."""
    none = Weights(proposals=0.0, votes=0.0, fails=0.0)
    shipped = shipped_params()
    columns = {
        "deduction": replace(shipped, evil=none),
        "fails": replace(shipped, evil=replace(none, fails=1.0)),
        "votes": replace(shipped, evil=replace(none, fails=1.0, votes=1.0)),
        "all 1": replace(shipped, evil=Weights(proposals=1.0, votes=1.0, fails=1.0)),
        "shipped": shipped,
    }
    found: dict[str, Any] = {}
    for num_players in (5, 6):
        at_table = of_size(games, num_players)
        by_column = {name: summarise(scored(at_table, params)) for name, params in columns.items()}
        rows = {
            "log loss after quest 3": row(by_column, "quest 3", "set_log_loss"),
            "log loss after quest 5": row(by_column, "quest 5", "set_log_loss"),
            "top 1 after quest 3": row(by_column, "quest 3", "set_top1"),
        }
        num_teams = comb(num_players - 1, 2)
        for name, row_found in rows.items():
            row_found["prior"] = {"value": round(1 / num_teams if "top" in name else log(num_teams), 4)}
        for name, spec in SPEC_ROWS[num_players].items():
            for column, figure in zip(COLUMNS, spec, strict=True):
                rows[name][column]["spec"] = figure
        found[str(num_players)] = {
            "games": len(at_table),
            **rows,
            "brier a seat after quest 5": row(by_column, "quest 5", "seat_brier"),
            "calibration error after quest 3": {
                name: rounded(asdict(summary.calibration_error["quest 3"]))
                for name, summary in by_column.items()
            },
        }
        print(num_players, {name: cell.get("value") for name, cell in rows["log loss after quest 3"].items()})
    return found


def by_parameters(games: Sequence[FinishedGame]) -> dict[str, Any]:
    """The shipped parameters beside the spec's published tables with the same weights, on the same games."""
    shipped = shipped_params()
    published = published_params(evil=shipped.evil, merlin=shipped.merlin)
    found: dict[str, Any] = {}
    for name, params in {"shipped": shipped, "published tables, same weights": published}.items():
        for sizes, chosen in (("5 and 6", (5, 6)), ("all", range(5, 11))):
            some = [game for game in games if game.setup.num_players in chosen]
            summary = summarise(scored(some, params))
            found[f"{name}, {sizes} players"] = {
                "log loss after quest 3": cell(summary, "quest 3", "set_log_loss"),
                "log loss after quest 5": cell(summary, "quest 5", "set_log_loss"),
                "hit rate at the shot": rounded(asdict(summary.shot["bayes_hit"])),
                "probability on Merlin at the shot": rounded(asdict(summary.shot["prob_merlin"])),
            }
    return found


def scored(games: Sequence[FinishedGame], params: BeliefParams) -> list[GameScore]:
    source = BayesBeliefs(params)
    return [score_game(game, source) for game in games]


def row(by_column: dict[str, Summary], moment: str, name: str) -> dict[str, Any]:
    return {column: cell(summary, moment, name) for column, summary in by_column.items()}


def cell(summary: Summary, moment: str, name: str) -> dict[str, Any]:
    return rounded(asdict(summary.scores["servant", moment][name]))


def rounded(estimate: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in estimate.items()}


if __name__ == "__main__":
    main()
