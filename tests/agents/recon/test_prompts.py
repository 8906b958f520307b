"""What stands in each prompt: who thinks what reaches which stage, and how the prompts of a seat grow.

Every text that the scripted model writes names its field, its stage and its decision, as in
"think@draft@q1a1/vote/3", so a test can read off which texts have come into a prompt.
Rendered examples stand in tests/golden/recon; after a change of wording that is meant, write them
anew with NIMUE_UPDATE_GOLDEN=1 and say in the commit why they changed.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agents.recon.rendering import cast_text, seats_text
from agents.recon.variants import EMBEDDED, HOSTED, PAPER, VARIANTS, Contemplation
from games.avalon.draws import Deal
from games.avalon.roles import Role
from games.avalon.setup import Rules, Setup, preset
from tests.agents.recon.table import FIVE, Call, PlayedTable, filled, options_of, play, team_with

GOLDEN = Path(__file__).parents[2] / "golden" / "recon"
TOGETHER = Contemplation()
RICH = preset("5-standard", Rules(talk="bid", talk_rounds=2, lady_of_the_lake=True))


class Mark(NamedTuple):
    """Where a text that the model wrote comes from."""

    field: str
    stage: str
    decision: str


def marks_in(text: str) -> set[Mark]:
    return {Mark(*found) for found in re.findall(r"(\w+)@(\w+)@([\w/]+(?:#\d+)?)", text)}


def marked(call: Call, **chosen: object) -> dict[str, Any]:
    """A valid answer whose texts say where they come from."""
    texts = {
        name: f"{name}@{call.stage}@{call.decision}"
        for name, schema in call.json_schema["properties"].items()
        if schema.get("type") == "string" and "enum" not in schema
    }
    return filled(call, f"changed@{call.stage}@{call.decision}", **{**texts, **chosen})


def turbulent(call: Call) -> dict[str, Any]:
    """Quest 1: a rejected team, then a success. Quest 2 fails. Quest 3 succeeds."""
    vote = "reject" if call.decision.startswith("q1a1/") else "approve"
    card = "fail" if call.quest == 2 else "success"
    chosen: dict[str, object] = {"vote": vote, "card": card, "choice": "1", "eagerness": call.seat - 1}
    if options_of(call, "team"):
        chosen["team"] = team_with(call, 1, 4)
    return marked(call, **chosen)


@cache
def game(settings: Contemplation = TOGETHER, variant: str = "recon", setup: Setup = FIVE) -> PlayedTable:
    return play(turbulent, settings=settings, variant=variant, setup=setup, last_quest=3)


def each(table: PlayedTable, stage: str) -> list[Call]:
    found = [call for call in table.calls if call.stage == stage]
    assert found
    return found


SETTINGS = {
    "together": TOGETHER,
    "hosted": HOSTED,
    "embedded": EMBEDDED,
    "paper": PAPER,
    "paper, one reader a role": replace(PAPER, readings="per_role"),
}
all_settings = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
SEPARATE = {name: settings for name, settings in SETTINGS.items() if settings.readings != "in_refinement"}
separate_readings = pytest.mark.parametrize("settings", SEPARATE.values(), ids=SEPARATE)


# -- which text reaches which stage ------------------------------------------------------------------


@separate_readings
def test_the_imagined_readers_see_the_draft_speech_and_no_thought_and_no_talk(
    settings: Contemplation,
) -> None:
    for call in each(game(settings), "second_order"):
        assert marks_in(call.prompt) == {Mark("speak", "draft", call.decision)}, call.decision


@separate_readings
def test_refinement_sees_thought_draft_and_readings_but_neither_the_talk_nor_the_note(
    settings: Contemplation,
) -> None:
    table = game(settings)
    for call in each(table, "refined"):
        seen = marks_in(call.prompt)
        of_readers = {mark for mark in seen if mark.stage == "second_order"}
        others = {role.value for role in FIVE.roles if role is not table.deal.roles[call.seat - 1]}
        answered = {
            "together": others,
            "per_role": {"reading"},
        }[settings.readings]
        assert {mark.field for mark in of_readers} == answered | {"leak"}
        drafted = {Mark(field, "draft", call.decision) for field in ("think", "speak")}
        assert seen == drafted | of_readers, call.decision


def test_readings_within_the_refinement_go_on_in_the_seats_own_chat_right_after_the_draft() -> None:
    table = game(EMBEDDED)
    spoken = [call for call in each(table, "refined") if call.kind in ("propose", "speak")]
    assert spoken
    for call in spoken:
        draft = table.asked(call.decision, "draft")
        assert call.messages[: len(draft.messages)] == draft.messages
        assert [kind for kind, _ in call.messages[len(draft.messages) :]] == ["ai", "human"]
        assert marks_in(call.task) == set()
        assert list(call.json_schema["properties"])[:4] == [
            "good_players",
            "evil_players",
            "leak",
            "leak_risk",
        ]
        read = [event for event in table.events if event.decision == call.decision]
        assert [event.type for event in read if event.type in ("second_order", "thought")] == [
            "second_order",
            "thought",
        ]


def test_a_vote_without_a_thought_of_its_own_asks_for_the_vote_alone() -> None:
    for call in each(game(EMBEDDED), "draft"):
        asked = list(call.json_schema["properties"])
        assert (asked == ["approve"]) == (call.kind == "vote"), call.decision


def test_the_shot_is_refined_from_its_thought_alone() -> None:
    def answer(call: Call) -> dict[str, Any]:
        return marked(call, vote="approve", card="success")

    table = play(answer, settings=EMBEDDED, setup=preset("5-standard"))
    assert marks_in(table.asked("shoot/5", "refined").prompt) == {Mark("think", "draft", "shoot/5")}


def test_readings_of_single_roles_reach_refinement_each_under_its_role() -> None:
    call = game(HOSTED).asked("q1a2/speak/3", "refined")
    lines = [line for line in call.task.splitlines() if line.startswith("- the ")]
    reading = "reading@second_order@q1a2/speak/3"
    leak = "leak@second_order@q1a2/speak/3"
    assert lines == [
        f'- the {role}: "{reading}" Gives away: "{leak}"'
        for role in ("merlin", "percival", "assassin", "morgana")
    ]


def test_refinement_says_the_draft_once_when_it_goes_on_in_the_readers_chat() -> None:
    call = game(TOGETHER).asked("q1a1/speak/2", "refined")
    assert [kind for kind, _ in call.messages] == ["system", "human", "ai", "human"]
    assert call.prompt.count("speak@draft@") == 1


def test_without_a_thought_in_the_draft_refinement_is_told_of_none() -> None:
    for call in each(game(EMBEDDED, "recon-no-form"), "refined"):
        assert "Your thought was" not in call.prompt
        assert "think@" not in call.prompt


def test_a_long_thought_reaches_refinement_whole() -> None:
    thought = " ".join(["Perhaps."] * 120) + " The end."  # 1,088 characters, more than a speech may have

    def answer(call: Call) -> dict[str, Any]:
        return filled(call, think=thought, vote="approve", card="success")

    assert thought in play(answer, settings=TOGETHER, last_quest=1).asked("q1a1/speak/2", "refined").task


def test_the_vote_prompt_holds_the_own_earlier_thought_on_this_team() -> None:
    table = game(TOGETHER)
    for call in each(table, "draft"):
        if call.kind == "vote":
            place = call.decision.partition("/")[0]
            own = {
                mark
                for mark in marks_in(call.prompt)
                if mark.field == "think" and mark.decision.startswith(place)
            }
            (mark,) = own
            assert mark in {
                Mark("think", "draft", f"{place}/{kind}/{call.seat}") for kind in ("propose", "speak")
            }


def test_by_the_paper_a_vote_reads_again_the_final_thought_and_words_on_this_team_only() -> None:
    for call in each(game(PAPER), "draft"):
        place = call.decision.partition("/")[0]
        thoughts = {mark for mark in marks_in(call.prompt) if mark.field == "think"}
        if call.kind != "vote":
            assert thoughts == set()
            continue
        (thought,) = thoughts
        assert thought.stage == "refined"
        assert thought.decision in {f"{place}/{kind}/{call.seat}" for kind in ("propose", "speak")}
        assert (
            f'On this team you thought "think@refined@{thought.decision}" '
            f'and said "speak@refined@{thought.decision}".'
        ) in call.task


def test_by_the_paper_a_first_order_note_is_made_from_the_last_note_alone() -> None:
    """No thought reaches it, not even at a vote, and the last note stands in it once."""
    table = game(PAPER)
    for seat in table.setup.seats:
        notes = [call for call in each(table, "note") if call.seat == seat]
        assert "last note" not in notes[0].prompt
        for earlier, call in pairwise(notes):
            assert {mark for mark in marks_in(call.prompt) if mark.field != "speak"} == {
                Mark("summary", "note", earlier.decision)
            }
            assert call.prompt.count("summary@note@") == 1
            assert f'may be wrong: "summary@note@{earlier.decision}"' in call.task


def test_by_the_paper_a_formulation_is_made_from_the_note_of_its_own_decision() -> None:
    for call in each(game(PAPER), "draft"):
        summaries = {mark for mark in marks_in(call.prompt) if mark.field == "summary"}
        at_all = call.quest != 1
        assert summaries == ({Mark("summary", "note", call.decision)} if at_all else set())


@pytest.mark.parametrize("settings", [TOGETHER, HOSTED, PAPER], ids=["together", "hosted", "paper"])
def test_the_note_of_one_decision_is_the_old_note_of_the_next(settings: Contemplation) -> None:
    table = game(settings)
    for seat in table.setup.seats:
        for earlier, later in pairwise(call for call in each(table, "note") if call.seat == seat):
            assert f'may be wrong: "summary@note@{earlier.decision}"' in later.task


def test_the_note_of_a_decision_is_the_turn_before_its_formulation() -> None:
    for call in each(game(TOGETHER), "draft"):
        if call.quest != 1:
            kind, text = call.messages[-2]
            assert kind == "ai"
            assert Mark("summary", "note", call.decision) in marks_in(text)


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_the_last_version_of_a_speech_becomes_public(variant: str) -> None:
    table = game(TOGETHER if variant == "recon" else EMBEDDED, variant)
    last_stage = "refined" if VARIANTS[variant].refine else "draft"
    spoken = [event for event in table.public if event.type == "speech"]
    for event in spoken:
        assert event.data == {"text": f"speak@{last_stage}@{event.decision}"}
    silent = [event.data for event in table.public if event.type != "speech"]
    assert marks_in(json.dumps([dict(data) for data in silent])) == set()
    assert len(spoken) == 4 * 5  # four proposals: one of them rejected, three quests


def test_words_of_a_vote_are_drafted_and_refined_but_never_said() -> None:
    table = game(TOGETHER)
    assert "speak" in table.asked("q1a1/vote/3", "refined").json_schema["properties"]
    heard = {event.decision for event in table.public if event.type == "speech"}
    assert not [decision for decision in heard if decision and "vote" in decision]


@all_settings
def test_no_prompt_holds_a_thought_or_a_note_or_a_reading_of_another_seat(settings: Contemplation) -> None:
    for call in game(settings).calls:
        for mark in marks_in(call.prompt):
            if not (mark.field == "speak" and mark.stage == "refined"):
                assert mark.decision.rpartition("/")[2].partition("#")[0] == str(call.seat)


# -- how prompts grow --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "settings", "setup"),
    [
        ("recon", TOGETHER, FIVE),
        ("recon", HOSTED, FIVE),
        ("recon", EMBEDDED, FIVE),
        ("recon", TOGETHER, RICH),
        ("cot", EMBEDDED, FIVE),
    ],
    ids=["together", "hosted", "embedded", "bids and the lady", "cot"],
)
def test_the_table_chat_of_a_seat_only_grows(variant: str, settings: Contemplation, setup: Setup) -> None:
    """So that a prompt cache, hosted or embedded, pays for each word once."""
    table = game(settings, variant, setup)
    for seat in setup.seats:
        # A refinement that goes on in this chat is an aside: what comes of it is heard anyway.
        chat = [call for call in table.of_seat(seat) if call.chat == "table" and call.stage != "refined"]
        for earlier, later in pairwise(chat):
            known, new = later.messages[: len(earlier.messages)], later.messages[len(earlier.messages) :]
            assert known == earlier.messages
            assert [kind for kind, _ in new] == ["ai", "human"]
            has_words = list(earlier.json_schema["properties"]) != ["approve"]
            expected = {earlier.decision} if has_words else set()
            assert {mark.decision for mark in marks_in(new[0][1])} == expected


def test_a_prompt_that_outgrows_its_limit_keeps_old_quests_as_a_record_and_grows_on() -> None:
    table = game(replace(TOGETHER, history_tokens=1_500))
    chat = [call for call in table.of_seat(3) if call.chat == "table"]
    broken = [
        later
        for earlier, later in pairwise(chat)
        if later.messages[: len(earlier.messages)] != earlier.messages
    ]
    assert 1 <= len(broken) <= 3  # where it first goes over, and then at each new quest
    for call in broken:
        talk = {mark for mark in marks_in(call.prompt) if mark.field == "speak"}
        assert {mark.decision[1] for mark in talk} <= {str(call.quest)}
        for past in range(1, call.quest):
            assert f"RECORD Quest {past}, proposal 1: seat" in call.prompt
            assert re.search(rf"RECORD Quest {past} with .* (succeeded|FAILED)", call.prompt)


def test_the_rules_card_is_the_same_text_for_every_seat_and_stage() -> None:
    for table in (game(TOGETHER), game(PAPER), game(EMBEDDED, "tot")):
        systems = {call.messages[0] for call in table.calls}
        assert len(systems) == 1
        assert all(kind != "system" for call in table.calls for kind, _ in call.messages[1:])


# -- what a player remembers of older quests ---------------------------------------------------------


def history_of(history: Any) -> Iterator[Call]:
    """The calls of quest 3 under a way of remembering."""
    table = game(replace(PAPER, history=history))
    yield from (call for call in table.calls if call.quest == 3)


def test_the_quest_window_keeps_results_of_older_quests_but_neither_votes_nor_talk() -> None:
    for call in history_of("quest_window"):
        assert "RECORD Quest 1 with 1,4, led by seat 2, succeeded: 0 fail." in call.prompt
        assert "RECORD Quest 2 with 1,2,4, led by seat 3, FAILED: 1 fail." in call.prompt
        for quest in range(1, call.quest):
            assert f"RECORD Quest {quest}, proposal" not in call.prompt
        assert all(
            mark.decision.startswith(f"q{call.quest}")
            for mark in marks_in(call.prompt)
            if mark.field == "speak"
        )


def test_a_summary_keeps_the_votes_of_older_quests_too() -> None:
    rejected = (
        "RECORD Quest 1, proposal 1: seat 1 named 1,4. Vote: nobody approve, 1,2,3,4,5 reject: rejected."
    )
    for call in history_of("summary"):
        assert rejected in call.prompt
        assert "RECORD Quest 1 with 1,4, led by seat 2, succeeded: 0 fail." in call.prompt
        assert all(
            mark.decision.startswith(f"q{call.quest}")
            for mark in marks_in(call.prompt)
            if mark.field == "speak"
        )


def test_a_full_history_keeps_everything_that_was_said() -> None:
    for call in history_of("full"):
        if call.chat == "table":
            said = {mark.decision for mark in marks_in(call.prompt) if mark.field == "speak"}
            assert {"q1a1/propose/1", "q1a1/speak/2", "q1a2/propose/2", "q2a1/speak/5"} <= said
            assert "Vote: nobody approve, 1,2,3,4,5 reject: rejected." in call.prompt


@pytest.mark.parametrize("history", ["full", "summary", "quest_window"])
def test_what_the_lady_told_is_never_forgotten_and_told_to_her_holder_alone(history: Any) -> None:
    table = game(replace(TOGETHER, history=history), setup=RICH)
    later = [call for call in table.calls if call.quest == 3]
    assert all("RECORD Seat 5 used the Lady of the Lake on seat 1." in call.prompt for call in later)
    told = {call.seat for call in later if "The Lady tells you alone: seat 1 is Good." in call.prompt}
    assert told == {5}
    assert all("The Lady tells you alone" in call.prompt for call in later if call.seat == 5)


@pytest.mark.parametrize("history", ["full", "summary", "quest_window"])
def test_an_early_shot_is_remembered_and_a_shot_held_names_nobody(history: Any) -> None:
    def answer(call: Call) -> dict[str, Any]:
        target = "nobody" if call.decision.startswith("q1/") else "3"
        return filled(call, vote="approve", card="success", target=target)

    setup = preset("5-standard", Rules(talk="round_robin", assassin_window="after_every_quest"))
    table = play(answer, setup=setup, settings=replace(EMBEDDED, history=history))
    in_two = [call for call in table.calls if call.quest == 2 and call.kind != "shoot"]
    in_three = [call for call in table.calls if call.quest == 3]
    assert in_two
    assert in_three
    assert all("RECORD The Assassin keeps the shot for later." in call.prompt for call in in_two)
    assert all("You held" not in call.prompt for call in table.calls)
    assert all("RECORD Seat 5 named seat 3 as Merlin and missed." in call.prompt for call in in_three)


# -- rosters -----------------------------------------------------------------------------------------


def first_sheet(roles: tuple[Role, ...], seat: int) -> str:
    """The first prompt of a seat, by a deal that may sit in any order."""

    def answer(call: Call) -> dict[str, Any]:
        return filled(call, vote="reject")

    table = play(answer, setup=preset("5-standard"), deal=Deal(roles, 1), variant="cot")
    return table.of_seat(seat)[0].prompt


M, P, S, G, A = Role.MERLIN, Role.PERCIVAL, Role.SERVANT, Role.MORGANA, Role.ASSASSIN


@pytest.mark.parametrize(
    ("seat", "one", "other"),
    [
        (3, (G, A, P, S, M), (M, A, P, S, G)),  # Percival's pair, Merlin and Morgana swapped
        (3, (G, A, M, S, P), (A, G, M, P, S)),  # what Merlin sees, all others swapped
        (2, (M, A, P, S, G), (S, A, M, P, G)),  # the Assassin's view, all of Good moved round
        (5, (M, A, P, S, G), (P, A, S, M, G)),
        (4, (G, A, P, S, M), (M, P, A, S, G)),  # a servant's
    ],
)
def test_seats_that_a_role_is_told_of_stand_in_table_order_whoever_sits_there(
    seat: int, one: tuple[Role, ...], other: tuple[Role, ...]
) -> None:
    """The reference code lists Merlin first among Percival's two, and Merlin first among Good for Evil."""
    assert first_sheet(one, seat) == first_sheet(other, seat)


