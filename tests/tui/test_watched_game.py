"""A game laid out for one watcher."""

from collections.abc import Sequence

import pytest

from agents.cli.table_lines import Show
from games.avalon.events import Event
from games.avalon.table import public_table
from tui.beliefs import beliefs_at
from tui.table_panels import beliefs_panel, known_roles, quest_line, seats_panel, votes_panel
from tui.watched_game import WatchedGame

NAMES = dict.fromkeys(range(1, 7), "naive")


def watched(events: Sequence[Event], show: Show, width: int = 60) -> WatchedGame:
    game = WatchedGame(show=show, names=NAMES, width=width)
    game.add(events)
    return game


def test_the_lines_of_every_position_are_those_of_a_game_that_went_no_further(game: Sequence[Event]) -> None:
    whole = watched(game, "god")
    for place in range(0, len(game), 7):
        part = watched(game[:place], "god")
        position = whole.position_at(place)
        assert position == len(part)
        assert [line.plain for line in whole.lines[: whole.num_lines(position)]] == [
            line.plain for line in part.lines
        ]


def test_jumping_visits_every_decision_forth_and_back(game: Sequence[Event]) -> None:
    whole = watched(game, "public")
    forth = [position := 0]
    while position < len(whole):
        forth.append(position := whole.moment_after(position))
    back = [position]
    while position > 0:
        back.append(position := whole.moment_before(position))
    assert forth == back[::-1]
    kinds = {whole.events[position - 1].type for position in forth[1:]}
    assert kinds >= {"propose", "vote", "quest", "end"}


def test_the_table_is_right_at_any_position_in_any_order(game: Sequence[Event]) -> None:
    whole = watched(game, "god")
    for place in (len(game), 30, 60, 3, len(game) // 2):
        assert whole.table(whole.position_at(place)) == public_table(game[:place])


@pytest.mark.parametrize("show", ["public", 1, 4])
def test_nothing_hidden_reaches_the_lines_or_panels(game: Sequence[Event], show: Show) -> None:
    before_end = [event for event in game if event.type not in ("end", "shot")]
    whole = watched(before_end, show)
    assert all(
        event.visible_to == "all" or (show != "public" and show in event.visible_to) for event in whole.events
    )
    known = known_roles(whole.events, show)
    secret = {int(seat): role for seat, role in game[1].data["roles"].items()}
    own = whole.events[1].data if isinstance(show, int) else {}
    told = set(known.roles) - {show}
    assert told <= {int(seat) for seat in own.get("known_roles", {})}
    assert all(known.roles[seat] == secret[seat] for seat in known.roles)


def test_panels_fit_the_narrow_side(game: Sequence[Event]) -> None:
    whole = watched(game, "god")
    table, setup = whole.table(len(whole)), whole.setup
    assert table is not None
    assert setup is not None
    known = known_roles(whole.events, "god")
    panels = [
        seats_panel(setup, table, NAMES, known, "god"),
        votes_panel(setup, table),
        beliefs_panel(beliefs_at(whole.events[:60], "god", 6), known),
    ]
    for panel in panels:
        assert max(line.cell_len for line in panel.split("\n")) <= 30
    assert "wins" in quest_line(setup, table).plain


def test_a_line_belongs_to_the_event_that_told_it(game: Sequence[Event]) -> None:
    whole = watched(game, "god")
    for position in range(1, len(whole) + 1):
        for line in range(whole.num_lines(position - 1), whole.num_lines(position)):
            assert whole.position_of_line(line) == position


def test_merlin_is_sure_of_evil_and_a_public_view_believes_nothing(game: Sequence[Event]) -> None:
    roles = {role: int(seat) for seat, role in game[1].data["roles"].items()}
    merlin = beliefs_at(game[:60], roles["merlin"], 6)
    assert set(merlin) == {roles["merlin"]}
    chances = merlin[roles["merlin"]]
    assert chances[roles["morgana"] - 1] == pytest.approx(1)
    assert chances[roles["assassin"] - 1] == pytest.approx(1)
    assert beliefs_at(game[:60], "public", 6) == {}


def test_beliefs_stand_at_every_moment_and_stay_as_they_were_before_the_shot(game: Sequence[Event]) -> None:
    shot = next(place for place, event in enumerate(game) if event.type == "shot")
    before = beliefs_at(game[:shot], "god", 6)
    assert set(before) == set(range(1, 7))
    assert beliefs_at(game[: shot + 1], "god", 6) == before == beliefs_at(game, "god", 6)
    assert beliefs_at(game[:3], "god", 6) == {}
