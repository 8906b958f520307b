"""Deals: what a seed and a stream decide before a game."""

from games.avalon.draws import deal, next_deal, rng
from games.avalon.setup import preset

SETUP = preset("6-recon")


def test_one_stream_deals_many_different_games_of_the_same_roles() -> None:
    stream = rng(3, "test")
    deals = [next_deal(SETUP, stream) for _ in range(50)]
    assert all(sorted(dealt.roles) == sorted(SETUP.roles) for dealt in deals)
    assert {dealt.first_leader for dealt in deals} == set(SETUP.seats)
    assert len({dealt.roles for dealt in deals}) > 25


def test_a_seed_deals_what_its_own_stream_deals_first() -> None:
    assert deal(SETUP, 7) == next_deal(SETUP, rng(7, "deal"))