def test_seats_are_named_in_rising_order() -> None:
    assert seats_text({5, 1, 3}) == "seats 1, 3 and 5"
    assert seats_text(frozenset({10, 2})) == "seats 2 and 10"
    assert "Of seats 1 and 5 one is Merlin and one is Morgana." in first_sheet((G, A, P, S, M), 3)
    assert "Your Evil partner is seat 2." in first_sheet((M, A, P, S, G), 5)
    assert "You know that seats 1 and 2 are Evil." in first_sheet((G, A, M, S, P), 3)


def test_the_cast_is_listed_by_role_however_the_setup_orders_it() -> None:
    shuffled = (A, S, G, M, P)
    assert cast_text(shuffled) == cast_text((M, P, S, G, A))


def test_notes_ask_for_seats_and_readings_for_roles_in_an_order_that_the_deal_does_not_touch() -> None:
    note = game(TOGETHER).asked("q2a1/speak/2", "note")
    assert list(note.json_schema["properties"]) == ["seat_1", "seat_3", "seat_4", "seat_5", "summary"]
    readings = game(TOGETHER).asked("q2a1/speak/2", "second_order").json_schema["properties"]
    assert list(readings) == ["merlin", "servant", "assassin", "morgana", "leak", "leak_risk"]


# -- rendered examples -------------------------------------------------------------------------------

POSITIONS = {
    "propose": ("q2a1/propose/2", "draft"),
    "discuss": ("q2a1/speak/4", "draft"),
    "vote": ("q2a1/vote/3", "draft"),
    "first_order": ("q2a1/speak/1", "note"),
    "second_order": ("q2a1/speak/1", "second_order"),
    "refine": ("q2a1/speak/1", "refined"),
}


@cache
def golden_game() -> PlayedTable:
    def answer(call: Call) -> dict[str, Any]:
        words = {
            "think": f"Seat {call.seat} thinks about {call.kind}.",
            "speak": f"I am for it ({call.stage}).",
            "summary": f"Nothing certain yet, thinks seat {call.seat}.",
            "leak": "nothing",
        }
        return filled(call, "Plain talk.", **words, vote="approve", card="success")

    return play(answer, settings=TOGETHER, last_quest=2)


def rendered(call: Call) -> str:
    return "".join(f"--- {kind}\n{text}\n" for kind, text in call.messages)


@pytest.mark.parametrize("name", POSITIONS)
def test_a_rendered_prompt_equals_its_golden_file(name: str) -> None:
    text = rendered(golden_game().asked(*POSITIONS[name]))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("NIMUE_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
