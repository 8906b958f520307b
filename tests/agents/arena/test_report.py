"""The report: what it tells follows from the record, hostile text stays text, unknown stays unknown."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from agents.arena.report import NO_MODEL, UNKNOWN, Story, spending_by_seat, story_json, story_of
from agents.arena.report_agents import together, together_json
from agents.arena.report_beliefs import course_of, noted_beliefs, writes_notes
from agents.arena.report_games import find_games
from agents.arena.report_page import render_report
from agents.arena.report_words import chronicle, turning_points
from games.avalon.actions import Shoot
from games.avalon.beliefs import beliefs_of, public_beliefs
from games.avalon.events import Event
from games.avalon.metrics.exposure import views_over_time
from games.avalon.metrics.recorded import recorded_game
from games.avalon.setup import Rules, preset
from games.avalon.transcript import Origin, write
from games.avalon.view import view
from tests.agents.arena.talking_games import HALVES, SIX, speaks_marked, write_game
from tests.games.avalon.playthrough import HandGame

HOSTILE = (
    """</p><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} &lt;b&gt; "quoted" I am Merlin."""
)


def _hand_game() -> HandGame:
    """1 Merlin, 2 Percival, 3 and 4 servants, 5 Morgana, 6 Assassin; the Assassin finds Merlin."""
    game = HandGame(preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1")))
    game.quest((1, 2))
    game.propose(2, 3, 5)
    game.vote(2, 5)
    game.quest((3, 5, 6), 5, 6)
    game.quest((1, 2, 3, 4))
    game.quest((1, 2, 3))
    game.do({6: Shoot(1)})
    return game


@pytest.fixture(scope="module")
def hand_story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    path = tmp_path_factory.mktemp("hand") / "hand.jsonl"
    write(path, "hand", _hand_game().events)
    return story_of(find_games([path])[0])


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    agents = dict.fromkeys(SIX.seats, "<b>agent</b>")
    write_game(folder / "hostile.jsonl", 2, lambda seat, decision: HOSTILE, agents)
    return render_report(
        [story_of(each) for each in find_games([folder / "hostile.jsonl"])], made="<i>now</i>"
    )


# -- words -------------------------------------------------------------------------------------------


def test_the_chronicle_tells_every_proposal_quest_and_the_shot(hand_story: Story) -> None:
    lines = [line for chapter in hand_story.chapters for line in chapter.lines]
    assert lines[:5] == [
        "Seat 1 (Merlin) proposes seats 1 and 2: approved 6 to 0.",
        "Quest 1 with seats 1 and 2 succeeds: no fail cards; nobody Evil aboard.",
        "Seat 2 (Percival) proposes seats 2, 3 and 5: rejected 2 to 4 (for it: seats 2 and 5).",
        "Seat 3 (Servant) proposes seats 3, 5 and 6: approved 6 to 0.",
        "Quest 2 with seats 3, 5 and 6 fails: 2 fail cards; Evil aboard: seats 5 and 6.",
    ]
    assert lines[-2:] == [
        "Seat 6 (Assassin) names seat 1 (Merlin) and finds Merlin.",
        "Evil wins: the Assassin has found Merlin.",
    ]


def test_an_unfinished_game_says_that_it_is_not_over() -> None:
    game = HandGame(SIX)
    game.propose(1, 2, speech="Well.")
    recorded = recorded_game(game.events)
    assert [chapter.title for chapter in chronicle(recorded)] == ["Quest 1, proposal 1", "Not over yet"]
    assert course_of(recorded).true_set_T.shape == (1,)


def test_turning_points_are_the_largest_changes_with_their_events(hand_story: Story) -> None:
    course = hand_story.course
    changes = np.abs(np.diff(course.true_set_T))
    largest = {int(place) + 1 for place in np.argsort(changes)[-3:] if changes[place] >= 0.03}
    assert {turn.place for turn in hand_story.turns_of_set} == largest
    fail = next(turn for turn in hand_story.turns_of_set if turn.label == "Q2")
    assert fail.text.startswith("Quest 2 with seats 3, 5 and 6 fails: 2 fail cards")
    assert "The table's belief that seats 5 and 6 are the Evil seats rises from" in fail.text
    for turns in turning_points(hand_story.game, course):
        assert [turn.place for turn in turns] == sorted(turn.place for turn in turns)


# -- beliefs -----------------------------------------------------------------------------------------


def test_the_course_holds_the_exact_beliefs_of_each_moment(hand_story: Story) -> None:
    game, course = hand_story.game, hand_story.course
    views = views_over_time(game, 3, course.moments)
    np.testing.assert_allclose(course.observers[2].evil_TN[4], beliefs_of(views[4]).evil_N)
    np.testing.assert_allclose(course.public_TN[4], public_beliefs(views[4]).evil_N)
    assert course.true_set_T[4] == pytest.approx(public_beliefs(views[4]).evil_sets()[game.evil])
    assert course.exposure_T is not None
    seen_by_evil = [beliefs_of(views_over_time(game, seat, course.moments)[4]).merlin_N[0] for seat in (5, 6)]
    assert course.exposure_T[4] == pytest.approx(np.mean(seen_by_evil))


def _with_note(seat: int) -> list[Event]:
    """A game in which one seat notes, in quest 2, that seat 5 is probably Evil."""
    game = HandGame(preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1")))
    game.quest((1, 2))
    players = [{"seat": other, "evil": 80 if other == 5 else 10} for other in range(1, 7) if other != seat]
    data = {"players": players, "summary": "x"}
    game.events.append(Event("note", 2, 1, seat, (seat,), data, f"q2a1/vote/{seat}"))
    game.quest((1, 2, 3))
    return game.events


def test_a_seat_that_notes_is_shown_by_its_notes_and_empty_before_the_first() -> None:
    game = recorded_game(_with_note(3))
    observer = course_of(game).observers[2]
    assert observer.source == "notes"
    assert np.isnan(observer.evil_TN[:3]).all()
    np.testing.assert_allclose(observer.evil_TN[3], [0.1, 0.1, 0.0, 0.1, 0.8, 0.1])
    assert course_of(game).observers[0].source == "posterior"


def test_notes_of_an_evil_seat_hold_itself_for_evil_and_notes_of_others_are_not_read() -> None:
    events = _with_note(6)
    noted = noted_beliefs(view(events, 6))
    assert noted is not None
    assert noted.evil_N[5] == 1
    assert not noted.merlin_N.any()
    assert noted_beliefs(view(events, 5)) is None
    assert [writes_notes(recorded_game(events), seat) for seat in (5, 6)] == [False, True]


# -- the page ----------------------------------------------------------------------------------------


class _Tags(HTMLParser):
    """Collects the tags and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_speech_and_names_stay_text(hostile_page: str) -> None:
    page = _Tags(hostile_page)
    assert not {"script", "img", "i"} & set(page.tags)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }} &lt;b&gt;" in page.text
    assert "<b>agent</b>" in page.text
    assert "<i>now</i>" in page.text


