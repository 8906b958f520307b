"""Rates, differences and intervals against values worked out by hand or by a library."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from agents.arena.record import Spent
from agents.arena.standings import standings_of
from agents.arena.statistics import Rate, mcnemar, paired_score, percentiles, resampled_sums, wilson
from tests.agents.arena.tournament_games import config_of, records_of


def test_wilson_is_the_published_interval() -> None:
    rate = wilson(14, 20)  # specification 4.5: the interval .48-.86
    assert rate.rate == 0.7
    assert rate.low == pytest.approx(0.481, abs=5e-4) and rate.high == pytest.approx(0.855, abs=5e-4)


@given(st.integers(1, 500), st.data())
def test_wilson_follows_its_formula(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    z = 1.959963984540054
    share = hits / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    rate = wilson(hits, trials)
    assert rate.low == pytest.approx(centre - half, abs=1e-9)
    assert rate.high == pytest.approx(centre + half, abs=1e-9)


def test_nothing_tried_has_no_rate() -> None:
    assert wilson(0, 0) == Rate(0, 0, None, None, None)


def test_mcnemar_counts_only_pairs_that_differ() -> None:
    assert mcnemar(0, 0) == 1
    assert mcnemar(1, 9) == pytest.approx(2 * binom.cdf(1, 10, 0.5))
    assert mcnemar(9, 1) == mcnemar(1, 9)
    assert mcnemar(5, 5) == 1


def scored(won: int, lost: int, pairs: int, difference: float) -> float:
    """The score test's distance, with the likeliest chances searched instead of solved for."""

    def unlikely(chance: float) -> float:
        apart = won * math.log(chance + difference) + lost * math.log(chance)
        return -apart - (pairs - won - lost) * math.log(1 - 2 * chance - difference)

    edge = 1e-9
    room = (max(0.0, -difference) + edge, (1 - difference) / 2 - edge)
    chance = minimize_scalar(unlikely, bounds=room, method="bounded", options={"xatol": 1e-10}).x
    variance = pairs * (2 * chance + difference - difference**2)
    return abs(won - lost - pairs * difference) / math.sqrt(variance)


@pytest.mark.parametrize(("won", "lost", "pairs"), [(3, 5, 40), (1, 9, 12), (6, 2, 15), (5, 5, 50)])
def test_the_paired_interval_ends_where_the_score_test_rejects(won: int, lost: int, pairs: int) -> None:
    found = paired_score(won, lost, pairs)
    assert found.value == (won - lost) / pairs
    assert found.low is not None and found.high is not None and found.low < found.value < found.high
    for end in (found.low, found.high):
        assert scored(won, lost, pairs, end) == pytest.approx(1.959964, abs=1e-3)
    mirrored = paired_score(lost, won, pairs)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))


def test_no_win_does_not_exclude_one() -> None:
    none_won = paired_score(0, 2, 12)
    assert none_won.high is not None and none_won.high > 0.1  # the bootstrap ends at zero
    assert paired_score(0, 0, 10).high == pytest.approx(1.96**2 / (10 + 1.96**2), abs=1e-3)
    assert paired_score(12, 0, 12).high == 1
    assert paired_score(0, 12, 12).low == -1


def test_the_paired_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(5), 0
    for won, lost, _ in draw.multinomial(30, [0.15, 0.05, 0.8], size=400):
        found = paired_score(int(won), int(lost), 30)
        assert found.low is not None and found.high is not None
        held += found.low <= 0.1 <= found.high
    assert held / 400 == pytest.approx(0.95, abs=0.03)


def test_more_pairs_cannot_differ_than_there_are() -> None:
    with pytest.raises(ValueError, match="5 \\+ 6 pairs differ"):
        paired_score(5, 6, 10)
    with pytest.raises(ValueError, match="no pairs"):
        paired_score(0, 0, 0)


def test_the_bootstrap_draws_deals_whole() -> None:
    sums_DK = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    drawn_RK = resampled_sums(sums_DK, seed=1, replicates=500)
    assert drawn_RK.shape == (500, 2)
    np.testing.assert_array_equal(drawn_RK[:, 1], 10 * drawn_RK[:, 0])
    assert drawn_RK[:, 0].min() >= 3 and drawn_RK[:, 0].max() <= 9


