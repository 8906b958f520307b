"""Games a second of random play: our rules with every event, our outcomes alone, and AvalonBench's engine.

All sides play the cast of `6-recon` in the same way: a uniform team, coin-flip votes, a coin flip for
every Evil card, a uniform shot at a Good seat. Each draws the deals of a round from one stream, and every
choice when it comes up. Our rules are played on a live table, as bots and simulations play, and once more
`by_states`: a new immutable state and actions for every step, as the graphs play. The sides take turns in
rounds and the medians of the rounds are compared, in processor time, so that other work on the machine
weighs on all of them alike.

    python -m benchmarks.avalon_engine --json benchmarks/results/avalon_engine.json --reference DIR

DIR is a checkout of github.com/jonathanmli/Avalon-LLM; without it that side is left out. Its engine
always sends the fifth team, so our engine is measured under `auto_approve_5` as well as under the
official rule. AvalonBench is measured twice: with a new environment for every game, as its own code
plays, and with `reset()` on one environment, its cheapest way. It keeps no record of a game.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import platform
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from games.avalon.actions import Action, Card, Propose, Shoot, Vote
from games.avalon.draws import Deal, next_deal, rng
from games.avalon.events import Event
from games.avalon.live_table import LiveTable
from games.avalon.outcomes import outcomes, random_choices, teams_of
from games.avalon.rules import apply, pending, start
from games.avalon.setup import Rules, Setup, preset
from games.avalon.transcript import write

Side = Callable[[int, int], None]  # (seed, number of games): play them
_YES, _NO, _FAIL, _SUCCESS = Vote(True), Vote(False), Card(True), Card(False)
_OUTCOMES_AT_ONCE = 20_000


def play_with_events(setup: Setup, dealt: Deal, chance: random.Random) -> list[Event]:
    """A random game on a live table, with its full event log."""
    table = LiveTable(setup, dealt)
    flip, secrets = chance.random, table.secrets
    seats, evil = secrets.seats, secrets.evil
    good = [seat for seat in seats if seat not in evil]
    while True:
        match table.phase:
            case "propose":
                teams = teams_of(6, secrets.team_sizes[table.quest - 1])
                table.propose(teams[int(flip() * len(teams))])
            case "vote":
                table.vote([flip() < 0.5 for _ in seats])
            case "quest":
                table.play_cards([seat in evil and flip() < 0.5 for seat in table.team or ()])
            case "shoot":
                table.shoot(chance.choice(good))
            case _:
                return table.log


def play_with_states(setup: Setup, dealt: Deal, chance: random.Random) -> list[Event]:
    """The same game by way of immutable states and actions, as a graph plays it."""
    state, told = start(setup, dealt)
    log = list(told)
    flip, evil, seats = chance.random, state.secrets.evil, state.secrets.seats
    good = [seat for seat in seats if seat not in evil]
    actions: dict[int, Action]
    while True:
        match state.phase:
            case "propose":
                proposals = proposals_of(state.secrets.team_sizes[state.quest - 1])
                actions = {state.leader: proposals[int(flip() * len(proposals))]}
            case "vote":
                actions = {seat: _YES if flip() < 0.5 else _NO for seat in seats}
            case "quest":
                team = state.team or ()
                actions = {seat: _FAIL if seat in evil and flip() < 0.5 else _SUCCESS for seat in team}
            case "shoot":
                actions = {pending(state)[0].seat: Shoot(chance.choice(good))}
            case _:
                return log
        state, told = apply(state, actions)
        log += told


@cache
def proposals_of(size: int) -> list[Propose]:
    return [Propose(team) for team in teams_of(6, size)]


Play = Callable[[Setup, Deal, random.Random], list[Event]]


def events_side(setup: Setup, play_one: Play = play_with_events) -> Side:
    def play(seed: int, num_games: int) -> None:
        chance, dealer = random.Random(seed), rng(seed, "benchmark")
        for _ in range(num_games):
            play_one(setup, next_deal(setup, dealer), chance)

    return play


def transcripts_side(setup: Setup, folder: Path) -> Side:
    def play(seed: int, num_games: int) -> None:
        chance, dealer = random.Random(seed), rng(seed, "benchmark")
        for game in range(num_games):
            events = play_with_events(setup, next_deal(setup, dealer), chance)
            path = folder / "game.jsonl"
            write(path, f"g{game}", events)
            path.unlink()

    return play


def outcomes_side(setup: Setup) -> Side:
    def play(seed: int, num_games: int) -> None:
        for begin in range(0, num_games, _OUTCOMES_AT_ONCE):
            choices = random_choices(setup, seed + begin, min(_OUTCOMES_AT_ONCE, num_games - begin))
            outcomes(setup, choices)

    return play


def reference_sides(checkout: Path) -> tuple[Side, Side]:
    """AvalonBench's own engine, imported from its checkout: new environments, and one that is reset."""
    sys.path.insert(0, str(checkout))  # its engine imports its own exceptions from there
    location = checkout / "src/server/tasks/avalon/engine.py"
    spec = importlib.util.spec_from_file_location("avalonbench_engine", location)
    if spec is None or spec.loader is None or not location.exists():
        raise SystemExit(f"{checkout} is no checkout of jonathanmli/Avalon-LLM: it has no {location}.")
    engine = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        spec.loader.exec_module(engine)
        config = engine.AvalonBasicConfig.from_num_players(6, percival=True, morgana=True)
        environment = engine.AvalonGameEnvironment(config)

    def play_new(seed: int, num_games: int) -> None:
        np.random.seed(seed)
        chance = random.Random(seed)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            for _ in range(num_games):
                play_reference_game(engine.AvalonGameEnvironment(config), chance)

    def play_reset(seed: int, num_games: int) -> None:
        np.random.seed(seed)
        chance = random.Random(seed)
        for _ in range(num_games):
            environment.reset()
            play_reference_game(environment, chance)

    return play_new, play_reset


