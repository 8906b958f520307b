"""Games by name: Catch in its variants and every Atari game, and those that are steered."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from backends.lab.errors import LabError
from backends.rl.pixels.catch import Catch, CatchRules
from backends.rl.pixels.game import Action, PixelGame, Steering
from backends.rl.pixels.play import Play, Plays
from backends.rl.pixels.reach import Reach, ReachRules
from backends.rl.pixels.suite import TASKS, SuiteGame

CATCH: Mapping[str, CatchRules] = {
    "catch": CatchRules(),
    "windy_catch": CatchRules(wind=0.1),
    "noisy_catch": CatchRules(noise=0.3),
    "catch64": CatchRules(cells=8, paddle=2, side=64),
}
REACH: Mapping[str, ReachRules] = {
    "reach": ReachRules(),
    "noisy_reach": ReachRules(noise=0.3),
    "slide": ReachRules(levers=1),
    "noisy_slide": ReachRules(levers=1, noise=0.3),
}
NAMES = f"{', '.join(CATCH)} or an Atari game such as ALE/Pong"
STEERED = f"{', '.join(REACH)} or one of the DeepMind control suite: {', '.join(TASKS)}"

Opening = Callable[[str, int, int, str], Plays[Action]]
"""A game's name, how many plays, their seed, and how it is seen, to plays that have begun."""


def open_plays(name: str, num_games: int, seed: int, profile: str = "iris") -> Plays[int]:
    """Begin so many plays of a game, with seeds that differ.

    Raises:
        LabError: There is no such game.
    """
    plays = []
    for number in range(num_games):
        game, same_start = _open_game(name, profile)
        plays.append(Play(game, seed * 1000 + number, same_start=same_start))
    return Plays(plays)


def open_steered_plays(name: str, num_games: int, seed: int, profile: str = "drq") -> Plays[Steering]:
    """Begin so many plays of a game that is steered; there is one way to see each, DrQ's.

    Raises:
        LabError: There is no such game.
        LabFailure: It needs a library that is not installed.
    """
    plays = [Play(_open_steered(name), seed * 1000 + number) for number in range(num_games)]
    return Plays(plays)


def _open_steered(name: str) -> PixelGame[Steering]:
    if name in REACH:
        return Reach(REACH[name])
    if name in TASKS:
        return SuiteGame(name)
    raise LabError(f"There is no game {name!r} to steer; there are {STEERED}.")


def _open_game(name: str, profile: str) -> tuple[PixelGame[int], bool]:
    if name in CATCH:
        return Catch(CATCH[name]), False
    family, _, title = name.partition("/")
    if family != "ALE" or not title:
        raise LabError(f"There is no game {name!r}; there are {NAMES}.")
    if find_spec("ale_py") is None:
        raise LabError("Atari games need ale-py: pip install 'nimue[rl]' brings it.")
    from backends.rl.pixels.atari import PROFILES, Atari

    if profile not in PROFILES:
        raise LabError(f"There is no way to play Atari called {profile!r}; there are {', '.join(PROFILES)}.")
    rules = next(rules for known, rules in PROFILES.items() if known == profile)
    return Atari(title, rules), rules.same_start
