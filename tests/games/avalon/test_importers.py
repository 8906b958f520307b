"""Importers on hand-written miniatures of their formats, and on the development games where these are."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from games.avalon.events import Event
from games.avalon.importers import FORMATS, Imported, import_file
from games.avalon.roles import Role
from games.avalon.rules import replay
from games.avalon.view import public_table, view
from games.errors import GameError

MINIATURES = Path(__file__).parent / "miniatures"
DEVELOPMENT_GAMES = Path(
    os.environ.get("NIMUE_DEV_DATA")
    or Path(__file__).parents[4] / "shared" / "data" / "avalon-human-games.jsonl"
)


def games_of(name: str) -> list[Imported]:
    return list(import_file(MINIATURES / name))


def told(game: Imported, event_type: str) -> list[Event]:
    return [event for event in game.events if event.type == event_type]


def ending(game: Imported) -> tuple[str, str]:
    end = game.events[-1]
    return end.data["winner"], end.data["reason"]


def rewrite(name: str, tmp_path: Path, change: Callable[[Any], None]) -> Imported:
    """Import the (first) game of a miniature with something changed in it."""
    text = (MINIATURES / name).read_text()
    document = json.loads(text.splitlines()[0] if name.endswith(".jsonl") else text)
    document = document[0] if isinstance(document, list) else document
    change(document)
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(document))
    return next(import_file(file))


# -- every format ------------------------------------------------------------------------------------


def test_a_folder_is_read_in_order_of_names_and_every_game_is_reported() -> None:
    reports = [game.report for game in import_file(MINIATURES)]
    assert [report.game for report in reports] == [
        "avalon_nlu",
        *(f"avalonlogs:{line}" for line in range(1, 7)),
        "avalonlogs_named",
        "deeprole_file",
        "grail",
        "proavalon_records:1",
        "proavalon_records:2",
    ]
    assert [report.game for report in reports if report.skipped] == ["deeprole_file"]


def test_every_imported_game_replays_by_the_rules() -> None:
    for game in import_file(MINIATURES):
        if game.setup is not None:
            state = replay(game.setup, game.events)
            assert state.ending is not None
            assert (state.ending.winner, state.ending.reason) == ending(game)


def test_a_skipped_game_has_no_events() -> None:
    (game,) = games_of("deeprole_file.json")
    assert (game.events, game.setup) == ((), None)


def test_no_name_of_a_player_is_left() -> None:
    names = (
        "Ada",
        "Ben",
        "Cleo",
        "Dag",
        "Eve",
        "uid-",
        "amber",
        "birch",
        "cedar",
        "player-",
        "Iris",
        "jon",
        "Kay",
    )
    for game in import_file(MINIATURES):
        text = json.dumps([dict(event.data) for event in game.events])
        assert [name for name in names if name in text] == []
        assert [name for name in names if any(name in note for note in game.report.notes)] == []


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("avalonlogs.jsonl", "avalonlogs"),
        ("avalonlogs_named.json", "avalonlogs"),
        ("proavalon_records.json", "proavalon"),
        ("deeprole_file.json", "proavalon"),
        ("avalon_nlu.json", "avalon_nlu"),
        ("grail.json", "grail"),
    ],
)
def test_a_file_tells_its_own_format(name: str, format: str) -> None:
    assert games_of(name) == list(import_file(MINIATURES / name, format))
    assert format in FORMATS


def test_the_wrong_format_is_a_reason_to_skip_with_the_missing_field() -> None:
    (game,) = import_file(MINIATURES / "grail.json", "avalon_nlu")
    assert game.report.skipped == "not a complete avalon_nlu game: users: Field required"


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        GameError, match="no log format 'pgn'; there are avalonlogs, proavalon, avalon_nlu, grail"
    ):
        list(import_file(MINIATURES / "grail.json", "pgn"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"players": [', "is not JSON"),
        ('{"logs": []}\n{"logs"', "line 2 is not JSON"),
        ('{"hands": 4}', "of no known log format"),
        ("[1, 2]", "holds a int where a game should be"),
        ("", "is not JSON"),
    ],
)
def test_a_file_that_is_no_log_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "log.json"
    file.write_text(content)
    with pytest.raises(GameError, match=complaint):
        list(import_file(file))


def test_in_a_folder_a_foreign_file_is_reported_and_the_rest_read(tmp_path: Path) -> None:
    (tmp_path / "a-picture.png").write_bytes(b"\x89PNG\xff\xfe")
    (tmp_path / "b-game.json").write_text((MINIATURES / "avalonlogs_named.json").read_text())
    foreign, game = import_file(tmp_path)
    assert foreign.report.skipped is not None
    assert "is not a text file" in foreign.report.skipped
    assert ending(game) == ("good", "merlin_survived")


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GameError, match="no file or folder"):
        list(import_file(tmp_path / "nowhere.json"))


# -- avalonlogs --------------------------------------------------------------------------------------


def test_every_way_to_end_is_imported() -> None:
    assert [ending(game) for game in games_of("avalonlogs.jsonl")] == [
        ("evil", "merlin_shot"),
        ("evil", "three_fails"),
        ("good", "merlin_survived"),
        ("evil", "five_rejections"),
        ("good", "three_successes"),
        ("good", "merlin_survived"),
    ]


def test_a_flagged_minion_becomes_the_assassin() -> None:
    game = games_of("avalonlogs.jsonl")[0]
    roles = told(game, "deal")[0].data["roles"]
    assert roles == {"1": "assassin", "2": "merlin", "3": "servant", "4": "servant", "5": "morgana"}
    assert game.report.notes == ()


def test_a_flagged_mordred_stays_mordred_and_shoots() -> None:
    game = games_of("avalonlogs.jsonl")[2]
    assert game.setup is not None
    assert game.setup.assassin is Role.MORDRED
    shot = told(game, "shot")[0]
    assert (shot.seat, shot.data) == (1, {"target": 7, "hit": False})  # seat 7 is Morgana, whom he knows


def test_one_fail_card_passes_the_fourth_quest_of_seven_players() -> None:
    quest = told(games_of("avalonlogs.jsonl")[2], "quest")[3]
    assert (quest.data["fails"], quest.data["required"], quest.data["success"]) == (1, 2, True)


def test_the_quest_of_two_fails_is_the_recorded_one() -> None:
    game = games_of("avalonlogs.jsonl")[5]
    assert [quest.data["required"] for quest in told(game, "quest")] == [1, 1, 1, 1, 2]
    assert [quest.data["success"] for quest in told(game, "quest")] == [True, False, True, False, True]


def test_votes_and_cards_land_on_their_seats() -> None:
    game = games_of("avalonlogs.jsonl")[0]
    rejected = told(game, "vote")[1]
    assert rejected.data["votes"] == {"1": True, "2": False, "3": False, "4": False, "5": True}
    assert rejected.data["approved"] is False
    assert told(games_of("avalonlogs.jsonl")[1], "card")[1].data["cards"] == {
        "1": False,
        "2": True,
        "3": False,
    }


def test_of_several_flagged_seats_one_shoots_and_a_note_says_so() -> None:
    (game,) = games_of("avalonlogs_named.json")
    assert game.report.notes == ("2 seats carry the assassin flag; seat 1 was taken",)
    assert told(game, "shot")[0].seat == 1


def test_without_a_flag_a_minion_shoots_and_a_note_says_so(tmp_path: Path) -> None:
    def unflag(document: Any) -> None:
        document["outcome"]["assassin"] = None

    game = rewrite("avalonlogs.jsonl", tmp_path, unflag)
    assert game.report.notes == ("0 seats carry the assassin flag; seat 1 was taken",)
    assert ending(game) == ("evil", "merlin_shot")


def test_a_leader_out_of_turn_is_a_reason_to_skip(tmp_path: Path) -> None:
    def skip_a_seat(document: Any) -> None:
        document["missions"][1]["proposals"][0]["proposer"] = "E"

    game = rewrite("avalonlogs.jsonl", tmp_path, skip_a_seat)
    assert game.report.skipped == "q2a1/propose/4: the log has seat 5 lead, by the rules it is seat 4."


def test_a_vote_that_does_not_come_out_as_logged_is_a_reason_to_skip(tmp_path: Path) -> None:
    def miscount(document: Any) -> None:
        document["missions"][1]["proposals"][0]["state"] = "APPROVED"

    game = rewrite("avalonlogs.jsonl", tmp_path, miscount)
    assert (
        game.report.skipped
        == "Quest 2, attempt 1: the team is approved: True in the log, False by the rules."
    )


def test_an_illegal_team_is_a_reason_to_skip(tmp_path: Path) -> None:
    def shrink(document: Any) -> None:
        document["missions"][1]["proposals"][0]["team"] = ["B", "C"]

    game = rewrite("avalonlogs.jsonl", tmp_path, shrink)
    assert game.report.skipped == "q2a1/propose/4: The team [2, 3] of seat 4 has 2 members; quest 2 takes 3."


def test_another_winner_than_by_the_rules_is_a_reason_to_skip(tmp_path: Path) -> None:
    def crown_good(document: Any) -> None:
        document["outcome"].update(state="GOOD_WIN", message="")

    game = rewrite("avalonlogs.jsonl", tmp_path, crown_good)
    assert game.report.skipped == "The winner: good in the log, evil by the rules."


def test_cards_that_do_not_fit_the_count_are_a_reason_to_skip(tmp_path: Path) -> None:
    def hide_a_fail(document: Any) -> None:
        document["missions"][0]["numFails"] = 1

    game = rewrite("avalonlogs.jsonl", tmp_path, hide_a_fail)
    assert game.report.skipped == "Quest 1: the cards do not fit the team and its number of fails."


def test_a_log_that_breaks_off_is_a_reason_to_skip(tmp_path: Path) -> None:
    def cut(document: Any) -> None:
        document["missions"][2]["proposals"] = []
        document["missions"][2]["state"] = "PENDING"

    game = rewrite("avalonlogs.jsonl", tmp_path, cut)
    assert game.report.skipped == "q3a1/propose/1: the log ends before the game does."


def test_a_stranger_on_a_team_is_a_reason_to_skip(tmp_path: Path) -> None:
    def invite(document: Any) -> None:
        document["missions"][0]["proposals"][0]["team"][0] = "Z"

    game = rewrite("avalonlogs.jsonl", tmp_path, invite)
    assert game.report.skipped == "The log names somebody who does not sit at the table."


def test_all_development_games_replay_to_their_recorded_end() -> None:
    if not DEVELOPMENT_GAMES.is_file():
        pytest.skip(f"the development games are not at {DEVELOPMENT_GAMES} (set NIMUE_DEV_DATA)")
    recorded = [json.loads(line) for line in DEVELOPMENT_GAMES.read_text().splitlines()]
    games = list(import_file(DEVELOPMENT_GAMES))
    assert [game.report.skipped for game in games if game.report.skipped] == []
    reasons = {
        "Three failed missions": "three_fails",
        "Five team proposals in a row rejected": "five_rejections",
        "Merlin assassinated": "merlin_shot",
        "Three successful missions": "merlin_survived",
        "Three missions succeeded": "three_successes",
    }
    assert len(games) == len(recorded) == 600
    for logged, game in zip(recorded, games, strict=True):
        assert game.setup is not None
        assert replay(game.setup, game.events).ending is not None
        winner = "good" if logged["outcome"]["state"] == "GOOD_WIN" else "evil"
        assert ending(game) == (winner, reasons[logged["outcome"]["message"]])
        fails = [mission["numFails"] for mission in logged["missions"] if mission["state"] != "PENDING"]
        assert [quest.data["fails"] for quest in told(game, "quest")] == fails
        approvals = [
            len(proposal["votes"]) for mission in logged["missions"] for proposal in mission["proposals"]
        ]
        assert [sum(vote.data["votes"].values()) for vote in told(game, "vote")] == approvals
    assert Counter(game.setup.num_players for game in games if game.setup) == dict.fromkeys(range(5, 11), 100)


# -- proavalon ---------------------------------------------------------------------------------------


def test_seats_follow_the_lead_against_the_order_of_the_site() -> None:
    game = games_of("proavalon_records.json")[0]
    # The list amber ... grove read from its end: grove leads nobody, elm (seat 3) leads first.
    assert [event.seat for event in told(game, "propose")] == [3, 4, 5, 6, 7]
    assert told(game, "deal")[0].data["roles"]["7"] == "merlin"
    assert told(game, "propose")[0].data["team"] == [3, 7]


def test_the_lady_starts_to_the_right_of_the_first_leader_and_passes_on() -> None:
    game = games_of("proavalon_records.json")[0]
    assert [(event.data["holder"], event.data["target"]) for event in told(game, "lady")] == [(2, 5), (5, 1)]
    answers = told(game, "lady_answer")
    assert [(event.visible_to, event.data["side"]) for event in answers] == [((2,), "good"), ((5,), "evil")]


def test_fails_go_to_evil_seats_and_a_role_shot_to_one_that_has_it() -> None:
    game = games_of("proavalon_records.json")[0]
    assert told(game, "card")[2].data["cards"] == {"4": True, "6": True, "7": False}
    assert told(game, "shot")[0].data == {"target": 2, "hit": False}
    assert game.report.notes == (
        "the log says that a servant was shot, not which of 2; seat 2 stands for it",
    )


def test_a_rejected_hammer_leaves_no_quest_behind() -> None:
    game = games_of("proavalon_records.json")[1]
    assert ending(game) == ("evil", "five_rejections")
    assert len(told(game, "quest")) == 1
    assert len(public_table(game.events).quests) == 1


def test_a_game_whose_bots_votes_were_not_kept_is_skipped_with_the_seats() -> None:
    (game,) = games_of("deeprole_file.json")
    assert game.report.skipped is not None
    assert game.report.skipped.startswith("The votes of seats [1, 2, 3, 5] are not in the log")


def test_a_snapshot_with_every_vote_is_imported(tmp_path: Path) -> None:
    record = json.loads((MINIATURES / "proavalon_records.json").read_text())[1]

    def complete(document: Any) -> None:
        document["game_info"].update(
            playerUsernamesOrdered=record["playerUsernamesOrdered"], voteHistory=record["voteHistory"]
        )

    game = rewrite("deeprole_file.json", tmp_path, complete)
    assert game.events == games_of("proavalon_records.json")[1].events


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"winningTeam": ""}, "The game has no winner."),
        (
            {"cards": ["Sire of the Sea"]},
            "The game was played with Sire of the Sea, which our rules do not have.",
        ),
        ({"numFailsHistory": [0]}, "Quest 2 was played, but its result is not in the log."),
        ({"whoAssassinShot": None}, "Good had three successes, but the log holds no shot at Merlin."),
        ({"whoAssassinShot": "Tristan"}, "The role Tristan was in play, which our rules do not have."),
        (
            {"missionHistory": ["failed"] * 4},
            "Quest 1, attempt 1: the quest succeeds: False in the log, True by the rules.",
        ),
        (
            {"ladyHistoryUsernames": ["fern"]},
            "q2/lady/2: the log does not say whom the Lady of the Lake looked at.",
        ),
    ],
)
def test_a_record_that_is_no_game_of_ours_is_skipped_with_the_reason(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    game = rewrite("proavalon_records.json", tmp_path, lambda document: document.update(change))
    assert game.report.skipped == reason


# -- the chat corpora --------------------------------------------------------------------------------


def test_speeches_keep_their_order_between_two_votes() -> None:
    (game,) = games_of("avalon_nlu.json")
    speeches = [
        (event.quest, event.attempt, event.seat, event.data["text"]) for event in told(game, "speech")
    ]
    assert speeches[:5] == [
        (1, 1, 2, "hello all"),
        (1, 1, 6, "me and the next one"),
        (1, 1, 1, "fine by me"),
        (1, 1, 1, "really"),
        (2, 1, 3, "I would rather see seat 6 there"),
    ]


def test_the_last_proposal_before_a_vote_counts() -> None:
    (game,) = games_of("avalon_nlu.json")
    second = told(game, "propose")[1]
    assert (second.quest, second.seat, second.data["team"]) == (2, 1, [1, 2, 6])


def test_what_a_chat_log_does_not_say_is_noted() -> None:
    (nlu,), (grail,) = games_of("avalon_nlu.json"), games_of("grail.json")
    assert nlu.report.notes == (
        "what was said after the last vote is left out: 1 speeches",
        "the log does not say at whom the missed shot was aimed; seat 1 stands for it",
    )
    assert grail.report.notes == (
        "quest 4: the log does not say how many of 2 Evil seats failed it; one card of seat 5 stands for it",
    )


def test_a_single_evil_seat_aboard_played_the_fail() -> None:
    (game,) = games_of("avalon_nlu.json")
    assert [card.data["cards"] for card in told(game, "card")][1] == {"1": False, "2": True, "6": False}


def test_names_in_speeches_become_seats() -> None:
    (game,) = games_of("grail.json")
    assert [event.data["text"] for event in told(game, "speech")] == [
        "me and seat 5, why not",
        "seat 2 did it, not me",
        "seat 3 is fine",
        "both of you again?",
    ]


def test_an_imported_seat_sees_the_chat_and_its_own_role() -> None:
    (game,) = games_of("grail.json")
    assert view(game.events, 5).knowledge.evil == frozenset({5, 6})
    assert view(game.events, 1).knowledge.evil is None
    assert len([event for event in view(game.events, 1).events if event.type == "speech"]) == 4


def _change_line(old: str, new: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for message in document["messages"].values():
            if message["player"] == "system":
                message["msg"] = message["msg"].replace(old, new)

    return change


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "the assassin didn't find",
            "the assassin is looking for",
            "The log breaks off before the end of the game.",
        ),
        ("player-6: no", "player-6: maybe", "A vote in the log is neither yes nor no."),
        (", player-6: no", "", "Quest 3: the votes of seats [6] are not in the log."),
        ("party vote outcome", "party vote", "Quest 1: a result without a vote."),
        ("player-6 proposed a party: player-6, player-1", "", "Quest 1: a vote without a proposal."),
    ],
)
def test_a_broken_chat_log_is_skipped_with_the_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    game = rewrite("avalon_nlu.json", tmp_path, _change_line(old, new))
    assert game.report.skipped == reason


def test_a_failed_quest_without_evil_aboard_is_skipped(tmp_path: Path) -> None:
    game = rewrite("avalon_nlu.json", tmp_path, _change_line("quest succeeded!", "quest failed!"))
    assert game.report.skipped == "Quest 1 failed in the log, but no Evil seat was aboard."
