"""Which calls each variant makes for each kind of decision: the tables of our specification, 2.2 and 2.3.

The tables stand here once more as data, so that a change of `nodes.py` must agree with them.
"""

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from agents.recon.variants import EMBEDDED, HOSTED, PAPER, VARIANTS, Contemplation
from games.avalon.setup import Rules, preset
from tests.agents.recon.table import FIVE, PlayedTable, decisions_of, filled, options_of, play, team_with

TOGETHER = Contemplation()

KINDS = ("propose", "speak", "vote", "card", "shoot")

NOTE, DRAFT, READ, REFINE = "note", "draft", "second_order", "refined"
TREE = ("plan",) * 3 + ("pick_plans",) + ("draft",) * 3 + ("pick_speeches",)
TREE_WITHOUT_SPEECH = ("plan",) * 3 + ("pick_plans", "draft")

CONTEMPLATED = {
    "propose": (NOTE, DRAFT, READ, REFINE),
    "speak": (NOTE, DRAFT, READ, REFINE),
    "vote": (NOTE, DRAFT, READ, REFINE),
    "card": (NOTE, DRAFT),
    "shoot": (NOTE, DRAFT, REFINE),
}
"""Complete recursive contemplation from quest 2 on; cards are not refined unless asked for (2.7)."""

EXPECTED: dict[str, dict[str, tuple[str, ...]]] = {
    "recon": CONTEMPLATED,
    "recon+bayes": CONTEMPLATED,
    "recon-no-first": {
        "propose": (DRAFT, READ, REFINE),
        "speak": (DRAFT, READ, REFINE),
        "vote": (DRAFT, READ, REFINE),
        "card": (DRAFT,),
        "shoot": (DRAFT, REFINE),
    },
    "recon-no-second": {
        "propose": (NOTE, DRAFT, REFINE),
        "speak": (NOTE, DRAFT, REFINE),
        "vote": (NOTE, DRAFT, REFINE),
        "card": (NOTE, DRAFT),
        "shoot": (NOTE, DRAFT, REFINE),
    },
    "recon-no-refine": dict.fromkeys(KINDS, (NOTE, DRAFT)),
    "recon-no-form": CONTEMPLATED,
    "recon-no-cot": CONTEMPLATED,
    "cot": dict.fromkeys(KINDS, (DRAFT,)),
    "direct": dict.fromkeys(KINDS, (DRAFT,)),
    "tot": {
        "propose": TREE,
        "speak": TREE,
        "vote": TREE_WITHOUT_SPEECH,
        "card": TREE_WITHOUT_SPEECH,
        "shoot": TREE_WITHOUT_SPEECH,
    },
}


@cache
def game(variant: str = "recon", settings: Contemplation = TOGETHER) -> PlayedTable:
    """Three quests with Morgana (seat 4) on every team and one rejected team in quest 2, then the shot."""

    def answer(call: Any) -> Any:
        if call.kind == "propose" and options_of(call, "team"):
            return filled(call, team=team_with(call, 1, 4))
        vote = "reject" if call.decision.startswith("q2a1/") else "approve"
        return filled(call, vote=vote, card="success", choice="1")

    return play(answer, variant=variant, settings=settings)


