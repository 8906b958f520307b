"""A six-player ReCon game on an embedded model: how long, how soon the first word, how much from the cache?

python -m benchmarks.embedded_game --model local --seed 7 --json benchmarks/results/embedded_game.json
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from agents.llm.journal import read_records
from agents.llm.model import Model, ModelOptions, open_model
from agents.llm.names import ModelName, parse_model_name
from agents.llm.stream_fields import Delta
from agents.llm.usage import Usage
from agents.recon.config import GameConfig
from agents.recon.game import GameReport, Limits, play_game
from agents.runs.folder import create_run
from benchmarks.measured import Nobody, written
from games.avalon.setup import TABLE_RULES, preset


class Stopwatch(Nobody):
    """Notes when the model was loaded and when the first word of it could be read."""

    def __init__(self) -> None:
        self.loaded = 0.0
        self.first_word = 0.0

    def open(self, name: ModelName, options: ModelOptions) -> Model:
        model = open_model(name, options)
        self.loaded = time.perf_counter()
        return model

    def delta(self, seat: int, stage: str, delta: Delta) -> None:
        if not self.first_word and delta.text.strip():
            self.first_word = time.perf_counter()


def measure(model: str, seed: int, keep: Path | None) -> dict[str, Any]:
    """Play one game and sum it up."""
    config = GameConfig(
        setup=preset("6-recon", TABLE_RULES).to_json(), seed=seed, agents="recon", model=model
    )
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(keep or Path(folder), "avalon.play", config.model_dump())
        report: GameReport = asyncio.run(
            play_game(
                run, config, watch, limits=Limits(), options=ModelOptions(seed=seed), open_models=watch.open
            )
        )
        ended = time.perf_counter()
        records = read_records(run.calls)
    stages: Counter[str] = Counter()
    for record in records:
        stages[record.tag.stage.partition("#")[0]] += Usage.from_message(record.answer).output_tokens
    used = report.usage
    return {
        "model": model,
        "seed": seed,
        "minutes_from_loaded_to_end": round((ended - watch.loaded) / 60, 2),
        "seconds_from_loaded_to_first_word": round(watch.first_word - watch.loaded, 1),
        "cached_share_of_prompt_tokens": round(used.cached_tokens / used.input_tokens, 3),
        "output_tokens_by_stage": dict(stages),
        **{
            key: value
            for key, value in report.to_json().items()
            if key not in ("transcript", "cost_usd", "game")
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", help="embedded model; may be given again")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--keep", type=Path, help="folder to keep the runs in")
    parser.add_argument("--json", type=Path, help="where to write the result")
    given = parser.parse_args()
    games = []
    for model in given.model or ["local"]:
        for seed in given.seed or [7]:
            games.append(measure(str(parse_model_name(model)), seed, given.keep))
            print(games[-1], flush=True)
    written(given.json, {"games": games})


if __name__ == "__main__":
    main()
