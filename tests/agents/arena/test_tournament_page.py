"""The report needs nothing but itself, and no name in it is markup."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from agents.arena.page import render_page
from agents.arena.plots import lengths_plot, ratings_plot, reasons_plot
from agents.arena.standings import Standings, standings_of
from tests.agents.arena.tournament_games import config_of, records_of

NASTY = "recon@openai:<script>alert('x')</script>&$\\frac$"
AGENTS = ("naive", NASTY)


@pytest.fixture(scope="module")
def standings() -> Standings:
    records = list(records_of(AGENTS, 12, lambda good, evil, deal: (deal + len(good)) % 3 == 0))
    return standings_of(config_of(AGENTS, 12), records)


@pytest.fixture(scope="module")
def page(standings: Standings) -> str:
    config = config_of(AGENTS, 12, command="avalon tournament naive '<b>'")
    return render_page(config, standings, made="by a test")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_names_are_text_and_never_markup(page: str) -> None:
    parsed = _Tags()
    parsed.feed(page)
    assert "script" not in {tag for tag, _ in parsed.tags}
    assert "b" not in {tag for tag, _ in parsed.tags}
    assert NASTY in parsed.texts
    assert "avalon tournament naive '<b>'" in parsed.texts


def test_the_page_fetches_nothing(page: str) -> None:
    parsed = _Tags()
    parsed.feed(page)
    assert not {"link", "img", "iframe"} & {tag for tag, _ in parsed.tags}
    references = [
        value
        for _, attributes in parsed.tags
        for name, value in attributes.items()
        if name in ("href", "xlink:href", "src")
    ]
    assert all(value is not None and value.startswith("#") for value in references)
    assert not re.search(r"url\((?!#|&quot;#)", page)
    assert "@import" not in page


def test_plots_are_sound_svg_in_the_pages_own_ink(standings: Standings) -> None:
    labels = [f"{cell.entrant} against {cell.opponent}" for cell in standings.cells]
    for plot in (
        ratings_plot(standings),
        reasons_plot(standings, labels),
        lengths_plot(standings, labels),
    ):
        root = ElementTree.fromstring(plot)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
        assert any(NASTY in text for text in texts)
        assert "currentColor" in plot and "#010203" not in plot


def test_equal_results_give_equal_plots(standings: Standings) -> None:
    assert ratings_plot(standings) == ratings_plot(standings)


def test_an_unfinished_tournament_says_so(standings: Standings) -> None:
    text = render_page(config_of(AGENTS, 20), standings, made="by a test")
    assert "80 games are planned" in text
