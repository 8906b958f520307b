"""What the jobs of every system that learns games from pixels answer; imports no torch."""

from pydantic import Field

from backends.lab.contract import JobResult


class GameTrained(JobResult):
    """What the training of a player answers."""

    mean_return: float = Field(description="Mean return of the episodes played at the end.")
    best_return: float = Field(description="Best mean return of all evaluations.")
    curve: tuple[tuple[int, float], ...] = Field(description="Steps in the game and mean return.")
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class GamePlayed(JobResult):
    """What the evaluation of a player answers."""

    returns: tuple[float, ...] = Field(description="The return of each episode.")
    human_normalised: float | None = Field(
        description="0 for a random player and 1 for a human one; none outside Atari-100k."
    )