def without_note(stages: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(stage for stage in stages if stage != NOTE)


def place_of(decision: str) -> tuple[str, int]:
    """Kind and quest of a decision; the shot follows the last quest."""
    *place, kind, _ = decision.split("/")
    return kind, int(place[0][1]) if place else 3


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_decision_makes_the_calls_of_the_table_in_their_order(variant: str) -> None:
    asked = game(variant).stages()
    assert {place_of(decision)[0] for decision in asked} == set(KINDS)
    for decision, stages in asked.items():
        kind, quest = place_of(decision)
        expected = EXPECTED[variant][kind]
        assert stages == (expected if quest >= 2 else without_note(expected)), decision


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_seat_is_asked_once_for_each_of_its_decisions(variant: str) -> None:
    table = game(variant)
    decisions = Counter(place_of(decision) for decision in table.stages())
    proposals = {1: 1, 2: 2, 3: 1}
    assert decisions == {
        **{("propose", quest): count for quest, count in proposals.items()},
        **{("speak", quest): 4 * count for quest, count in proposals.items()},
        **{("vote", quest): 5 * count for quest, count in proposals.items()},
        **{("card", quest): 1 for quest in proposals},
        ("shoot", 3): 1,
    }


def test_quest_one_makes_no_first_order_call_and_every_later_decision_does() -> None:
    asked = game().stages()
    noted = {decision for decision, stages in asked.items() if NOTE in stages}
    assert noted == {decision for decision in asked if place_of(decision)[1] >= 2}


def test_a_good_seat_never_gets_a_call_for_a_quest_card() -> None:
    table = game()
    team = next(event.data["team"] for event in table.events if event.type == "quest")
    assert team == [1, 4]
    assert decisions_of(table, "card") == ["q1/card/4", "q2/card/4", "q3/card/4"]


def test_the_shot_is_never_read_through_other_eyes() -> None:
    for settings in (TOGETHER, HOSTED, PAPER):
        assert READ not in game(settings=settings).stages()["shoot/5"]


@pytest.mark.parametrize(
    ("variant", "removed"),
    [
        ("recon-no-first", {NOTE}),
        ("recon-no-second", {READ}),
        ("recon-no-refine", {READ, REFINE}),
        ("recon-no-form", set()),
        ("recon-no-cot", set()),
    ],
)
def test_an_ablation_removes_its_part_and_nothing_else(variant: str, removed: set[str]) -> None:
    complete = game().stages()
    ablated = game(variant).stages()
    assert ablated == {
        decision: tuple(stage for stage in stages if stage not in removed)
        for decision, stages in complete.items()
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_private_thought_is_asked_for_unless_the_variant_leaves_it_out(variant: str) -> None:
    drafts = [call for call in game(variant).calls if call.stage == "draft"]
    thinks = variant not in ("recon-no-form", "direct", "tot")
    assert all(("think" in call.json_schema["properties"]) is thinks for call in drafts)


def test_refinement_always_gives_a_thought_and_says_what_it_changed() -> None:
    for variant in ("recon", "recon-no-form"):
        refined = [call for call in game(variant).calls if call.stage == REFINE]
        assert all({"think", "changed"} <= set(call.json_schema["properties"]) for call in refined)


def test_only_decisions_that_are_heard_or_imagined_to_be_heard_draft_a_speech() -> None:
    def kinds_with_speech(variant: str) -> set[str]:
        drafts = [call for call in game(variant).calls if call.stage == DRAFT]
        return {call.kind for call in drafts if "speak" in call.json_schema["properties"]}

    assert kinds_with_speech("recon") == {"propose", "speak", "vote"}
    assert kinds_with_speech("cot") == {"propose", "speak"}


def test_readings_per_role_ask_once_for_each_other_role_in_play() -> None:
    table = game(settings=HOSTED)
    for decision, stages in table.stages().items():
        kind, quest = place_of(decision)
        expected = tuple(
            role
            for stage in CONTEMPLATED[kind]
            for role in (4 * (READ,) if stage == READ else (stage,))
            if quest >= 2 or stage != NOTE
        )
        assert stages == expected, decision
    readers = [call for call in table.calls if call.decision == "q1a1/speak/2" and call.stage == READ]
    for call, role in zip(readers, ("Merlin", "Servant", "Assassin", "Morgana"), strict=True):
        assert f"the eyes of the {role}" in call.task
    assert [call.tag.stage for call in readers] == [f"second_order#{index}" for index in range(1, 5)]


def test_a_role_that_another_seat_holds_too_still_has_a_reader() -> None:
    def answer(call: Any) -> Any:
        return filled(call, vote="approve", card="success")

    table = play(answer, setup=preset("6-recon", FIVE.rules), settings=HOSTED)
    of_servant = [call for call in table.calls if call.decision == "q1a1/speak/3" and call.stage == READ]
    assert len(of_servant) == 5
    assert any("the eyes of the Servant" in call.task for call in of_servant)


def test_the_papers_settings_contemplate_cards_too() -> None:
    asked = game(settings=PAPER).stages()
    assert asked["q1/card/4"] == (DRAFT, READ, REFINE)
    assert asked["q2/card/4"] == (NOTE, DRAFT, READ, REFINE)
    for decision, stages in asked.items():
        kind, quest = place_of(decision)
        if kind != "card":
            expected = CONTEMPLATED[kind]
            assert stages == (expected if quest >= 2 else without_note(expected)), decision


def test_votes_may_be_decided_by_the_formulation_alone() -> None:
    asked = game(settings=replace(TOGETHER, refine_votes=False)).stages()
    complete = game().stages()
    for decision, stages in asked.items():
        kind, quest = place_of(decision)
        if kind == "vote":
            assert stages == ((NOTE, DRAFT) if quest >= 2 else (DRAFT,))
        else:
            assert stages == complete[decision]


def test_one_note_a_proposal_serves_all_decisions_of_a_seat_on_it() -> None:
    table = game(settings=replace(TOGETHER, first_order_refresh="per_proposal"))
    notes = Counter(
        (call.seat, "q3a1" if call.quest in (0, 3) else call.decision.split("/")[0])
        for call in table.calls
        if call.stage == NOTE
    )
    # Seat 4's card of quest 2 and seat 5's shot come after their notes on the same proposal.
    assert notes == {(seat, place): 1 for seat in range(1, 6) for place in ("q2a1", "q2a2", "q3a1")}
    assert all(call.stage != NOTE for call in table.calls if call.kind in ("vote", "card", "shoot"))


def test_one_note_a_quest_serves_all_its_proposals() -> None:
    table = game(settings=replace(TOGETHER, first_order_refresh="per_quest"))
    notes = Counter((call.seat, call.quest) for call in table.calls if call.stage == NOTE)
    # Two notes of seat 4 or 5 would mean that a card or the shot asked for one again.
    assert set(notes.values()) == {1}
    assert {quest for _, quest in notes} - {0} == {2, 3}


def test_the_embedded_models_settings_leave_out_what_is_said_of_them() -> None:
    num_calls = len(game(settings=EMBEDDED).calls)
    # 4 proposals of 5 speakers with 2 calls, 5 votes with 1; notes on 2 quests; 3 cards; the shot with 2.
    assert num_calls == 4 * (5 * 2 + 5) + 10 + 3 + 2


def test_decisions_without_contemplation_are_one_call() -> None:
    rules = Rules(talk="bid", talk_rounds=2, lady_of_the_lake=True, evil_talk_before_shot=True)

    def answer(call: Any) -> Any:
        return filled(call, vote="approve", card="success", eagerness=call.seat - 1)

    table = play(answer, setup=preset("5-standard", rules), settings=TOGETHER)
    asked = {kind: decisions_of(table, kind) for kind in ("bid", "lady", "evil_talk")}
    assert asked["evil_talk"] == ["evil_talk/4", "evil_talk/5"]
    assert asked["lady"] == ["q2/lady/5"]
    assert "q1a1/bid/3" in asked["bid"]
    for decisions in asked.values():
        for decision in decisions:
            assert table.stages()[decision] == (DRAFT,)


def test_a_table_without_talk_still_imagines_how_a_team_would_be_read() -> None:
    def answer(call: Any) -> Any:
        return filled(call, vote="approve", card="success", speak="They should hear this.")

    table = play(answer, setup=preset("5-standard"), settings=TOGETHER)
    assert table.stages()["q1a1/propose/1"] == (DRAFT, READ, REFINE)
    assert not [event for event in table.events if event.type == "speech"]


@pytest.mark.parametrize(("stage", "left"), [(DRAFT, ()), (READ, (REFINE,)), (REFINE, ())])
def test_a_stage_without_a_usable_answer_leaves_a_fallback_and_the_game_goes_on(
    stage: str, left: tuple[str, ...]
) -> None:
    def answer(call: Any) -> Any:
        if call.decision == "q1a1/propose/1" and call.stage == stage:
            return "Let me think about that."
        return filled(call, vote="approve", card="success", speak=f"{call.stage} of {call.seat}")

    table = play(answer, settings=TOGETHER)
    (fallback,) = (event for event in table.events if event.type == "fallback")
    assert (fallback.seat, fallback.visible_to) == (1, (1,))
    assert (fallback.data["stage"], fallback.data["reason"]) == (stage, "no_json")
    asked = table.stages()["q1a1/propose/1"]
    before = (DRAFT, READ, REFINE)[: (DRAFT, READ, REFINE).index(stage)]
    assert asked == (*before, stage, stage, *left)  # a bad answer is asked for once more
    first_words = next(event.data["text"] for event in table.events if event.type == "speech")
    of_the_bot = "For quest 1 I name seats 1 and 2."
    assert first_words == {DRAFT: of_the_bot, READ: "refined of 1", REFINE: "draft of 1"}[stage]
    assert table.events[-1].type == "end"
