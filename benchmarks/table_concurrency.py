"""How close does a game come to its critical path, and how much faster is it than one call at a time?

A server on loopback answers each call after a fixed delay. The critical path of a game is the longest
chain of calls of which each needs the one before: speeches in turn, and within a decision note, draft,
reading and refinement; votes, and the readings for several roles, count once. Both games are the same
game, played in one run: as it is played, and with one call at a time.

    python -m benchmarks.table_concurrency --delay 1 --readings per_role --json FILE
"""

import argparse
import asyncio
import json
import os
import re
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

from agents.llm.fake_protocols import Behaviour, Request, Says
from agents.llm.fake_server import FakeServer
from agents.llm.journal import Record, read_records
from agents.llm.model import ModelOptions
from agents.llm.schema_draw import draw
from agents.recon.config import GameConfig
from agents.recon.game import Limits, play_game
from agents.runs.folder import create_run
from benchmarks.measured import Nobody, written
from games.avalon.setup import TABLE_RULES, preset


def agreeable(request: Request) -> Behaviour:
    """An answer drawn from the schema, but every team is approved and every card a success: a short game."""
    random = Random(json.dumps(request.body, sort_keys=True))
    assert request.schema is not None
    answer: dict[str, Any] = draw(request.schema, random)
    return Says(text=json.dumps(answer | {"vote": "approve", "card": "success"}))


def critical_path(calls: list[Record]) -> int:
    """Calls in a row that no concurrency can shorten."""
    stages: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for call in calls:
        joint = re.match(r"(q\d(?:a\d)?/(?:vote|card))/", call.tag.decision)
        together = joint[1] if joint else call.tag.decision
        stages[together][call.tag.decision].add(call.tag.stage.partition("#")[0])
    return sum(max(len(names) for names in decisions.values()) for decisions in stages.values())


async def measure(delay_s: float, readings: str, seed: int) -> dict[str, Any]:
    """Play the same game at once and one call at a time."""
    config = GameConfig(
        setup=preset("6-recon", TABLE_RULES).to_json(),
        seed=seed,
        agents="recon",
        model="openai:fake",
        contemplation={"readings": readings},
    )
    seconds: dict[str, float] = {}
    calls: list[Record] = []
    async with FakeServer(otherwise=agreeable, delay_s=delay_s).running() as server:
        os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": server.openai_url}
        for name, concurrency in (("at_once", ModelOptions().concurrency), ("one_at_a_time", 1)):
            with tempfile.TemporaryDirectory() as folder:
                run = create_run(Path(folder), "avalon.play", config.model_dump())
                began = time.perf_counter()
                options = ModelOptions(concurrency=concurrency)
                await play_game(run, config, Nobody(), limits=Limits(), options=options)
                seconds[name] = time.perf_counter() - began
                calls = read_records(run.calls)
    path_s = critical_path(calls) * delay_s
    return {
        "readings": readings,
        "calls": len(calls),
        "calls_in_a_row": critical_path(calls),
        "critical_path_s": round(path_s, 2),
        "at_once_s": round(seconds["at_once"], 2),
        "one_at_a_time_s": round(seconds["one_at_a_time"], 2),
        "wall_over_critical_path": round(seconds["at_once"] / path_s, 3),
        "speed_up": round(seconds["one_at_a_time"] / seconds["at_once"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--delay", type=float, default=0.5, help="seconds the server thinks about each call")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readings", nargs="+", default=["per_role", "together"])
    parser.add_argument("--json", type=Path, help="where to write the result")
    given = parser.parse_args()
    rows = [asyncio.run(measure(given.delay, readings, given.seed)) for readings in given.readings]
    for row in rows:
        print(json.dumps(row))
    written(given.json, {"delay_s": given.delay, "seed": given.seed, "games": rows})


if __name__ == "__main__":
    main()