def test_the_bootstrap_has_the_standard_error_of_a_mean() -> None:
    values_D = np.random.default_rng(0).normal(size=400)
    drawn_R = resampled_sums(values_D[:, None], seed=2)[:, 0] / 400
    low, high = percentiles(drawn_R)
    half = 1.96 * values_D.std() / math.sqrt(400)
    assert (high - low) / 2 == pytest.approx(half, rel=0.08)  # 2,000 replicates: some 3 % of noise


def test_rates_are_counted_by_side_and_role() -> None:
    # As Good, a wins on odd deals and b never; each plays against both.
    records = list(records_of("ab", 10, lambda good, evil, deal: good == "a" and deal % 2 == 1))
    standings = standings_of(config_of("ab", 10), records)
    a, b = standings.agents
    assert (a.good.hits, a.good.trials) == (10, 20)
    assert (b.good.hits, b.good.trials) == (0, 20)
    assert (a.evil.hits, a.evil.trials) == (15, 20) == (b.evil.hits, b.evil.trials)
    assert a.both is not None and a.both.value == pytest.approx((0.5 + 0.75) / 2)
    assert a.by_role["merlin"] == a.good == a.by_role["servant"]
    assert a.by_role["minion"] == a.evil
    assert (a.shots.hits, a.shots.trials) == (15, 20)
    assert standings.reasons == {"merlin_shot": 30, "merlin_survived": 10}
    assert standings.proposals == 6 and standings.quests == 3
    assert standings.proposals_by_quest == (1, 2, 3, None, None)
    assert standings.missions.rate == 1


def test_differences_are_paired_on_deals_and_opponents() -> None:
    records = list(records_of("ab", 10, lambda good, evil, deal: good == "a" and deal % 2 == 1))
    standings = standings_of(config_of("ab", 10), records)
    by_side = {each.side: each for each in standings.differences}
    good = by_side["good"]
    assert (good.first, good.second, good.pairs) == ("a", "b", 20)
    assert (good.only_first, good.only_second) == (10, 0)
    assert good.difference.value == pytest.approx(0.5)
    assert good.p == pytest.approx(2 * 0.5**10)
    # Both games of a deal agree, so the interval is that of ten deals, not of twenty games.
    assert good.difference.low == pytest.approx(0.2, abs=0.11)
    assert by_side["evil"].difference.value == 0 and by_side["evil"].p == 1
    assert by_side["both"].difference.value == pytest.approx(0.25)


def test_one_deal_has_estimates_but_no_intervals() -> None:
    standings = standings_of(config_of("ab", 1), list(records_of("ab", 1, lambda *_: True)))
    assert all(each.difference.low is None for each in standings.differences)
    assert standings.ratings.good["a"].theta.low is None
    assert standings.agents[0].good.low is not None  # Wilson's needs no deals


def test_only_the_guest_counts_at_a_table_of_others() -> None:
    """Seat 1 is Merlin, seat 4 the Assassin; a guest wins as Merlin and loses as the Assassin."""
    config = config_of("ab", 4, design="guest")
    records = [
        record.model_copy(update={"guest_seat": 1 if record.deal % 2 else 4})
        for record in records_of("ab", 4, lambda *_: True)
    ]
    guest = standings_of(config, records).agents[0]
    assert (guest.good.hits, guest.good.trials) == (4, 4)
    assert (guest.evil.hits, guest.evil.trials) == (0, 4)
    assert set(guest.by_role) == {"merlin", "assassin"}
    assert guest.by_role["merlin"] == guest.good and guest.by_role["assassin"] == guest.evil


def test_a_cost_that_is_not_known_is_none_and_never_zero() -> None:
    """One game of the three was played by a model without a price."""
    spent = Spent(
        model="openai:new",
        decisions=30,
        fallbacks=2,
        calls=40,
        input_tokens=1000,
        cached_tokens=100,
        output_tokens=50,
        cost_usd=Decimal("0.25"),
    )
    unknown = spent.model_copy(update={"cost_usd": None})
    games = list(records_of("ab", 3, lambda *_: True))
    priced = [record.model_copy(update={"spent": {"a": spent}}) for record in games[:3]]
    config = config_of("ab", 3)
    a, b = standings_of(config, priced).agents
    assert b.expense is None
    assert a.expense is not None and a.expense.cost_usd == Decimal("0.75")
    assert (a.expense.games, a.expense.calls, a.expense.fallbacks) == (3, 120, 6)
    unpriced = [*priced[:2], priced[2].model_copy(update={"spent": {"a": unknown}})]
    expense = standings_of(config, unpriced).agents[0].expense
    assert expense is not None and expense.cost_usd is None
