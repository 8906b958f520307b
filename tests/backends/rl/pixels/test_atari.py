"""Atari as papers see it: shapes, action sets, ends, and scores between random and human."""

from statistics import fmean, median

import numpy as np
import pytest

from backends.lab.errors import LabError
from backends.rl.pixels.atari import PROFILES, Atari
from backends.rl.pixels.atari_scores import RANDOM_AND_HUMAN, human_normalised
from backends.rl.pixels.opening import open_plays

# Mean scores of STORM without demonstrations, from its released results.
STORM_SCORES = {
    "Alien": 984, "Amidar": 205, "Assault": 801, "Asterix": 1028, "BankHeist": 641, "BattleZone": 13540,
    "Boxing": 80, "Breakout": 16, "ChopperCommand": 1888, "CrazyClimber": 66776, "DemonAttack": 165,
    "Freeway": 0, "Frostbite": 1316, "Gopher": 8240, "Hero": 11044, "Jamesbond": 509, "Kangaroo": 4208,
    "Krull": 8413, "KungFuMaster": 26182, "MsPacman": 2674, "Pong": 11, "PrivateEye": 7781, "Qbert": 4523,
    "RoadRunner": 17564, "Seaquest": 525, "UpNDown": 7985,
}  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "shape"), [("spr", (1, 84, 84)), ("storm", (3, 64, 64)), ("iris", (3, 64, 64))]
)
def test_each_profile_shows_frames_of_its_size(profile: str, shape: tuple[int, int, int]) -> None:
    plays = open_plays("ALE/Pong", 1, 0, profile)
    assert plays.frames.shape == (1, *shape)
    assert plays.num_actions == 6


def test_a_seed_and_actions_give_the_same_game_again_even_with_sticky_actions() -> None:
    game = Atari("Breakout", PROFILES["storm"])
    runs = []
    for _ in range(2):
        game.begin(3)
        runs.append([game.step(step % 4) for step in range(40)])
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one.frame, other.frame)


def test_a_lost_life_is_terminal_and_the_episode_goes_on() -> None:
    game = Atari("Breakout", PROFILES["spr"])
    game.begin(0)
    steps = [game.step(1 if step % 5 == 0 else 0) for step in range(120)]
    assert any(step.terminal for step in steps)
    assert not any(step.over for step in steps[: next(i for i, one in enumerate(steps) if one.terminal) + 1])


def test_only_the_storm_profile_begins_every_episode_alike() -> None:
    assert [name for name, profile in PROFILES.items() if profile.same_start] == ["storm"]
    assert PROFILES["storm"].sticky == 0.25
    assert PROFILES["spr"].clip and not PROFILES["iris"].clip


@pytest.mark.parametrize("name", ["Pong", "ALE/NoSuchGame", "ALE/", "crotch"])
def test_an_unknown_game_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="There is no"):
        open_plays(name, 1, 0)


def test_the_26_games_and_their_ends() -> None:
    assert len(RANDOM_AND_HUMAN) == 26
    assert human_normalised("Pong", -20.7) == 0.0
    assert human_normalised("Pong", 14.6) == 1.0
    assert human_normalised("Tetris", 3.0) is None


def test_the_released_scores_of_storm_come_to_their_published_aggregates() -> None:
    scores = [human_normalised(game, score) for game, score in STORM_SCORES.items()]
    known = [score for score in scores if score is not None]
    # Computed from the seeds, not from means rounded to a point, they are 1.2221 and 0.4246.
    assert fmean(known) == pytest.approx(1.2221, abs=0.005)
    assert median(known) == pytest.approx(0.4246, abs=0.005)
