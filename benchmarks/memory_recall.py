"""How fast and how true recall is among 100,000 experiences: the exact index and Chroma, with their filters.

Vectors are drawn around centres on the unit sphere, as sentences gather around topics; queries are drawn the
same way. Recall counts how many of the exact k nearest an index finds. Embedding is not part of it.

Two pools: one kind of task, solved every time, so that every entry is a candidate; and six kinds, every other
attempt solved. Queries ask for gathered successes that are not of the evaluated fold, as ExpeL's recall does.

    python -m benchmarks.memory_recall --json benchmarks/results/memory_recall.json
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measured import written
from memory.embedders import EmbedderMark, Vectors
from memory.experiences import ExperienceStore
from memory.indexes import open_index
from memory.recall import ExperienceMemory
from memory.records import Experience, Outcome, Step
from memory.vectors import Scalar, VectorIndex, Where
from memory.workspace import Workspace

DIMENSION = 384  # of all-MiniLM-L6-v2
NUM_TOPICS = 2000
SPREAD = 0.05  # of each coordinate: entries of a topic have a cosine of about .5
K = 10
NUM_SHOWN = 2
NUM_FOLDS = 2
# Title, number of kinds, and of how many attempts one is solved.
POOLS = {"one": ("one kind, all solved", 1, 1), "six": ("six kinds, every other solved", 6, 2)}


@dataclass(frozen=True, slots=True)
class Pool:
    """Experiences as arrays; number n is task `n`."""

    vectors: Vectors
    kinds: NDArray[np.int64]
    solved: NDArray[np.bool_]

    def experience(self, number: int) -> Experience:
        outcome: Outcome = "success" if self.solved[number] else "fail"
        return Experience(
            run_id="r", domain="drawn", env_name=f"kind {self.kinds[number]}", task_id=str(number),
            task=str(number), trial=0, fold=number % NUM_FOLDS, outcome=outcome,
            steps=tuple(Step("action", f"go to place {place}") for place in range(10)),
        )  # fmt: skip

    def nearest(self, query: Vectors, kind: int | None) -> set[str]:
        """The truth: gathered successes that are not of fold 0, by all their cosines."""
        counts = self.solved & (np.arange(len(self.vectors)) % NUM_FOLDS != 0)
        if kind is not None:
            counts &= self.kinds == kind
        numbers = np.flatnonzero(counts)
        best = np.argpartition(-(self.vectors[numbers] @ query), K)[:K]
        return {str(number) for number in numbers[best]}


class DrawnEmbedder:
    """Gives number n of the drawn vectors for the text `n`."""

    mark = EmbedderMark("drawn", DIMENSION)

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._vectors[[int(text) for text in texts]]


def drawn(count: int, num_kinds: int, rng: np.random.Generator) -> tuple[Vectors, NDArray[np.int64]]:
    """Unit vectors and the kind of task each is of; a topic belongs to one kind."""
    centres = np.random.default_rng(0).normal(scale=DIMENSION**-0.5, size=(NUM_TOPICS, DIMENSION))
    topics = rng.integers(NUM_TOPICS, size=count)
    vectors = (centres[topics] + rng.normal(scale=SPREAD, size=(count, DIMENSION))).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), topics % num_kinds


def timed(call: Callable[[int], Any], count: int) -> tuple[list[Any], dict[str, float]]:
    """What the calls gave, and milliseconds a call."""
    call(0)  # the first one also loads the index
    given, milliseconds = [], []
    for number in range(count):
        begun = time.perf_counter()
        given.append(call(number))
        milliseconds.append(1000 * (time.perf_counter() - begun))
    low, high = np.percentile(milliseconds, [50, 95])
    return given, {"p50_ms": round(float(low), 2), "p95_ms": round(float(high), 2)}


def measured(
    memory: ExperienceMemory, index: VectorIndex, pool: Pool, queries: Vectors, kinds: NDArray[np.int64]
) -> list[dict[str, Any]]:
    rows = []
    num_entries, num_queries = len(pool.vectors), len(queries)
    several = len(set(pool.kinds.tolist())) > 1
    for filtered in ("its kind", "any kind") if several else ("its kind",):

        def where(number: int, by_kind: bool = filtered == "its kind") -> Where:
            equals: dict[str, Scalar] = {"kind": "task", "outcome": "success", "phase": "gather"}
            if by_kind:
                equals["env_name"] = f"kind {kinds[number]}"
            return Where(equals=equals, differs={"fold": 0})

        def query(number: int, where: Callable[[int], Where] = where) -> set[str]:
            hits = index.query(queries[number], K, where(number))
            return {str(hit.metadata["task_id"]) for hit in hits}

        def shown(number: int, by_kind: bool = filtered == "its kind") -> object:
            return memory.demonstrations(
                str(num_entries + number),
                NUM_SHOWN,
                task_id="new",
                env_name=f"kind {kinds[number]}" if by_kind else None,
                not_fold=0,
            )

        found, speed = timed(query, num_queries)
        _, whole = timed(shown, num_queries)
        truth = [
            pool.nearest(one, int(kind) if filtered == "its kind" else None)
            for one, kind in zip(queries, kinds, strict=True)
        ]
        shares = [len(one & other) / K for one, other in zip(truth, found, strict=True)]
        rows.append(
            {
                "filter": filtered,
                **speed,
                "recall": round(float(np.mean(shares)), 4),
                "demonstrations_p95_ms": whole["p95_ms"],
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--folder", type=Path, help="keep the filled memories here and use them again")
    parser.add_argument("--pools", nargs="+", choices=POOLS, default=list(POOLS))
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for title, num_kinds, solved_of in (POOLS[name] for name in arguments.pools):
            rng = np.random.default_rng(1)
            vectors, kinds = drawn(arguments.entries, num_kinds, rng)
            queries, query_kinds = drawn(arguments.queries, num_kinds, rng)
            pool = Pool(vectors, kinds, rng.integers(solved_of, size=arguments.entries) == 0)
            embedder = DrawnEmbedder(np.concatenate([vectors, queries]))
            folder = (arguments.folder or Path(scratch)) / str(num_kinds)
            with Workspace(folder) as workspace:
                store = ExperienceStore(workspace)
                if len(store) != arguments.entries:
                    store.add_all(map(pool.experience, range(arguments.entries)))
                for name, place in (("exact", None), ("chroma", folder / "chroma")):
                    with open_index(place, "drawn", embedder.mark) as index:
                        memory = ExperienceMemory(store, index, embedder, domain="drawn")
                        begun = time.perf_counter()
                        if len(index) != arguments.entries:
                            memory.rebuild()
                            print(
                                f"{title}, {name}: filled in {time.perf_counter() - begun:.0f} s", flush=True
                            )
                        begun = time.perf_counter()
                        in_step = memory.check().in_step
                        checked = {"in_step": in_step, "check_seconds": round(time.perf_counter() - begun, 1)}
                        for row in measured(memory, index, pool, queries, query_kinds):
                            rows.append({"pool": title, "index": name, **row, **checked})
                            print(rows[-1], flush=True)
    sizes = {"entries": arguments.entries, "queries": arguments.queries, "dimension": DIMENSION, "k": K}
    written(arguments.json, {**sizes, "rows": rows})


if __name__ == "__main__":
    main()
