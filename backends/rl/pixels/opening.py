"""Games by name: Catch in its variants, and every Atari game."""

from collections.abc import Mapping
from importlib.util import find_spec

from backends.lab.errors import LabError
from backends.rl.pixels.catch import Catch, CatchRules
from backends.rl.pixels.game import PixelGame
from backends.rl.pixels.play import Play, Plays

CATCH: Mapping[str, CatchRules] = {
    "catch": CatchRules(),
    "windy_catch": CatchRules(wind=0.1),
    "noisy_catch": CatchRules(noise=0.3),
    "catch64": CatchRules(cells=8, paddle=2, side=64),
}
NAMES = f"{', '.join(CATCH)} or an Atari game such as ALE/Pong"


def open_plays(name: str, num_games: int, seed: int, profile: str = "iris") -> Plays:
    """Begin so many plays of a game, with seeds that differ.

    Raises:
        LabError: There is no such game.
    """
    plays = []
    for number in range(num_games):
        game, same_start = _open_game(name, profile)
        plays.append(Play(game, seed * 1000 + number, same_start=same_start))
    return Plays(plays)


def _open_game(name: str, profile: str) -> tuple[PixelGame, bool]:
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
