"""From trainings and players to what their jobs answer."""

from collections.abc import Sequence
from statistics import fmean

from backends.lab.contract import Artifact
from backends.lab.intervals import mean_interval
from backends.lab.reporter import Reporter
from backends.rl.pixels.answers import GamePlayed, GameTrained
from backends.rl.pixels.atari_scores import human_normalised
from backends.rl.pixels.episodes import GamePlayer, evaluation_plays, first_returns, random_returns
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


def played(player: GamePlayer, game: str, profile: str, episodes: int, report: Reporter) -> GamePlayed:
    """One episode in each of many games side by side, and what drawing actions evenly comes to in them."""
    returns = first_returns(player, evaluation_plays(game, profile, episodes), report)
    mean_return, half_width = mean_interval(returns)
    return GamePlayed(
        metrics={
            "mean_return": mean_return,
            "mean_return_half_width": half_width,
            "random_return": fmean(random_returns(game, profile, episodes, report)),
        },
        returns=tuple(returns),
        human_normalised=human_normalised(game.removeprefix("ALE/"), mean_return),
    )
