"""Minari's data sets, as they lie on this machine; nothing is downloaded.

Minari keeps T + 1 states an episode, and endings and cuts apart; dictionary observations (of goals) are
joined in the order of their keys.
"""

import numpy as np
from numpy.typing import NDArray

from backends.lab.errors import LabError
from backends.rl.transitions.store import ReferenceReturns, TransitionStore, make_store


def read_minari(id: str) -> TransitionStore:
    """Read a data set that Minari has locally.

    Raises:
        LabError: There is none of this name, or its states or actions are not vectors of numbers.
    """
    import minari

    try:
        data = minari.load_dataset(id, download=False)
    except (FileNotFoundError, ValueError) as error:
        there = ", ".join(sorted(minari.list_local_datasets())) or "none"
        raise LabError(f"Minari has no local data set {id!r} (there are: {there}): {error}") from error
    episodes = list(data.iterate_episodes())
    if not episodes:
        raise LabError(f"Minari's {id} holds no episode.")
    obs = [_joined(id, episode.observations) for episode in episodes]
    timeout = [np.asarray(episode.truncations, dtype=np.bool_).copy() for episode in episodes]
    terminal = [np.asarray(episode.terminations, dtype=np.bool_) for episode in episodes]
    for cut in timeout:
        cut[-1:] = True  # an episode ends where Minari ends it
    columns: dict[str, NDArray[np.generic]] = {
        "obs": np.concatenate([one[:-1] for one in obs]),
        "next_obs": np.concatenate([one[1:] for one in obs]),
        "action": np.concatenate([_joined(id, episode.actions) for episode in episodes]),
        "reward": np.concatenate([np.asarray(episode.rewards, dtype=np.float32) for episode in episodes]),
        "terminal": np.concatenate(terminal),
        "timeout": np.concatenate(timeout),
    }
    spec = data.env_spec
    facts = data.storage.metadata
    low, high = facts.get("ref_min_score"), facts.get("ref_max_score")
    known = isinstance(low, float | int) and isinstance(high, float | int)
    return make_store(
        columns,
        name=f"minari:{id}",
        environment=None if spec is None else spec.id,
        reference=ReferenceReturns(float(low), float(high)) if known else None,
    )


def check_minari_name(id: str) -> None:
    """Find out before any work whether Minari would take a new data set of this name.

    Raises:
        LabError: The name is taken or not one of Minari's.
    """
    import minari
    from minari.dataset.minari_dataset import parse_dataset_id

    try:
        parse_dataset_id(id)
    except (ValueError, TypeError) as error:  # the latter where the version is missing
        raise LabError(f"{id!r} is no name of Minari's, which are like hopper/medium-v0.") from error
    if id in minari.list_local_datasets():
        raise LabError(f"Minari has a data set {id!r} already; take another name or version.")


def write_minari(store: TransitionStore, id: str) -> None:
    """Add a store to Minari's local data sets.

    Raises:
        LabError: The name is taken or not one of Minari's, or an episode has gaps.
    """
    import gymnasium as gym
    import minari
    from minari.data_collector.episode_buffer import EpisodeBuffer

    starts = np.concatenate([[0], np.flatnonzero(store.ends)[:-1] + 1])
    buffers = []
    for number, (start, end) in enumerate(zip(starts, np.flatnonzero(store.ends), strict=True)):
        rows = slice(start, end + 1)
        terminal, last = store.terminal[rows], end - start
        cut = ~terminal & (np.arange(last + 1) == last)
        buffers.append(
            EpisodeBuffer(
                id=number,
                observations=np.concatenate([store.obs[rows], store.next_obs[end][None]]),
                actions=store.action[rows],
                rewards=store.reward[rows].tolist(),
                terminations=terminal.tolist(),
                truncations=cut.tolist(),
                infos={},
            )
        )
    box = gym.spaces.Box(-np.inf, np.inf, (store.obs_dim,), np.float32)
    actions = gym.spaces.Box(-1.0, 1.0, (store.action_dim,), np.float32)
    reference = store.reference
    try:
        minari.create_dataset_from_buffers(
            id,
            buffers,
            # Minari keeps reference returns beside an environment that it can make only.
            env=store.environment if store.environment in gym.registry else None,
            observation_space=box,
            action_space=actions,
            ref_min_score=None if reference is None else reference.random,
            ref_max_score=None if reference is None else reference.expert,
            author="nimue",
            description=f"Written from {store.name}.",
            requirements=[],
        )
    except (ValueError, AssertionError, OSError) as error:
        raise LabError(f"Minari does not take the data set {id!r}: {error}") from error


def _joined(id: str, values: object) -> NDArray[np.float32]:
    """States or actions as rows of numbers."""
    if isinstance(values, dict):
        return np.concatenate([_joined(id, values[key]) for key in sorted(values)], axis=1)
    try:
        rows = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise LabError(f"Minari's {id} has states or actions that are no vectors of numbers.") from error
    return rows.reshape(len(rows), -1)
