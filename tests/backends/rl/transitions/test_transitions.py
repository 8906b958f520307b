"""Files of every kind give the same store; D4RL's boundaries hold; bad data is refused in a sentence."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backends.lab.errors import LabError
from backends.rl.transitions.d4rl import read_d4rl
from backends.rl.transitions.opening import check_target, open_transitions, write_transitions
from backends.rl.transitions.store import (
    ReferenceReturns,
    StateScaling,
    TransitionStore,
    make_store,
    several_steps,
)

Columns = dict[str, NDArray[np.generic]]


def walk(lengths: list[int], terminal: list[bool], seed: int = 0) -> TransitionStore:
    """Episodes of these lengths whose states are numbered on, 100 apart."""
    chance = np.random.default_rng(seed)
    obs, following, ends, dead = [], [], [], []
    for number, (length, is_terminal) in enumerate(zip(lengths, terminal, strict=True)):
        states = 100 * number + np.arange(length + 1)
        obs += states[:-1].tolist()
        following += states[1:].tolist()
        ends += [False] * (length - 1) + [not is_terminal]
        dead += [False] * (length - 1) + [is_terminal]
    total = sum(lengths)
    return make_store(
        {
            "obs": np.array(obs, np.float32)[:, None] * np.ones((1, 2), np.float32),
            "next_obs": np.array(following, np.float32)[:, None] * np.ones((1, 2), np.float32),
            "action": chance.uniform(-1, 1, (total, 3)).astype(np.float32),
            "reward": chance.normal(size=total).astype(np.float32),
            "terminal": np.array(dead),
            "timeout": np.array(ends),
        },
        name="walk",
        environment="Pendulum-v1",
        reference=ReferenceReturns(-1.0, 3.0),
    )


def same(one: TransitionStore, other: TransitionStore) -> None:
    for column in ("obs", "action", "reward", "next_obs", "terminal", "ends"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), err_msg=column)


@pytest.mark.parametrize("name", ["data.npz", "data.safetensors", "data.hdf5"])
def test_a_store_survives_every_file(tmp_path: Path, name: str) -> None:
    store = walk([4, 3, 5], [True, False, False])
    write_transitions(store, str(tmp_path / name))
    again = open_transitions(str(tmp_path / name))
    same(again, store)
    assert again.environment == "Pendulum-v1"
    assert again.reference == store.reference


@pytest.mark.filterwarnings("ignore")  # Minari warns of facts that a hand-made set does not have
def test_a_store_survives_minari(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    store = walk([4, 3], [True, False])
    write_transitions(store, "minari:test/walk-v0")
    again = open_transitions("minari:test/walk-v0")
    same(again, store)
    assert again.reference == store.reference
    with pytest.raises(LabError, match="test/walk-v0"):
        open_transitions("minari:test/none-v0")
    with pytest.raises(LabError, match="already"):
        check_target("minari:test/walk-v0")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("data.csv", "says no form"),
        ("a file/data.npz", "cannot be written"),
        ("minari:walk", "hopper/medium-v0"),
    ],
)
def test_what_cannot_be_written_is_found_out_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    Path("a file").write_text("where a folder should be")
    with pytest.raises(LabError, match=problem):
        check_target(name)


def test_reference_returns_that_are_no_pair_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "data.hdf5"
    write_transitions(walk([4], [True]), str(file))
    with h5py.File(file, "a") as opened:
        opened.attrs["reference_returns"] = "high"
    with pytest.raises(LabError, match="two numbers"):
        open_transitions(str(file))


def test_without_next_states_the_last_transition_of_a_cut_episode_is_dropped(tmp_path: Path) -> None:
    store = walk([4, 3, 3], [True, False, False])
    file = tmp_path / "hopper-medium-v2.hdf5"
    with h5py.File(file, "w") as opened:
        for ours, theirs in (("obs", "observations"), ("action", "actions"), ("reward", "rewards")):
            opened[theirs] = getattr(store, ours)
        opened["terminals"], opened["timeouts"] = store.terminal, store.timeout
    read = read_d4rl(file)
    # 4 to the death, 2 of each cut episode; its rewards and next states are those that were lived.
    assert len(read) == 8
    kept = [0, 1, 2, 3, 4, 5, 7, 8]
    np.testing.assert_array_equal(read.reward, store.reward[kept])
    alive = ~read.terminal
    np.testing.assert_array_equal(read.next_obs[alive], store.next_obs[kept][alive])
    np.testing.assert_array_equal(read.episode_id, [0, 0, 0, 0, 1, 1, 2, 2])
    assert read.reference is not None and read.reference.score(3234.3) == pytest.approx(100)


def test_without_timeouts_an_episode_ends_where_the_states_do_not_follow() -> None:
    store = walk([4, 3, 5], [True, False, False])
    columns: Columns = {
        key: getattr(store, key) for key in ("obs", "action", "reward", "next_obs", "terminal")
    }
    same(make_store(columns, name="no timeouts"), store)


def test_returns_and_returns_to_go_stop_at_boundaries() -> None:
    store = walk([2, 3], [True, False]).with_rewards(0.0, 1.0)
    np.testing.assert_array_equal(store.episode_returns, [2, 3])
    np.testing.assert_array_equal(store.return_of_episode, [2, 2, 3, 3, 3])
    np.testing.assert_allclose(store.returns_to_go(0.5), [1.5, 1, 1.75, 1.5, 1])


def naive_steps(
    store: TransitionStore, row: int, count: int, discount: float, at_timeouts: bool
) -> tuple[float, int, float]:
    total, factor = 0.0, 1.0
    for here in range(row, row + count):
        total += factor * float(store.reward[here])
        factor *= discount
        if store.terminal[here] or (store.ends[here] and not at_timeouts):
            return total, here, 0.0
        if store.ends[here] or here == row + count - 1:
            return total, here, factor
    raise AssertionError("the last row ends an episode")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=5),
    st.integers(1, 7), st.booleans(), st.integers(0, 99),
)  # fmt: skip
def test_several_steps_are_those_counted_by_hand(
    episodes: list[tuple[int, bool]], count: int, at_timeouts: bool, seed: int
) -> None:
    store = walk([length for length, _ in episodes], [dead for _, dead in episodes], seed)
    found = several_steps(store, count, 0.9, bootstrap_at_timeouts=at_timeouts)
    for row in range(len(store)):
        reward, last, factor = naive_steps(store, row, count, 0.9, at_timeouts)
        assert found.reward[row] == pytest.approx(reward, abs=1e-4)
        assert found.discount[row] == pytest.approx(factor, abs=1e-6)
        np.testing.assert_array_equal(found.next_obs[row], store.next_obs[last])


def test_the_best_episodes_are_kept_whole() -> None:
    store = walk([2, 3, 4, 1], [True] * 4).with_rewards(0.0, 1.0)
    best = store.top_episodes(50)
    np.testing.assert_array_equal(best.episode_returns, [3, 4])
    assert store.top_episodes(1).num_episodes == 1


def test_leaving_out_rows_cuts_episodes_there() -> None:
    store = walk([6], [False]).rows(np.array([0, 1, 4, 5]))
    np.testing.assert_array_equal(store.ends, [False, True, False, True])


def test_iqls_scaling_spans_a_thousand_and_states_get_deviation_one() -> None:
    store = walk([3, 4, 5], [True, False, True])
    assert np.ptp(store.scaled_by_returns().episode_returns) == pytest.approx(1000, rel=1e-4)
    scaled = StateScaling.of(store)(store.obs)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(0), 1, atol=1e-3)
    with pytest.raises(LabError, match="one return"):
        store.with_rewards(0, 0).scaled_by_returns()


def test_what_a_person_should_know_is_said() -> None:
    remarks = " ".join(walk([5], [False]).remarks)
    assert "no transition is terminal" in remarks and "one episode" in remarks
    assert walk([5, 5], [True, False]).remarks == ()


def spoiled(**changes: NDArray[np.generic] | None) -> Columns:
    store = walk([4], [True])
    columns: dict[str, NDArray[np.generic] | None] = {
        key: getattr(store, key) for key in ("obs", "action", "reward", "next_obs", "terminal", "timeout")
    }
    columns |= changes
    return {key: column for key, column in columns.items() if column is not None}


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (spoiled(action=None), "no column action; there are next_obs"),
        (spoiled(reward=np.array([1.0, np.nan, 2.0, np.inf])), "not finite in 2 rows, first in row 1"),
        (spoiled(obs=np.zeros((3, 2))), r"obs has shape \(3, 2\)"),
        (spoiled(next_obs=np.zeros((4, 5))), "the next ones"),
        (spoiled(terminal=np.array([0, 0, 0, 7])), "other values than 0 and 1"),
        (spoiled(terminal=np.zeros(2)), "terminal has shape"),
        (spoiled(action=np.array([["a"]] * 4)), "not numbers"),
        (spoiled(reward=np.array(1.0)), "holds no transition"),
        (spoiled(terminal=np.array([0.0, np.nan, 0.0, 1.0])), "other values than 0 and 1"),
        ({key: column[:0] for key, column in spoiled().items()}, "holds no transition"),
    ],
)
def test_bad_columns_are_refused_in_a_sentence(columns: Columns, told: str) -> None:
    with pytest.raises(LabError, match=told):
        make_store(columns, name="bad")


def test_names_and_files_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="There is no data"):
        open_transitions("hopper-medium-v2")
    for name in ("broken.hdf5", "broken.npz", "broken.safetensors"):
        (tmp_path / name).write_bytes(b"no such thing")
        with pytest.raises(LabError, match="cannot be read"):
            open_transitions(str(tmp_path / name))
    (tmp_path / "data.csv").write_text("1,2")
    with pytest.raises(LabError, match=r"\.csv"):
        open_transitions(str(tmp_path / "data.csv"))
    with pytest.raises(LabError, match="says no form"):
        write_transitions(walk([2], [True]), str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"terminals": np.array([0.0, np.nan, 0.0])}, "terminal holds other values than 0 and 1"),
        ({"terminals": np.zeros((3, 2))}, r"terminal has shape \(3, 2\)"),
        ({"timeouts": np.zeros(2)}, r"different lengths: .*timeout \(2,\)"),
        ({"rewards": np.array(1.0)}, r"different lengths: .*reward \(\)"),
        ({"observations": np.zeros(3)}, r"states have shape \(3,\)"),
    ],
)
def test_a_file_without_next_states_is_checked_before_they_are_made(
    changes: Columns, told: str, tmp_path: Path
) -> None:
    columns: Columns = {
        "observations": np.zeros((3, 2)),
        "actions": np.zeros((3, 1)),
        "rewards": np.zeros(3),
        "terminals": np.zeros(3),
    }
    with h5py.File(tmp_path / "bad.hdf5", "w") as opened:
        for key, column in {**columns, **changes}.items():
            opened.create_dataset(key, data=column)
    with pytest.raises(LabError, match=told):
        open_transitions(str(tmp_path / "bad.hdf5"))


def test_a_single_array_under_the_name_of_several_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(LabError, match="holds one array, not several under the names obs, action"):
        open_transitions(str(tmp_path / "one.npz"))
