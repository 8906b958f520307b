"""One conformance suite over both indexes, and what is Chroma's alone."""

import socket
from pathlib import Path
from shutil import rmtree as remove_tree
from typing import Any

import numpy as np
import pytest

from memory.chroma import (
    ChromaIndex,
    collection_name,
    open_chroma,
    remove_collection,
    remove_folder,
    remove_sharded,
    sharded,
)
from memory.embedders import EmbedderMark, Vectors
from memory.errors import StoreError
from memory.in_memory import InMemoryIndex
from memory.indexes import open_index
from memory.shards import ShardedIndex
from memory.vectors import Entry, Scalar, VectorIndex, Where

MARK = EmbedderMark("test", 8)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_chroma(tmp_path_factory.mktemp("chroma"))


@pytest.fixture(params=["in_memory", "chroma", "sharded", "sharded chroma"])
def index(request: pytest.FixtureRequest, client: Any) -> VectorIndex:
    match request.param:
        case "in_memory":
            return InMemoryIndex(MARK)
        case "chroma":
            remove_collection(client, "suite")
            return ChromaIndex(client, "suite", MARK)
        case "sharded":
            return ShardedIndex(MARK, lambda _: InMemoryIndex(MARK), keys=["kind", "fold"])
        case _:
            remove_sharded(client, "parts")
            return sharded(client, "parts", MARK, keys=["kind", "fold"])


def direction(seed: int) -> Vectors:
    return np.random.default_rng(seed).normal(size=8).astype(np.float32)


def entry(name: str, seed: int, **metadata: Scalar) -> Entry:
    return Entry(name, direction(seed), {"kind": "task", **metadata})


def test_the_nearest_come_first_with_their_cosine(index: VectorIndex) -> None:
    index.upsert([entry(f"e{seed}", seed) for seed in range(20)])
    asked = direction(100)
    cosines = {
        f"e{seed}": float(direction(seed) @ asked / np.linalg.norm(direction(seed)) / np.linalg.norm(asked))
        for seed in range(20)
    }
    hits = index.query(asked, 5)
    assert [hit.id for hit in hits] == sorted(cosines, key=lambda name: -cosines[name])[:5]
    assert [hit.score for hit in hits] == pytest.approx([cosines[hit.id] for hit in hits], abs=1e-5)


def test_equal_scores_come_in_the_order_of_ids(index: VectorIndex) -> None:
    index.upsert([entry(name, 1) for name in ("c", "a", "b")])
    assert [hit.id for hit in index.query(direction(1), 3)] == ["a", "b", "c"]


def test_filters_hold_and_a_missing_key_is_different(index: VectorIndex) -> None:
    index.upsert(
        [entry("a", 1, fold=0), entry("b", 2, fold=1), entry("c", 3), entry("d", 4, fold=1, ok=True)]
    )
    assert index.ids(Where(equals={"fold": 1})) == ["b", "d"]
    assert index.ids(Where(differs={"fold": 1})) == ["a", "c"]
    assert index.ids(Where(equals={"kind": "task", "ok": True}, differs={"fold": 0})) == ["d"]
    assert {hit.id for hit in index.query(direction(1), 9, Where(differs={"fold": 1}))} == {"a", "c"}
    assert index.query(direction(1), 9, Where(equals={"kind": "other"})) == []
    assert index.ids(Where(equals={"unknown": 1})) == []


def test_an_upsert_replaces_vector_and_metadata(index: VectorIndex) -> None:
    index.upsert([entry("a", 1, fold=0), entry("a", 2, fold=0)])
    index.upsert([entry("a", 3, trial=1)])
    (hit,) = index.query(direction(3), 5)
    assert (len(index), hit.metadata) == (1, {"kind": "task", "trial": 1})
    assert hit.score == pytest.approx(1, abs=1e-5)


def test_what_is_deleted_is_not_found(index: VectorIndex) -> None:
    index.upsert([entry(f"e{seed}", seed, fold=seed % 2) for seed in range(100)])
    index.delete(["e3", "e99", "unknown"])
    index.delete([])
    assert len(index) == 98
    assert not {"e3", "e99"} & {hit.id for hit in index.query(direction(3), 98)}
    assert index.query(direction(98), 1)[0].id == "e98"
    assert index.ids(Where(equals={"fold": 0})) == sorted(f"e{seed}" for seed in range(0, 100, 2))


