"""The benchmarks by the name of their suite; one file each."""

from importlib import import_module

from agents.errors import NimueError
from agents.react.benchmark import Benchmark

NAMES = ("alfworld", "hotpotqa", "fever", "webshop")


def find_benchmark(name: str) -> Benchmark:
    """Raises NimueError where no wording is known for this environment."""
    if name not in NAMES:
        raise NimueError(
            f"nimue has no prompts for environment {name!r}, only for {', '.join(NAMES)}: "
            "write an agents.react.benchmark.Benchmark for it and pass it in."
        )
    benchmark: Benchmark = import_module(f"agents.react.benchmarks.{name}").BENCHMARK
    return benchmark
