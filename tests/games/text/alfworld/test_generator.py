"""Making games."""

from collections import Counter

import pytest

from games.errors import GameError
from games.text.alfworld.games import KINDS, Game
from games.text.alfworld.generator import draw_habits, make_games
from games.text.alfworld.official import ROOM_KINDS, RoomKind, rooms

pytestmark = pytest.mark.usefixtures("engine_installed")
SEED = 7  # of the bundled games


def test_the_same_seed_gives_the_bundled_games_again(games: tuple[Game, ...]) -> None:
    again = make_games(seed=SEED, splits={"train": 40, "unseen": 20}, room_kinds=ROOM_KINDS)
    assert [next(again) for _ in range(3)] == list(games[:3])


def test_most_things_that_are_asked_for_lie_where_the_family_keeps_them_in_unseen_rooms_too(
    games: tuple[Game, ...],
) -> None:
    homes = draw_habits(SEED, ROOM_KINDS).homes
    for split in ("train", "unseen"):
        found = [game for game in games if game.split == split]
        at_home = [game.target_in == homes[kind_of_room(game.room), game.target] for game in found]
        assert 0.7 <= sum(at_home) / len(found) < 1


def kind_of_room(name: str) -> RoomKind:
    return next(kind for kind in ROOM_KINDS if name.startswith(kind))


def test_another_family_has_other_habits() -> None:
    seven, eight = (draw_habits(seed, ROOM_KINDS).homes for seed in (7, 8))
    assert seven.keys() == eight.keys()
    assert 0.2 < sum(seven[thing] != eight[thing] for thing in seven) / len(seven) < 0.95
    assert draw_habits(7, ROOM_KINDS).homes == seven


def test_rooms_come_from_all_thirty_layouts_of_a_kind() -> None:
    for kind in ROOM_KINDS:
        found = rooms(kind)
        assert [room.number for room in found] == list(range(1, 31))
        assert len({room.receptacles for room in found}) == 30
    assert any(name.startswith("Fridge|") for name in rooms("kitchen")[0].receptacles)
    assert any(name.startswith("Bed|") for name in rooms("bedroom")[0].receptacles)


def test_only_tasks_that_fit_the_rooms_are_made() -> None:
    made = list(make_games(seed=3, splits={"train": 3}, room_kinds=("bedroom",)))
    assert Counter(game.kind for game in made) == {"put": 1, "examine": 1, "puttwo": 1}
    assert all(game.room.startswith("bedroom") for game in made)
    assert set(KINDS) > {game.kind for game in made}


def test_splits_that_leave_no_room_are_refused() -> None:
    splits = {f"split{number}": 1 for number in range(31)}
    with pytest.raises(GameError, match="'split30' has no room for a put task"):
        list(make_games(seed=3, splits=splits, room_kinds=("bedroom",)))