def test_values_are_those_of_the_entries_that_have_the_key(index: VectorIndex) -> None:
    index.upsert([entry("a", 1, fold=0, content="x"), entry("b", 2, fold=1, content="y"), entry("c", 3)])
    assert index.values("content") == {"a": "x", "b": "y"}
    assert index.values("unknown") == {}


def test_a_sound_index_shows_no_damage(index: VectorIndex) -> None:
    assert index.damage() == ()
    index.upsert([entry(f"e{seed}", seed, fold=seed % 2) for seed in range(30)])
    index.delete([f"e{seed}" for seed in range(0, 30, 3)])
    assert index.damage() == ()


def test_a_rare_match_far_away_is_found(index: VectorIndex) -> None:
    near = direction(0)
    index.upsert(
        [Entry(f"n{number:03}", near + number * 1e-4, {"kind": "task", "trial": 0}) for number in range(200)]
    )
    index.upsert([Entry("far", -near, {"kind": "task", "trial": 1})])
    assert [hit.id for hit in index.query(near, 1, Where(equals={"trial": 1}))] == ["far"]
    assert [hit.id for hit in index.query(near, 1, Where(differs={"trial": 0}))] == ["far"]
    assert len(index.query(near, 100, Where(equals={"trial": 0}))) == 100


def test_an_entry_that_changes_its_metadata_is_there_once(index: VectorIndex) -> None:
    index.upsert([entry("a", 1, fold=0), entry("b", 2, fold=0)])
    index.upsert([entry("a", 1, fold=1)])
    assert (len(index), index.ids(Where(equals={"fold": 0}))) == (2, ["b"])
    assert [hit.id for hit in index.query(direction(1), 5, Where(equals={"fold": 1}))] == ["a"]


def test_an_empty_index_and_a_k_of_zero_find_nothing(index: VectorIndex) -> None:
    index.upsert([])
    assert index.query(direction(1), 3) == []
    index.upsert([entry("a", 1)])
    assert index.query(direction(1), 0) == []


@pytest.mark.parametrize("bad", [np.ones(7), np.zeros(8), np.full(8, np.nan)], ids=["7", "zero", "nan"])
def test_vectors_that_do_not_fit_are_refused(index: VectorIndex, bad: Vectors) -> None:
    with pytest.raises(StoreError):
        index.upsert([Entry("a", bad.astype(np.float32), {"kind": "task"})])
    index.upsert([entry("b", 1)])
    with pytest.raises(StoreError):
        index.query(bad.astype(np.float32), 1)
    assert index.ids() == ["b"]


def test_both_indexes_agree(client: Any) -> None:
    remove_collection(client, "agree")
    indexes: list[VectorIndex] = [InMemoryIndex(MARK), ChromaIndex(client, "agree", MARK)]
    for one in indexes:
        one.upsert([entry(f"e{seed:03}", seed, fold=seed % 3) for seed in range(300)])
        one.delete([f"e{seed:03}" for seed in range(0, 300, 7)])
    exact, chroma = indexes
    for seed in range(1000, 1020):
        where = Where(differs={"fold": seed % 3})
        found = [[hit.id for hit in one.query(direction(seed), 10, where)] for one in (exact, chroma)]
        assert found[0] == found[1]


def test_case_37_a_collection_refuses_another_embedder(client: Any) -> None:
    remove_collection(client, "owned")
    ChromaIndex(client, "owned", MARK).upsert([entry("a", 1)])
    for other in (EmbedderMark("other", 8), EmbedderMark("test", 9)):
        with pytest.raises(StoreError, match="rebuild the index"):
            ChromaIndex(client, "owned", other)
    assert len(ChromaIndex(client, "owned", MARK)) == 1


