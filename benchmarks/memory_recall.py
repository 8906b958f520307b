"""How fast and how true recall is: the exact index and Chroma, with and without a filter.

Vectors are drawn around centres on the unit sphere, as sentences gather around topics; queries are drawn the
same way. Recall counts how many of the exact k nearest an index finds. Embedding is not part of it.

    python -m benchmarks.memory_recall --json benchmarks/results/memory_recall.json
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measured import written
from memory.chroma import ChromaIndex, open_chroma
from memory.embedders import EmbedderMark, Vectors
from memory.in_memory import InMemoryIndex
from memory.vectors import EVERYTHING, Entry, VectorIndex, Where

DIMENSION = 384  # of all-MiniLM-L6-v2
NUM_TOPICS = 2000
SPREAD = 0.05  # of each coordinate: entries of a topic have a cosine of about .5
K = 10
NUM_FOLDS = 2
BATCH = 5000


def drawn(count: int, topics: Vectors, rng: np.random.Generator) -> Vectors:
    noise = rng.normal(scale=SPREAD, size=(count, DIMENSION)).astype(np.float32)
    return topics[rng.integers(len(topics), size=count)] + noise


def fill(index: VectorIndex, vectors: Vectors) -> float:
    """Seconds it took."""
    begun = time.perf_counter()
    for start in range(0, len(vectors), BATCH):
        index.upsert(
            [
                Entry(f"e{number:07}", vectors[number], {"kind": "task", "fold": number % NUM_FOLDS})
                for number in range(start, min(start + BATCH, len(vectors)))
            ]
        )
    return time.perf_counter() - begun


def measured(index: VectorIndex, queries: Vectors, where: Where) -> tuple[dict[str, float], list[set[str]]]:
    """Milliseconds a query, and what was found."""
    index.query(queries[0], K, where)  # the first one also loads the index
    milliseconds, found = [], []
    for query in queries:
        begun = time.perf_counter()
        hits = index.query(query, K, where)
        milliseconds.append(1000 * (time.perf_counter() - begun))
        found.append({hit.id for hit in hits})
    low, high = np.percentile(milliseconds, [50, 95])
    return {"p50_ms": round(float(low), 2), "p95_ms": round(float(high), 2)}, found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    topics = rng.normal(scale=DIMENSION**-0.5, size=(NUM_TOPICS, DIMENSION)).astype(np.float32)
    vectors, queries = drawn(arguments.entries, topics, rng), drawn(arguments.queries, topics, rng)
    mark = EmbedderMark("drawn", DIMENSION)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        exact = InMemoryIndex(mark)
        chroma = ChromaIndex(open_chroma(Path(folder)), "benchmark", mark)
        seconds = {"exact": fill(exact, vectors), "chroma": fill(chroma, vectors)}
        for filtered, where in (("none", EVERYTHING), ("fold", Where(differs={"fold": 0}))):
            truth: list[set[str]] = []
            indexes: dict[str, VectorIndex] = {"exact": exact, "chroma": chroma}
            for name, index in indexes.items():
                speed, found = measured(index, queries, where)
                truth = truth or found
                shares = [len(a & b) / len(a) for a, b in zip(truth, found, strict=True)]
                row = {"index": name, "filter": filtered, **speed, "recall": round(float(np.mean(shares)), 4)}
                rows.append({**row, "fill_seconds": round(seconds[name], 1)})
                print(
                    f"{name}, filter {filtered}: p50 {speed['p50_ms']} ms, p95 {speed['p95_ms']} ms, "
                    f"recall@{K} {row['recall']}, filled in {seconds[name]:.1f} s"
                )
    written(arguments.json, {"entries": arguments.entries, "dimension": DIMENSION, "k": K, "rows": rows})


if __name__ == "__main__":
    main()
