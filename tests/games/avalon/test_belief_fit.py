"""Fitting belief parameters: splits that do not leak, frequencies that come out, weights that help."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from games.avalon import transcript
from games.avalon.behaviour import BeliefParams, Weights, all_kinds, published_habits, published_params
from games.avalon.behaviour_file import load_params, save_params, shipped_params
from games.avalon.belief_fit import choose_weights, count_habits, fit
from games.avalon.bots import make_bot
from games.avalon.bots.behaviour_tables import approval_chance, fail_card_chance
from games.avalon.draws import Deal
from games.avalon.fingerprint import fingerprint, split_of
from games.avalon.play import play, play_deal
from games.avalon.recorded_games import FinishedGame, Skipped, finished_game, read_games
from games.avalon.setup import Rules, Setup, preset
from games.errors import GameError
from tests.games.avalon.playthrough import HandGame

ONES = Weights(proposals=1.0, votes=1.0, fails=1.0)


def bot_games(num_games: int, setup: Setup | None = None, bot: str = "human_table") -> list[FinishedGame]:
    cast = setup or preset("5-basic")
    games = []
    for seed in range(num_games):
        played = play(cast, {seat: make_bot(bot, 16 * seed + seat) for seat in cast.seats}, seed)
        game = finished_game(f"g{seed}", cast, played.events)
        assert isinstance(game, FinishedGame)
        games.append(game)
    return games


@pytest.fixture(scope="module")
def games() -> Sequence[FinishedGame]:
    return bot_games(220)


@pytest.fixture(scope="module")
def fitted(games: Sequence[FinishedGame]) -> BeliefParams:
    return fit(games, "a test")


# -- fingerprints and splits -----------------------------------------------------------------------------


def test_a_game_has_one_fingerprint_whoever_recorded_it() -> None:
    setup = preset("5-basic", Rules(talk="round_robin"))
    dealt = Deal(setup.roles, 1)
    played = play_deal(setup, {seat: make_bot("naive", seat) for seat in setup.seats}, dealt)
    renamed = Setup(roles=setup.roles, rules=Rules(talk="round_robin", talk_rounds=1), name="another name")
    again = play_deal(renamed, {seat: make_bot("naive", seat) for seat in setup.seats}, dealt)
    assert fingerprint(played.events) == fingerprint(again.events)
    silent = [event for event in played.events if event.type not in ("speech", "header")]
    assert fingerprint(silent) == fingerprint(played.events)


def test_other_votes_make_another_game() -> None:
    first, second = HandGame(preset("5-basic")), HandGame(preset("5-basic"))
    first.propose(1, 2)
    second.propose(1, 2)
    first.vote(1, 2, 3)
    second.vote(1, 2, 4)
    assert fingerprint(first.events) != fingerprint(second.events)


def test_the_split_is_sixty_fifteen_twenty_five() -> None:
    splits = Counter(split_of(f"{number * 2654435761 % 2**32:08x}0000") for number in range(20_000))
    assert {part: round(count / 200) for part, count in splits.items()} == {
        "train": 60,
        "validation": 15,
        "test": 25,
    }


def test_a_fit_names_what_it_saw_and_never_sees_the_test_split(
    games: Sequence[FinishedGame], fitted: BeliefParams
) -> None:
    by_split = {
        part: {g.fingerprint for g in games if split_of(g.fingerprint) == part}
        for part in ("train", "validation", "test")
    }
    assert fitted.fitted_on == by_split["train"] | by_split["validation"]
    others = [game for game in games if split_of(game.fingerprint) != "test"]
    assert fit(others, "a test").evil == fitted.evil
    assert (fit(others, "a test").habits[5, False].approve_PSE == fitted.habits[5, False].approve_PSE).all()


def test_a_game_counts_once_however_often_it_is_in_the_logs(
    games: Sequence[FinishedGame], fitted: BeliefParams
) -> None:
    twice = fit([*games, *games], "a test")
    assert (twice.habits[5, False].fails_EQF == fitted.habits[5, False].fails_EQF).all()


def test_a_fit_without_games_to_choose_weights_on_says_so() -> None:
    with pytest.raises(GameError, match="none falls into the train split"):
        fit([], "a test")


# -- counting ----------------------------------------------------------------------------------------------


def test_counted_habits_are_those_of_the_players(games: Sequence[FinishedGame]) -> None:
    """Bots that draw from the published tables are counted as doing so."""
    counted = count_habits(games)[5, False]
    published = published_habits(5)
    assert counted.approve_PSE[0, 1] == pytest.approx(
        approval_chance("servant", "on_team", 0, is_hammer=False), abs=0.05
    )
    # The rarest cells rest on some 60 votes, a standard deviation of .065.
    assert counted.approve_PSE == pytest.approx(published.approve_PSE, abs=0.2)
    assert counted.fails_EQF[1, 0, 1] == pytest.approx(fail_card_chance(1, 1), abs=0.07)
    assert counted.fails_EQF[1, 1, 1] == pytest.approx(fail_card_chance(1, 2), abs=0.1)


def test_without_games_the_habits_are_the_published_ones() -> None:
    counted = count_habits([])
    for num_players, mordred in all_kinds():
        published = published_habits(num_players)
        habits = counted[num_players, mordred]
        assert habits.approve_PSE == pytest.approx(published.approve_PSE)
        assert habits.fails_EQF == pytest.approx(published.fails_EQF)
        for size, chances_PE in published.proposed_PE.items():
            assert habits.proposed_PE[size] == pytest.approx(chances_PE)


def test_what_one_kind_of_table_does_moves_the_others_less(games: Sequence[FinishedGame]) -> None:
    reckless = bot_games(60, preset("5-basic"), bot="random")
    counted = count_habits(reckless)
    at_five, at_nine = counted[5, False].approve_PSE[0, 0, 0], counted[9, False].approve_PSE[0, 0, 0]
    published = published_habits(5).approve_PSE[0, 0, 0]
    assert at_five < at_nine < published


# -- weights -----------------------------------------------------------------------------------------------


def test_the_least_loss_along_the_axes_is_found() -> None:
    def bowl(weights: Weights) -> float:
        distance = weights.as_array() - [0.2, 0.9, 1.1]
        return float(distance @ distance + 0.3 * distance[0] * distance[1])

    assert choose_weights(bowl) == Weights(proposals=0.2, votes=0.9, fails=1.1)


def test_chosen_weights_are_no_worse_than_all_ones(fitted: BeliefParams) -> None:
    for name in ("Evil team", "Merlin"):
        (losses,) = [value for key, value in fitted.report.items() if name in key]
        assert isinstance(losses, dict)
        assert losses["chosen"] <= losses["all weights 1"]


# -- files -------------------------------------------------------------------------------------------------


def test_parameters_survive_a_file(tmp_path: Path, fitted: BeliefParams) -> None:
    save_params(fitted, tmp_path / "params.json")
    read = load_params(tmp_path / "params.json")
    assert (read.evil, read.merlin, read.source) == (fitted.evil, fitted.merlin, "a test")
    assert read.fitted_on == fitted.fitted_on
    assert read.report == fitted.report
    for kind in all_kinds():
        assert np.allclose(read.habits[kind].approve_PSE, fitted.habits[kind].approve_PSE, atol=1e-5)
        assert np.allclose(read.habits[kind].fails_EQF, fitted.habits[kind].fails_EQF, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('"kind": "belief parameters"', '"kind": "soup"'), "kind"),
        (('"votes"', '"ballots"'), "weights.evil.votes"),
        (('"9 players"', '"nine"'), "the habits of 9 players are missing"),
        (('"approve": [[[0.', '"approve": [[[7.'), "every chance lies between 0 and 1"),
        (('"approve": [[[', '"approve": [[[0.5, '), "not of one length"),
        (('"approve": [[', '"approve": [], "x": [['), "x"),
    ],
)
def test_a_damaged_file_is_refused_with_the_place(
    tmp_path: Path, change: tuple[str, str], problem: str
) -> None:
    path = tmp_path / "params.json"
    save_params(published_params(), path)
    path.write_text(path.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    with pytest.raises(GameError, match=problem):
        load_params(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GameError, match="cannot be read"):
        load_params(tmp_path / "nothing.json")


def test_the_shipped_parameters_say_where_they_come_from() -> None:
    shipped = shipped_params()
    assert "WhoaWhoa/avalonlogs" in shipped.source
    assert len(shipped.fitted_on) > 5000
    assert all(split_of(game) != "test" for game in shipped.fitted_on)


# -- reading games -----------------------------------------------------------------------------------------


def test_games_are_read_out_of_transcripts_and_folders(tmp_path: Path, games: Sequence[FinishedGame]) -> None:
    transcript.write(tmp_path / "a.jsonl", "a", games[0].events)
    transcript.write(tmp_path / "b.jsonl", "b", games[1].events[:9])
    (tmp_path / "c.txt").write_text("no game\n", encoding="utf-8")
    transcript.write(tmp_path / "d.jsonl", "d", transcript.public_only(games[0].events), public=True)
    found = list(read_games([tmp_path]))
    assert [type(game) for game in found] == [FinishedGame, Skipped, Skipped, Skipped]
    assert isinstance(found[3], Skipped)
    assert "public export" in found[3].why
    assert isinstance(found[0], FinishedGame)
    assert found[0].fingerprint == games[0].fingerprint
    assert found[0].roles == games[0].roles
    with pytest.raises(GameError, match="not JSON"):
        list(read_games([tmp_path / "c.txt"]))
