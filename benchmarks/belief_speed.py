"""How long one update of the belief table takes, and a seat's belief, by table size.

An update is one fact (a team named, a vote, a quest) added to those before it; a seat's belief is masked,
normalised and read by seat; the full table spreads it over every deal.

    python -m benchmarks.belief_speed --json benchmarks/results/belief_speed.json
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measured import written
from games.avalon.behaviour_file import shipped_params
from games.avalon.beliefs import beliefs_of, evidence_of, likelihood_of
from games.avalon.bots import make_bot
from games.avalon.hypotheses import hypotheses
from games.avalon.play import play
from games.avalon.setup import DEFAULT_PRESET, preset
from games.avalon.view import View, view

ROUNDS = 30


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _seat_belief(seen: View) -> object:
    return beliefs_of(seen).evil_N


def measure(num_players: int) -> dict[str, Any]:
    """Medians over rounds, and the longest update of all, each after a first game that builds the tables."""
    setup = preset(DEFAULT_PRESET[num_players])
    habits = shipped_params().habits_of(setup)
    updates: list[float] = []
    beliefs: list[float] = []
    spreads: list[float] = []
    for seed in range(ROUNDS + 1):
        bots = {seat: make_bot("human_table", seed + seat) for seat in setup.seats}
        seen = view(play(setup, bots, seed).events, 1)
        evidence = evidence_of(setup, seen.table)
        likelihood_of.cache_clear()
        took = [
            milliseconds(partial(likelihood_of, True, habits, evidence[:length]))
            for length in range(1, len(evidence) + 1)
        ]
        believed = beliefs_of(seen)
        belief = milliseconds(partial(_seat_belief, seen))
        spread = milliseconds(partial(getattr, believed, "prob_H"))
        if seed:
            updates += took
            beliefs.append(belief)
            spreads.append(spread)
    return {
        "players": num_players,
        "deals": len(hypotheses(setup.roles).class_H),
        "update_ms": round(median(updates), 4),
        "longest_update_ms": round(max(updates), 3),
        "seat_belief_ms": round(median(beliefs), 4),
        "spread_over_all_deals_ms": round(median(spreads), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="where to write the result")
    given = parser.parse_args()
    rows = [measure(num_players) for num_players in DEFAULT_PRESET]
    for row in rows:
        print(json.dumps(row))
    written(given.json, {"rounds": ROUNDS, "tables": rows})


if __name__ == "__main__":
    main()
