"""Outcomes, conduct, exposure and honesty of games that a test played by hand."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from games.avalon.actions import Shoot, Speak, Vote
from games.avalon.bots import make_bot
from games.avalon.metrics.conduct import Conduct, conduct_of
from games.avalon.metrics.counted import Mean, Share
from games.avalon.metrics.exposure import (
    TALK_MOMENTS,
    concealment_of,
    exposure_over_time,
    moments_of,
)
from games.avalon.metrics.honesty import honesty_of, stances_of
from games.avalon.metrics.outcome import outcome_of, outcome_rates
from games.avalon.metrics.recorded import possible_evil_sets, recorded_game
from games.avalon.play import play
from games.avalon.roles import Role, Side
from games.avalon.setup import Rules, preset
from games.avalon.transcript import public_only
from games.avalon.view import View
from games.errors import GameError
from tests.games.avalon.playthrough import HandGame

SETUP = preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1"))
"""1 Merlin, 2 Percival, 3 and 4 servants, 5 Morgana, 6 Assassin."""


def _game() -> HandGame:
    """Good wins three quests after two rejected teams and one fail; the Assassin names seat 2."""
    game = HandGame(SETUP)
    game.quest((1, 2))  # seat 1 leads, clean
    game.propose(2, 3, 5)  # seat 2 leads
    game.vote(2, 5)  # rejected
    game.propose(3, 5, 6)  # seat 3 leads
    game.vote(3, 5, 6, 4)
    game.cards(5)
    game.quest((1, 2, 3, 4))  # seat 4 leads
    game.quest((1, 2, 3))  # seat 5 leads
    game.do({6: Shoot(2)})
    return game


def test_the_outcome_holds_mission_shot_proposals_and_fails_by_quest() -> None:
    outcome = outcome_of(recorded_game(_game().events))
    assert (outcome.winner, outcome.reason) == (Side.GOOD, "merlin_survived")
    assert outcome.mission_won
    assert outcome.shot_hit is False
    assert outcome.proposals_by_quest == {1: 1, 2: 2, 3: 1, 4: 1}
    assert outcome.evil_fails_by_quest == {1: Share(0, 0), 2: Share(1, 2), 3: Share(0, 0), 4: Share(0, 0)}


def test_outcomes_of_several_games_add_up_and_unfinished_games_are_left_out() -> None:
    lost = HandGame(SETUP)
    for _ in range(3):
        lost.fail()
    unfinished = HandGame(SETUP)
    unfinished.succeed()
    games = [_game(), lost, unfinished]
    rates = outcome_rates(outcome_of(recorded_game(game.events)) for game in games)
    assert rates.good_wins == Share(1, 2)
    assert rates.by_reason == {"merlin_survived": Share(1, 2), "three_fails": Share(1, 2)}
    assert rates.mission_wins == Share(1, 2)
    assert rates.hits == Share(0, 1)
    assert rates.proposals_a_quest == Mean(8, 7)
    assert rates.evil_fails_by_quest[2] == Share(1, 2) + Share(1, 1)


def test_conduct_counts_alignment_leadership_and_self_inclusion() -> None:
    conduct = conduct_of(recorded_game(_game().events))
    assert conduct[1].vote_alignment == Share(4, 5)  # rejects the team that goes on quest 2
    assert conduct[2].leadership == Share(0, 1)
    assert conduct[3].leadership == Share(1, 1)
    assert [conduct[seat].self_inclusion.hits for seat in SETUP.seats] == [1, 1, 1, 1, 0, 0]


def test_approvals_and_proposals_of_clean_teams_are_held_against_chance() -> None:
    conduct = conduct_of(recorded_game(_game().events))
    assert conduct[1].clean_approvals == Share(3, 3)
    assert conduct[4].clean_approvals == Share(3, 4)
    assert conduct[4].clean_by_chance == Share(3, 5)
    assert conduct[1].right_votes == Share(5, 5)
    assert conduct[5].right_votes == Share(3, 5)
    assert conduct[2].clean_proposals == Share(0, 1)
    assert conduct[1].clean_proposals == Share(1, 1)
    assert conduct[1].clean_proposals_by_chance.value == pytest.approx(6 / 15)
    assert conduct[4].clean_proposals_by_chance.value == pytest.approx(1 / 15)


def test_conduct_of_games_adds_up() -> None:
    conduct = conduct_of(recorded_game(_game().events))[4]
    assert (conduct + conduct).clean_approvals == Share(6, 8)
    assert (conduct + Conduct()) == conduct


@dataclass(frozen=True)
class _Fixed:
    evil_N: NDArray[np.float64]
    merlin_N: NDArray[np.float64]


def _believes(view: View) -> _Fixed | None:
    """Morgana puts more on Merlin with every quest; the Assassin says nothing before quest 2."""
    merlin_N = np.zeros(6)
    if view.role is Role.MORGANA:
        merlin_N[0] = 0.25 + 0.1 * len(view.table.quests)
    elif len(view.table.quests) < 2:
        return None
    else:
        merlin_N[0] = 0.05
    return _Fixed(np.zeros(6), merlin_N)


def test_exposure_is_the_mean_of_what_evil_puts_on_merlin_at_each_moment() -> None:
    exposure = exposure_over_time(recorded_game(_game().events), _believes)
    assert [point.moment.label for point in exposure] == [
        "night", "1.1", "Q1", "2.1", "2.2", "Q2", "3.1", "Q3", "4.1", "Q4",
    ]  # fmt: skip
    values = [point.value for point in exposure]
    assert values[:5] == pytest.approx([0.25, 0.25, 0.35, 0.35, 0.35])
    assert values[5] == pytest.approx((0.45 + 0.05) / 2)
    assert exposure[0].by_seat == {5: 0.25}


def test_exposure_is_unknown_where_no_evil_seat_tells_a_belief_and_absent_without_merlin() -> None:
    exposure = exposure_over_time(recorded_game(_game().events), lambda view: None)
    assert {point.value for point in exposure} == {None}
    plain = HandGame(preset("6-plain", Rules(first_leader="seat_1")))
    plain.succeed()
    assert exposure_over_time(recorded_game(plain.events), _believes) == []


def test_speeches_are_moments_only_where_talk_is_asked_for() -> None:
    game = HandGame(preset("6-recon", Rules(talk="round_robin", first_leader="seat_1")))
    game.propose(1, 2, speech="Hello.")
    recorded = recorded_game(game.events)
    assert [moment.type for moment in moments_of(recorded)] == ["knowledge"]
    assert [moment.type for moment in moments_of(recorded, TALK_MOMENTS)] == ["knowledge", "speech"]


def test_concealment_counts_shots_against_blind_shots() -> None:
    hit = _game()
    shot = HandGame(SETUP)
    for _ in range(3):
        shot.succeed()
    shot.do({6: Shoot(1)})
    concealment = concealment_of([recorded_game(hit.events), recorded_game(shot.events)])
    assert concealment.survived == Share(1, 2)
    assert concealment.survived_by_chance.value == pytest.approx(0.75)
    assert concealment.gain == pytest.approx(-0.25)
    assert concealment_of([]).gain is None


def test_a_public_record_of_a_finished_game_gives_the_same_metrics() -> None:
    game = _game()
    full, public = recorded_game(game.events), recorded_game(public_only(game.events))
    assert conduct_of(public) == conduct_of(full)
    assert outcome_of(public) == outcome_of(full)
    assert [p.value for p in exposure_over_time(public, _believes)] == [
        p.value for p in exposure_over_time(full, _believes)
    ]


def test_a_public_record_without_an_end_cannot_be_read() -> None:
    game = HandGame(SETUP)
    game.succeed()
    with pytest.raises(GameError, match="who was who"):
        recorded_game(public_only(game.events))


def test_fail_cards_leave_only_the_evil_sets_that_could_play_them() -> None:
    game = HandGame(SETUP)
    game.quest((5, 6), 5, 6)
    assert possible_evil_sets(recorded_game(game.events).table, 6) == [frozenset({5, 6})]


def test_a_lie_lies_on_the_other_side_of_what_the_speaker_believes() -> None:
    game = HandGame(preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1", talk="round_robin")))
    game.propose(1, 2, speech="I trust seat 2. I suspect seat 5. Seat 3 is suspicious.")
    for text in ("I trust seat 6.", "", "", "Seat 2 is evil.", ""):
        game.answer(Speak(text))
    game.answer(Vote(False))
    game.propose(2, 3, speech="I do not trust seat 6.")
    recorded = recorded_game(game.events)

    def believes(view: View) -> _Fixed | None:
        if view.seat == 5:
            return None
        return _Fixed(np.array([0.0, 0.0, 0.45, 0.5, 0.9, 0.9]), np.zeros(6))

    lies = [(s.speaker, s.about, s.is_lie) for s in stances_of(recorded, believes)]
    assert lies == [(1, 2, False), (1, 5, False), (1, 3, False), (2, 6, True), (5, 2, None), (2, 6, False)]
    honesty = honesty_of(recorded, believes)
    assert honesty[1].honest == Share(3, 3)
    assert honesty[2].honest == Share(1, 2)
    assert honesty[2].consistent == Share(0, 1)
    assert honesty[5].honest.rate is None


@pytest.mark.parametrize("name", ["5-basic", "7-mordred", "10-standard"])
def test_every_metric_reads_games_of_bots_at_every_table(name: str) -> None:
    setup = preset(name)
    played = play(setup, {seat: make_bot("naive", seat) for seat in setup.seats}, seed=3)
    game = recorded_game(played.events)
    outcome = outcome_of(game)
    assert (outcome.winner, outcome.reason) == (played.ending.winner, played.ending.reason)
    for conduct in conduct_of(game).values():
        assert 0 <= conduct.vote_alignment.hits <= conduct.vote_alignment.of == len(game.table.proposals)
