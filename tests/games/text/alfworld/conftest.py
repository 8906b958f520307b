"""What the tests of ALFWorld share: the engine or a visible reason to go without, and games."""

import pytest

from games.errors import GameError
from games.text.alfworld.games import Game
from games.text.alfworld.official import require_engine
from games.text.alfworld.suite import bundled_games


@pytest.fixture
def engine_installed() -> None:
    try:
        require_engine()
    except GameError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def games() -> tuple[Game, ...]:
    return bundled_games()


@pytest.fixture(scope="session")
def one_of_each_kind(games: tuple[Game, ...]) -> tuple[Game, ...]:
    return tuple({game.kind: game for game in reversed(games)}.values())
