"""The Bayes bot: its policies one by one (spec 3.6), its words, and the rates it is known for."""

import re
from collections.abc import Callable
from math import sqrt

import pytest

from games.avalon.actions import Action, Card, Propose, Shoot, Speak, Vote
from games.avalon.behaviour import published_params
from games.avalon.beliefs import beliefs_of, public_beliefs
from games.avalon.bots import Bot, make_bot
from games.avalon.bots.bayes import BayesPlayer, open_bayes
from games.avalon.draws import deal
from games.avalon.play import play, play_deal
from games.avalon.roles import Role, Side
from games.avalon.rules import pending
from games.avalon.setup import Rules, Setup, preset
from games.avalon.view import view
from tests.games.avalon.playthrough import HandGame

M, P, S, A, G, N, OB, MO = (
    Role.MERLIN,
    Role.PERCIVAL,
    Role.SERVANT,
    Role.ASSASSIN,
    Role.MORGANA,
    Role.MINION,
    Role.OBERON,
    Role.MORDRED,
)


class Table(HandGame):
    """A position played by hand, roles by seat as told, at which a Bayes bot is asked."""

    def __init__(self, *roles: Role, rules: Rules | None = None, first_leader: int = 1) -> None:
        super().__init__(Setup(roles=roles, rules=rules or Rules()), first_leader)

    def ask(self, seat: int, seed: int = 0, *, hide: float = 0.5) -> Action:
        """What a bot answers at this seat to the decision that is pending there."""
        decision = next(decision for decision in pending(self.state) if decision.seat == seat)
        return BayesPlayer(seed, hide=hide).act(view(self.events, seat), decision)

    def teams(self, seeds: int = 40) -> set[tuple[int, ...]]:
        """Every team that the leader names under many seeds."""
        answers = [self.ask(self.state.leader, seed) for seed in range(seeds)]
        return {answer.team for answer in answers if isinstance(answer, Propose)}

    def share(self, seat: int, answer: Action, seeds: int = 400, *, hide: float = 0.5) -> float:
        """How often this seat answers so."""
        return sum(self.ask(seat, seed, hide=hide) == answer for seed in range(seeds)) / seeds


# -- Good ------------------------------------------------------------------------------------------------


def test_a_servant_opens_with_himself_and_anybody() -> None:
    assert Table(S, M, S, A, N).teams() == {(1, 2), (1, 3), (1, 4), (1, 5)}


def test_a_servant_never_sends_a_failed_pair_again() -> None:
    table = Table(S, S, M, A, N)
    table.quest((3, 4), 4)
    teams = table.teams()
    assert teams
    assert all(2 in team and not {3, 4} <= set(team) for team in teams)


def test_a_servant_approves_what_is_nearly_the_cleanest_team_and_rejects_the_rest() -> None:
    table = Table(S, S, M, A, N)
    table.quest((3, 4), 4)
    table.propose(1, 2, 5)
    assert table.ask(1) == Vote(True)
    other = Table(S, S, M, A, N)
    other.quest((3, 4), 4)
    other.propose(1, 3, 4)
    assert other.ask(1) == other.ask(2) == Vote(False)


def test_good_approves_the_fifth_team_whatever_it_is() -> None:
    table = Table(S, M, P, A, G)
    table.quest((3, 4), 4)
    for _ in range(4):
        table.propose(3, 4, 5)
        table.vote()
    table.propose(3, 4, 5)
    assert [table.ask(seat, hide=0) for seat in (1, 2, 3)] == [Vote(True)] * 3


def test_merlin_names_clean_teams_only_and_prefers_himself() -> None:
    table = Table(M, S, S, A, N)
    assert table.teams() == {(1, 2), (1, 3)}
    table.quest((1, 4))  # looks clean to everybody but Merlin
    assert table.state.leader == 2


def test_a_merlin_who_never_hides_votes_the_truth() -> None:
    for team, clean in (((1, 2), True), ((2, 3), True), ((1, 4), False), ((4, 5), False)):
        table = Table(M, S, S, A, N)
        table.propose(*team)
        assert table.share(1, Vote(clean), seeds=20, hide=0) == 1