def play_reference_game(environment: Any, chance: random.Random) -> None:
    """A random game by the methods of AvalonBench's environment, whose seats count from 0."""
    flip, seats = chance.random, range(1, 7)
    is_good = environment.is_good.tolist()
    good = [seat for seat in seats if is_good[seat - 1]]
    team: frozenset[int] = frozenset()
    while not environment.done:
        match environment.get_phase()[0]:
            case 0:
                teams = reference_teams_of(environment.get_team_size())
                team = teams[int(flip() * len(teams))]
                environment.choose_quest_team(team, environment.get_quest_leader())
            case 1:
                environment.gather_team_votes([flip() < 0.5 for _ in seats])
            case 2:
                environment.gather_quest_votes([is_good[seat - 1] or flip() < 0.5 for seat in team])
            case 3:
                environment.choose_assassination_target(environment.get_assassin(), chance.choice(good) - 1)


@cache
def reference_teams_of(size: int) -> list[frozenset[int]]:
    return [frozenset(team) for team in teams_of(6, size)]


def games_per_second(play: Side, seed: int, num_games: int) -> float:
    begin = time.process_time()
    play(seed, num_games)
    return num_games / (time.process_time() - begin)


def measure(sides: dict[str, tuple[Side, int]], rounds: int) -> dict[str, list[float]]:
    """Games a second of every side in every round; the first, unmeasured round warms up."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for round_number in range(rounds + 1):
        for name, (play, num_games) in sides.items():
            rate = games_per_second(play, 1_000_000 * round_number, num_games)
            if round_number:
                rates[name].append(rate)
    return rates


def report(rates: dict[str, list[float]], sides: dict[str, tuple[Side, int]], rounds: int) -> dict[str, Any]:
    """Medians with their range over the rounds, and the ratios of rates of the same round."""

    def ratio(numerator: str, denominator: str) -> dict[str, float]:
        pairs = zip(rates[numerator], rates[denominator], strict=True)
        return summary([above / below for above, below in pairs])

    ratios = {"outcomes / events": ratio("outcomes", "events")}
    for reference in ("avalonbench_new_environment", "avalonbench_reset"):
        if reference in rates:
            for ours in ("events_auto_approve_5", "outcomes_auto_approve_5"):
                ratios[f"{ours} / {reference}"] = ratio(ours, reference)
    return {
        "benchmark": "avalon_engine",
        "command": "python -m benchmarks.avalon_engine " + " ".join(_without_paths(sys.argv[1:])),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "setup": "6-recon, no talk, random play",
        "clock": "processor time of one process",
        "rounds": rounds,
        "games_per_round": {name: num_games for name, (_, num_games) in sides.items()},
        "games_per_second": {name: summary(values) for name, values in rates.items()},
        "ratios": ratios,
    }


def summary(values: list[float]) -> dict[str, float]:
    return {name: float(f"{of(values):.4g}") for name, of in _SUMMARY.items()}


_SUMMARY: dict[str, Callable[[list[float]], float]] = {
    "median": statistics.median,
    "lowest": min,
    "highest": max,
}


def _without_paths(arguments: list[str]) -> list[str]:
    """The command with placeholders for this machine's folders."""
    return [
        "DIR" if before == "--reference" else word
        for before, word in zip(["", *arguments], arguments, strict=False)
    ]


def print_table(results: dict[str, Any]) -> None:
    print(f"{'':60} {'median':>10} {'lowest':>10} {'highest':>10}")
    for title, unit in (("games_per_second", "games/s"), ("ratios", "x")):
        for name, row in results[title].items():
            print(f"{name + ', ' + unit:60} " + " ".join(f"{row[column]:>10,.4g}" for column in _SUMMARY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, help="checkout of github.com/jonathanmli/Avalon-LLM")
    parser.add_argument("--games", type=int, default=1000, help="games a round for the engines")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    official = preset("6-recon")
    forced = preset("6-recon", Rules(hammer_rule="auto_approve_5"))
    many = 40 * asked.games
    with tempfile.TemporaryDirectory() as folder:
        sides: dict[str, tuple[Side, int]] = {
            "events": (events_side(official), asked.games),
            "events_auto_approve_5": (events_side(forced), asked.games),
            "events_by_states_auto_approve_5": (events_side(forced, play_with_states), asked.games),
            "events_and_transcript_file": (transcripts_side(official, Path(folder)), asked.games // 5),
            "outcomes": (outcomes_side(official), many),
            "outcomes_auto_approve_5": (outcomes_side(forced), many),
        }
        if asked.reference:
            new, reset = reference_sides(asked.reference)
            sides["avalonbench_new_environment"] = (new, asked.games)
            sides["avalonbench_reset"] = (reset, asked.games)
        results = report(measure(sides, asked.rounds), sides, asked.rounds)
    print_table(results)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
