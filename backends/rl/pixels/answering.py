"""From trainings and players to what their jobs answer."""

from collections.abc import Sequence
from statistics import fmean

from backends.lab.contract import Artifact
from backends.lab.intervals import mean_interval
from backends.lab.reporter import Reporter
from backends.rl.pixels.answers import GamePlayed, GameTrained
from backends.rl.pixels.atari_scores import human_normalised
from backends.rl.pixels.episodes import (
    EVALUATION_SEED,
    GamePlayer,
    RandomSteerer,
    evaluation_plays,
    first_returns,
    random_returns,
)
from backends.rl.pixels.game import Steering
from backends.rl.pixels.opening import open_steered_plays
from backends.rl.pixels.training import Point


def trained(curve: Sequence[Point], weights: Artifact) -> GameTrained:
    """The last and the best evaluation of a training, kept apart."""
    final, best = curve[-1].mean_return, max(point.mean_return for point in curve)
    return GameTrained(
        metrics={"mean_return": final, "best_return": best},
        artifacts=(weights,),
        mean_return=final,
        best_return=best,
        curve=tuple((point.step, point.mean_return) for point in curve),
        weights=weights.path,
    )


def played(player: GamePlayer[int], game: str, profile: str, episodes: int, report: Reporter) -> GamePlayed:
    """One episode in each of many games side by side, and what drawing actions evenly comes to in them."""
    returns = first_returns(player, evaluation_plays(game, profile, episodes), report)
    chance = random_returns(game, profile, episodes, report)
    return _answer(returns, chance, human_normalised(game.removeprefix("ALE/"), fmean(returns)))


def steered(player: GamePlayer[Steering], game: str, episodes: int, report: Reporter) -> GamePlayed:
    """The same of a game that is steered; humans have no score in these."""
    returns = first_returns(player, open_steered_plays(game, episodes, EVALUATION_SEED), report)
    return _answer(returns, random_steering_returns(game, episodes, report), None)


def random_steering_returns(game: str, episodes: int, report: Reporter) -> list[float]:
    """What steering at random comes to in the episodes of an evaluation."""
    plays = open_steered_plays(game, episodes, EVALUATION_SEED)
    return first_returns(RandomSteerer(plays.num_actions, EVALUATION_SEED), plays, report)


def _answer(returns: Sequence[float], chance: Sequence[float], human: float | None) -> GamePlayed:
    mean_return, half_width = mean_interval(returns)
    return GamePlayed(
        metrics={
            "mean_return": mean_return,
            "mean_return_half_width": half_width,
            "random_return": fmean(chance),
        },
        returns=tuple(returns),
        human_normalised=human,
    )