def test_a_hiding_merlin_votes_half_the_time_as_the_table_would() -> None:
    table = Table(M, S, S, A, N)
    table.propose(1, 4)  # the table knows nothing against it yet
    assert table.share(1, Vote(True), hide=1.0) == 1
    assert abs(table.share(1, Vote(True)) - 0.5) < 4 * 0.5 / sqrt(400)


def test_percival_never_sends_his_whole_pair() -> None:
    table = Table(P, M, S, S, G, A, N)
    for team in table.teams(60):
        assert not {2, 5} <= set(team)


# -- Evil ------------------------------------------------------------------------------------------------


def test_evil_names_itself_and_just_enough_of_its_own() -> None:
    table = Table(A, M, S, S, N)
    assert table.teams() == {(1, 2), (1, 3), (1, 4)}
    seven = Table(A, M, S, S, S, G, N, first_leader=5)
    seven.quest((2, 3))
    seven.quest((2, 3, 6), 6)
    seven.quest((2, 3, 4))
    assert seven.state.fails == 1
    assert seven.state.quest == 4
    for team in seven.teams():
        assert 1 in team
        assert len({1, 6, 7} & set(team)) == 2


def test_oberon_who_knows_nobody_names_himself() -> None:
    table = Table(OB, M, S, S, S, G, A, first_leader=5)
    table.quest((2, 3))
    table.quest((2, 3, 6), 6)
    table.quest((2, 3, 4))
    assert all(1 in team for team in table.teams())


def test_evil_approves_what_it_can_sink_and_bluffs_now_and_then() -> None:
    dirty = Table(M, S, S, A, N)
    dirty.propose(1, 4)
    assert dirty.share(5, Vote(True), seeds=20) == 1
    clean = Table(M, S, S, A, N)
    clean.propose(1, 2)
    assert abs(clean.share(5, Vote(True)) - 0.45) < 4 * 0.5 / sqrt(400)


def test_evil_stops_bluffing_when_good_needs_one_more_success() -> None:
    table = Table(M, S, S, A, N)
    table.quest((1, 2))
    table.quest((1, 2, 3))
    table.propose(1, 2)
    assert table.share(5, Vote(False), seeds=40) == 1


def test_evil_hides_half_of_its_first_cards_and_fails_afterwards() -> None:
    table = Table(M, S, S, A, N)
    table.propose(1, 4)
    table.answer(Vote(True))
    assert abs(table.share(4, Card(True)) - 0.5) < 4 * 0.5 / sqrt(400)
    assert table.share(1, Card(False), seeds=20) == 1
    later = Table(M, S, S, A, N)
    later.quest((1, 2))
    later.propose(1, 2, 4)
    later.answer(Vote(True))
    assert later.share(4, Card(True), seeds=20) == 1


def test_only_as_many_fail_as_it_takes_until_the_fail_that_wins() -> None:
    table = Table(M, S, S, A, N)
    table.quest((1, 2))
    table.propose(1, 4, 5)
    table.answer(Vote(True))
    assert (table.ask(4), table.ask(5)) == (Card(True), Card(False))
    table.cards(4)
    table.quest((2, 5), 5)
    table.propose(1, 4, 5)
    table.answer(Vote(True))
    assert (table.ask(4), table.ask(5)) == (Card(True), Card(True))


def test_two_seats_fail_where_two_fails_are_needed() -> None:
    table = Table(M, S, S, S, A, G, N)
    table.quest((1, 2))
    table.quest((1, 2, 5), 5)
    table.quest((1, 2, 3))
    table.propose(1, 5, 6, 7)
    table.answer(Vote(True))
    assert [table.ask(seat) for seat in (5, 6, 7)] == [Card(True), Card(True), Card(False)]


def test_the_assassin_shoots_whom_he_believes_to_be_merlin() -> None:
    table = Table(S, M, S, A, N)
    table.propose(1, 4)
    table.vote(1, 3, 4, 5)
    table.cards()
    table.propose(1, 2, 3)
    table.vote(1, 2, 3)
    table.cards()
    table.quest((2, 3))
    seen = view(table.events, 4)
    target = int(beliefs_of(seen).merlin_N.argmax()) + 1
    assert table.ask(4) == Shoot(target)
    assert target == 2