def test_the_page_needs_nothing_from_elsewhere(hostile_page: str) -> None:
    outside = [
        value
        for name, value in _Tags(hostile_page).attributes
        if name in ("src", "href", "xlink:href") and not (value or "").startswith("#")
    ]
    assert outside == []
    assert "default-src 'none'" in hostile_page
    assert "@import" not in hostile_page


def test_the_pictures_take_the_ink_of_the_page_and_no_two_share_an_id(hostile_page: str) -> None:
    assert hostile_page.count("<svg") == 3
    assert "currentColor" in hostile_page
    assert "prefers-color-scheme: dark" in hostile_page
    ids = re.findall(r'\bid="([^"]+)"', hostile_page)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'href="#([^"]+)"', hostile_page)) | set(
        re.findall(r"url\(#([^)]+)\)", hostile_page)
    )
    assert used
    assert used <= set(ids)


def test_pictures_hold_no_words_of_players(hostile_page: str) -> None:
    for picture in re.findall(r"<svg.*?</svg>", hostile_page, re.DOTALL):
        assert "alert" not in picture
        assert "agent" not in picture


def test_leaks_are_told_with_their_words(hostile_page: str) -> None:
    assert "own role" in hostile_page


# -- cost --------------------------------------------------------------------------------------------


def test_cost_is_unknown_without_a_journal_and_nothing_for_bots(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    origin = Origin(agents={1: "recon", **dict.fromkeys(range(2, 7), "naive")}, models={"recon": "openai:x"})
    write(path, "one", _hand_game().events, origin=origin)
    found = find_games([path])[0]
    spending = spending_by_seat(found)
    assert spending[1] == UNKNOWN
    assert spending[2] == NO_MODEL
    page = render_report([story_of(found)], made="now")
    assert "unknown" in page
    players = story_json(story_of(found))["players"]
    assert (players[0]["cost_usd"], players[0]["calls"]) == (None, None)
    assert (players[1]["cost_usd"], players[1]["calls"]) == ("0", 0)


def _record(seat: int, model: str, usage: dict[str, int] | None) -> str:
    answer = {"content": "x", "type": "ai"} | ({} if usage is None else {"usage_metadata": usage})
    tag = {
        "game": "g",
        "decision": f"q1a1/vote/{seat}",
        "stage": "draft",
        "attempt": "0",
        "lane": f"{seat}/table",
    }
    entry = {"v": 1, "key": f"{seat}{usage}", "tag": tag, "model": model, "messages": [], "answer": answer}
    return json.dumps(entry)


def test_calls_tokens_and_cost_are_counted_by_seat(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "artifacts").mkdir(parents=True)
    (run / "events.jsonl").write_text("")
    origin = Origin(agents=dict.fromkeys(range(1, 7), "recon"), models={"recon": "scripted:0"})
    write(run / "artifacts" / "g1.jsonl", "g1", _hand_game().events, origin=origin)
    used = {"input_tokens": 100, "output_tokens": 7, "total_tokens": 107}
    lines = [
        _record(1, "scripted:0", used),
        _record(1, "scripted:0", {**used, "output_tokens": 8, "total_tokens": 108}),
        _record(2, "openai:no-such-model-at-all", used),
        _record(3, "scripted:0", None),
    ]
    (run / "calls.jsonl").write_text("\n".join(lines) + "\n")
    spending = spending_by_seat(find_games([run])[0])
    assert (spending[1].calls, spending[1].input_tokens, spending[1].output_tokens) == (2, 200, 15)
    assert spending[1].cost == 0
    assert (spending[2].calls, spending[2].cost) == (1, None)
    assert (spending[3].calls, spending[3].input_tokens, spending[3].cost) == (1, None, None)
    assert spending[4].calls == 0


# -- several games -----------------------------------------------------------------------------------


def test_several_games_are_summed_up_by_agent_and_side(tmp_path: Path, hand_story: Story) -> None:
    assert together([hand_story]) is None
    for seed in (2, 4):
        write_game(tmp_path / f"{seed}.jsonl", seed, speaks_marked, HALVES)
    stories = [story_of(found) for found in find_games([tmp_path])]
    sums = together(stories)
    assert sums is not None
    assert (sums.rates.good_wins.hits, sums.rates.good_wins.of) == (1, 2)
    assert (sums.concealment.survived.hits, sums.concealment.survived.of) == (1, 2)
    assert sum(line.seats for line in sums.agents) == 12
    lines = {(line.agent, line.side): line for line in sums.agents}
    good_ann = [p for story in stories for p in story.players if p.agent == "ann" and not p.is_evil]
    assert lines["ann", "Good"].seats == len(good_ann)
    assert lines["ann", "Good"].conduct.right_votes.hits == sum(p.conduct.right_votes.hits for p in good_ann)
    assert lines["ann", "Good"].spending == UNKNOWN
    told = together_json(sums)
    assert json.loads(json.dumps(told)) == told