def test_parts_are_found_again_and_refuse_another_embedder(client: Any) -> None:
    remove_sharded(client, "again")
    first = sharded(client, "again", MARK, keys=["kind", "fold"])
    first.upsert([entry("a", 1, fold=0), entry("b", 2, fold=1), entry("c", 3)])
    assert sharded(client, "again", MARK, keys=["kind", "fold"]).ids() == ["a", "b", "c"]
    with pytest.raises(StoreError, match="not of other"):
        sharded(client, "again", EmbedderMark("other", 8))
    remove_sharded(client, "again")
    assert len(sharded(client, "again", EmbedderMark("other", 8))) == 0


def test_renewing_an_index_lets_another_embedder_in_and_leaves_other_domains(tmp_path: Path) -> None:
    for domain in ("one", "two"):
        with open_index(tmp_path, domain, MARK) as index:
            index.upsert([entry("a", 1)])
    other = EmbedderMark("other", 4)
    with pytest.raises(StoreError, match="not of other"):
        open_index(tmp_path, "one", other)
    with open_index(tmp_path, "one", other, renew=True) as renewed:
        assert len(renewed) == 0
    with open_index(tmp_path, "two", MARK) as kept:
        assert len(kept) == 1


def test_lost_vectors_are_seen_though_their_ids_are_still_listed(tmp_path: Path) -> None:
    with open_chroma(tmp_path) as opened:
        index = ChromaIndex(opened, "lost", MARK)
        # Vectors go from Chroma's log to their own file after a thousand.
        index.upsert([entry(f"e{seed:04}", seed) for seed in range(1200)])
        index.query(direction(1), 1)
    (vectors,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    remove_tree(vectors)
    with open_chroma(tmp_path) as opened:
        index = ChromaIndex(opened, "lost", MARK)
        assert len(index.ids()) == 1200
        assert "then rebuild" in index.damage()[0]


def test_a_broken_vector_file_is_a_clear_error(tmp_path: Path) -> None:
    with open_chroma(tmp_path) as opened:
        ChromaIndex(opened, "x", MARK).upsert([entry(f"e{seed:04}", seed) for seed in range(1200)])
    (header,) = tmp_path.glob("*/header.bin")
    header.write_bytes(b"\xff" * 100)
    with open_chroma(tmp_path) as opened, pytest.raises(StoreError, match="then rebuild"):
        ChromaIndex(opened, "x", MARK).query(direction(1), 1)


def test_folders_of_others_are_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    for refused in (open_chroma, remove_folder):
        with pytest.raises(StoreError, match="no folder of Chroma"):
            refused(tmp_path)
        with pytest.raises(StoreError, match="is a file"):
            refused(tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_a_collection_of_another_program_is_refused(client: Any) -> None:
    client.create_collection("exp-foreign", embedding_function=None)
    with pytest.raises(StoreError, match="was not made by nimue"):
        ChromaIndex(client, "foreign", MARK)


def test_a_reopened_folder_has_what_was_written(tmp_path: Path) -> None:
    ChromaIndex(open_chroma(tmp_path), "kept", MARK).upsert([entry("a", 1, fold=2)])
    again = ChromaIndex(open_chroma(tmp_path), "kept", MARK)
    assert dict(again.query(direction(1), 1)[0].metadata) == {"kind": "task", "fold": 2}


@pytest.mark.parametrize("address", ["ftp://x", "localhost:8000", "http://"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(StoreError, match="no address"):
        open_chroma(address)


def test_a_broken_folder_says_that_it_can_be_rebuilt(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"garbage " * 2000)
    with pytest.raises(StoreError, match="remove it and rebuild"):
        open_chroma(tmp_path)


def test_a_server_that_does_not_answer_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: every connection is refused
        with pytest.raises(StoreError, match="no Chroma server answers"):
            open_chroma(f"http://127.0.0.1:{unused.getsockname()[1]}")


@pytest.mark.parametrize("name", ["a", "alfworld fold 1", "x" * 600, "ünï/code:", "..dots.."])
def test_every_domain_gives_a_name_that_chroma_takes(client: Any, name: str) -> None:
    made = collection_name(name)
    assert 3 <= len(made) <= 512
    remove_collection(client, name)
    assert len(ChromaIndex(client, name, MARK)) == 0
    remove_collection(client, name)