# -- words -----------------------------------------------------------------------------------------------


def test_what_it_says_is_public_and_names_no_seat_as_its_own_suspect() -> None:
    rules = Rules(talk="round_robin")
    said = set()
    for cast in ((M, S, S, A, N), (S, A, M, S, N), (N, S, A, M, S)):
        table = Table(*cast, rules=rules)
        table.propose(1, 4)
        for _ in range(4):
            table.answer(Speak(""))
        table.vote(1, 3, 4, 5)
        table.cards()
        table.propose(1, 2, 3)
        said.add(tuple(table.ask(3, seed) for seed in range(20)))
    assert len(said) == 1
    words = {answer.text for answer in said.pop() if isinstance(answer, Speak)}
    assert len(words) >= 3
    suspect = public_beliefs(view(table.events, 3)).evil_N
    for text in words:
        remark, sentence = re.fullmatch(r"(.*were on it\.) (.+)", text).groups()  # type: ignore[union-attr]
        assert remark == "Quest 1 succeeded with 0 fail cards; seats 1 and 4 were on it."
        named = [int(seat) for seat in re.findall(r"(?:seats?|and) (\d+)", sentence)]
        assert 3 not in named
        assert max(suspect[seat - 1] for seat in named) == max(suspect[seat - 1] for seat in (1, 2, 4, 5))


def test_it_says_that_it_knows_nothing_when_the_table_does_not() -> None:
    table = Table(M, S, S, A, N, rules=Rules(talk="leader_first_then_all"))
    answer = table.ask(1)
    assert isinstance(answer, Speak)
    assert answer.text.endswith("Nothing that we have all seen speaks against anybody in particular.")


def test_evil_tells_its_own_whom_it_takes_for_merlin() -> None:
    table = Table(S, M, S, A, N, rules=Rules(evil_talk_before_shot=True))
    table.quest((1, 2))
    table.quest((1, 2, 3))
    table.quest((1, 2))
    answer = table.ask(4)
    assert isinstance(answer, Speak)
    assert re.fullmatch(r"I take seat [123] for Merlin: \d+ in 100\.", answer.text)


# -- rates (spec 3.6) ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "evil", "num_games", "good_wins", "hit_rate"),
    [
        ("open", "naive", 150, 0.602, 0.354),
        ("open", "bayes", 150, 0.143, 0.833),
        ("bayes", "bayes", 150, 0.245, 0.702),
    ],
)
def test_bayes_bots_win_as_often_as_they_are_known_to(
    good: str, evil: str, num_games: int, good_wins: float, hit_rate: float
) -> None:
    params = published_params()
    makers: dict[str, Callable[[int], Bot]] = {
        "open": lambda seed: BayesPlayer(seed, hide=0.0, params=params),
        "bayes": lambda seed: BayesPlayer(seed, params=params),
        "naive": lambda seed: make_bot("naive", seed),
    }
    setup = preset("5-basic")
    wins = hits = shots = 0
    for seed in range(num_games):
        dealt = deal(setup, seed)
        bots = {
            seat: makers[good if role.side is Side.GOOD else evil](16 * seed + seat)
            for seat, role in enumerate(dealt.roles, start=1)
        }
        ending = play_deal(setup, bots, dealt).ending
        wins += ending.winner is Side.GOOD
        shots += ending.reason in ("merlin_shot", "merlin_survived")
        hits += ending.reason == "merlin_shot"
    # Four standard errors of this sample and of the reference's (500 games at least).
    assert abs(wins / num_games - good_wins) < 4 * sqrt(
        good_wins * (1 - good_wins) * (1 / num_games + 1 / 500)
    )
    assert abs(hits / shots - hit_rate) < 4 * sqrt(hit_rate * (1 - hit_rate) * (1 / shots + 1 / 500))


def test_the_open_bot_is_the_bayes_bot_whose_merlin_never_hides() -> None:
    assert open_bayes(7) == BayesPlayer(7, hide=0.0)


def test_a_table_of_ten_bayes_bots_plays_to_the_end() -> None:
    setup = preset("10-standard")
    played = play(setup, {seat: BayesPlayer(seat) for seat in setup.seats}, seed=3)
    assert played.state.ending is not None
