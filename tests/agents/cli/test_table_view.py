"""What the watcher of a table sees: the three golden scrolls, privacy, streaming, hostile text."""

import functools
import io
import os
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from agents.cli.table_text import ASCII_SIGNS, Flow, flow_text, plain, signs_for
from agents.cli.table_view import Show, TableView
from games.avalon.bots import make_bot
from games.avalon.events import Event
from games.avalon.play import play
from games.avalon.setup import PRESETS, Rules, Setup, preset

GOLDEN = Path(__file__).parents[2] / "golden" / "avalon"
NAMES = {1: "recon", 2: "cot", 3: "human", 4: "recon", 5: "naive"}
ROLES = {"1": "merlin", "2": "morgana", "3": "percival", "4": "assassin", "5": "servant"}
SETUP = Setup(
    roles=PRESETS["5-standard"],
    rules=Rules(talk="round_robin", lady_of_the_lake=True, evil_talk_before_shot=True),
    name="5-standard",
)


def vote(quest: int, attempt: int, approvers: str) -> Event:
    votes = {str(seat): str(seat) in approvers for seat in range(1, 6)}
    data = {"votes": votes, "approved": len(approvers) > 2, "forced": False}
    return Event("vote", quest, attempt, None, "all", data)


def speech(quest: int, attempt: int, seat: int, text: str) -> Event:
    return Event("speech", quest, attempt, seat, "all", {"text": text})


def proposal(
    quest: int, attempt: int, seat: int, team: Sequence[int], *, final: bool = True
) -> tuple[Event, Event]:
    return (
        Event("leader", quest, attempt, seat, "all", {"leader": seat}),
        Event("propose", quest, attempt, seat, "all", {"team": list(team), "final": final}),
    )


def quest(number: int, attempt: int, team: Sequence[int], failing: Sequence[int] = ()) -> tuple[Event, Event]:
    cards = {str(seat): seat in failing for seat in team}
    outcome = {"team": list(team), "fails": len(failing), "success": not failing, "required": 1}
    return (
        Event("card", number, attempt, None, "god", {"cards": cards}),
        Event("quest", number, attempt, None, "all", outcome),
    )


def opening() -> tuple[Event, ...]:
    nights: dict[int, Mapping[str, Any]] = {
        1: {"role": "merlin", "evil": [2, 4]},
        2: {"role": "morgana", "evil": [2, 4]},
        3: {"role": "percival", "merlin_candidates": [1, 2]},
        4: {"role": "assassin", "evil": [2, 4]},
        5: {"role": "servant"},
    }
    return (
        Event("header", data={"setup": SETUP.to_json()}),
        Event("deal", visible_to="god", data={"roles": ROLES, "first_leader": 1}),
        *(Event("knowledge", 0, 0, seat, (seat,), night) for seat, night in nights.items()),
    )


def scripted_game() -> tuple[Event, ...]:
    """Four quests, a rejected team, a fallback, the Lady, talk among Evil and a missed shot."""
    think = "Seats 2 and 4 are Evil. I must keep them off the team without telling why. " * 5
    return (
        *opening(),
        *proposal(1, 1, 1, (1, 2)),
        Event(
            "note",
            1,
            1,
            3,
            (3,),
            {
                "summary": "Too early to say.",
                "players": [{"seat": 1, "suspicion": 0.2}, {"seat": 2, "suspicion": 0.5}],
            },
        ),
        Event(
            "draft",
            1,
            1,
            1,
            (1,),
            {"stage": "draft", "think": think, "speak": "Not 4!", "action": {"team": [1, 2]}},
        ),
        Event(
            "second_order",
            1,
            1,
            1,
            (1,),
            {
                "readings": [{"role": "percival", "reading": "knows more than he says"}],
                "leak_risk": 0.7,
                "leaks": ["names seat 4 without a reason"],
            },
        ),
        Event("thought", 1, 1, 1, (1,), {"think": "Softer.", "changed": True}),
        speech(
            1,
            1,
            1,
            "I go with my neighbour. Nobody can know more than that before the first quest is played.",
        ),
        speech(1, 1, 2, "Gladly."),
        speech(1, 1, 3, ""),
        speech(
            1, 1, 4, "[bold]Markup[/bold] is \x1b[31mnot\x1b[0m obeyed here, \u202eneither are overrides."
        ),
        Event("fallback", 1, 1, 5, (5,), {"decision": "q1a1/speak/5", "reason": "no JSON in three answers"}),
        speech(1, 1, 5, ""),
        vote(1, 1, "12"),
        *proposal(1, 2, 2, (2, 3)),
        speech(1, 2, 2, "Then 3 with me."),
        vote(1, 2, "1235"),
        *quest(1, 2, (2, 3), failing=(2,)),
        *proposal(2, 1, 3, (1, 3, 5)),
        vote(2, 1, "135"),
        *quest(2, 1, (1, 3, 5)),
        Event("lady", 2, 1, 5, "all", {"holder": 5, "target": 3}),
        Event("lady_answer", 2, 1, 5, (5,), {"target": 3, "side": "good"}),
        *proposal(3, 1, 4, (1, 3)),
        vote(3, 1, "12345"),
        *quest(3, 1, (1, 3)),
        Event("lady", 3, 1, 3, "all", {"holder": 3, "target": 2}),
        Event("lady_answer", 3, 1, 3, (3,), {"target": 2, "side": "evil"}),
        *proposal(4, 1, 5, (1, 3, 5)),
        vote(4, 1, "135"),
        *quest(4, 1, (1, 3, 5)),
        Event("speech", 4, 1, 2, (2, 4), {"text": "It must be 5."}),
        Event("speech", 4, 1, 4, (2, 4), {"text": ""}),
        Event("shot", 4, 1, 4, "all", {"target": 5, "hit": False}),
        Event("end", 4, 1, None, "all", {"winner": "good", "reason": "merlin_survived", "roles": ROLES}),
    )


def shown(show: Show, events: Sequence[Event], names: Mapping[int, str] = NAMES) -> str:
    """What a piped view prints."""
    out = io.StringIO()
    view = TableView(Console(file=out, width=80, no_color=True), show=show, names=names)
    for event in events:
        view.event(event)
    view.close()
    return out.getvalue()


def terminal(show: Show = "god", width: int = 80) -> tuple[TableView, io.StringIO]:
    """A view on a terminal, with a table already opened, and what it prints from now on."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=True, color_system=None, no_color=True, _environ={}
    )
    view = TableView(console, show=show, names=NAMES)
    for event in (*opening(), *proposal(1, 1, 1, (1, 2))):
        view.event(event)
    out.seek(0)
    out.truncate()
    return view, out


@pytest.mark.parametrize(
    ("show", "file"), [("god", "god_view"), ("public", "public_view"), (3, "seat_3_view")]
)
def test_a_watched_game_reads_as_in_the_golden_scroll(show: Show, file: str) -> None:
    text = shown(show, scripted_game())
    path = GOLDEN / f"{file}.txt"
    if "NIMUE_WRITE_GOLDEN" in os.environ:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@functools.cache
def game_of_ten() -> tuple[Event, ...]:
    rules = Rules(talk="round_robin", lady_of_the_lake=True, evil_talk_before_shot=True)
    setup = preset("10-standard", rules)
    return play(setup, {seat: make_bot("human_table", seat) for seat in setup.seats}, seed=1).events


@pytest.mark.parametrize("show", ["god", "public", 1, 3, 5])
@pytest.mark.parametrize("game", [scripted_game, game_of_ten])
def test_a_piped_view_has_whole_lines_that_fit_and_no_control_codes(
    show: Show, game: Callable[[], tuple[Event, ...]]
) -> None:
    names = dict.fromkeys(range(1, 11), "an agent of long name")
    text = shown(show, game(), names=names)
    assert text.endswith("\n")
    assert all(character == "\n" or character.isprintable() for character in text)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_the_public_view_is_that_of_the_public_events_alone() -> None:
    public = [event for event in scripted_game() if event.visible_to == "all"]
    assert shown("public", scripted_game()) == shown("public", public)


def test_a_seat_sees_its_own_thoughts_and_no_others() -> None:
    seat_1, seat_3 = shown(1, scripted_game()), shown(3, scripted_game())
    assert "Not 4!" in seat_1
    assert "Not 4!" not in seat_3
    assert "Too early to say." in seat_3
    assert "Too early to say." not in seat_1
    assert "seat 2 is ◆ evil" in seat_3
    assert "◆ evil" not in seat_1.split("Good wins")[0]


def test_no_role_but_the_own_one_is_told_to_a_seat_before_the_end() -> None:
    table = shown(3, scripted_game()).split("Good wins")[0].split("Quest 1", 1)[1]
    assert not any(role in table for role in ("Morgana", "Assassin", "Servant", "Percival"))


def test_markup_and_escapes_of_a_speech_are_shown_as_plain_words() -> None:
    assert "[bold]Markup[/bold] is not obeyed here, neither are overrides." in " ".join(
        shown("public", scripted_game()).split()
    )


def test_a_name_cannot_carry_control_codes_onto_the_screen() -> None:
    out = io.StringIO()
    names = dict.fromkeys(range(1, 6), "e\x1b[2Jvil\n\u202e")
    view = TableView(Console(file=out, width=80), show="god", names=names)
    for event in scripted_game():
        view.event(event)
    view.close()
    assert "1 evil ◇ Merlin proposes" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_table_without_unicode_gets_ascii_signs() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    view = TableView(Console(file=file, width=80), show="god", names=NAMES)
    for event in (*scripted_game(), speech(4, 1, 1, "na\u00efve \u4f60")):
        view.event(event)
    view.close()
    assert b"1 recon + Merlin: na?ve ?" in raw.getvalue()
    assert signs_for("ascii") == ASCII_SIGNS


def test_agents_events_with_missing_or_strange_entries_are_still_shown() -> None:
    strange = (
        Event("draft", 1, 1, 1, (1,), {}),
        Event("note", 1, 1, 1, (1,), {"players": [{"suspicion": 1}, "seat 2"]}),
        Event("second_order", 1, 1, 1, (1,), {"readings": None, "leaks": False, "leak_risk": "high"}),
        Event("thought", 1, 1, 1, (1,), {"action": 3, "speak": "told later"}),
        Event("probe", 1, 1, 1, "god", {"question": "Who is Merlin?", "belief": {"2": 0.25}}),
        Event("fallback", 1, 1, 1, "god", {}),
    )
    text = shown("god", (*opening(), *proposal(1, 1, 1, (1, 2)), *strange))
    assert "of the others: ? suspicion 1; seat 2" in text
    assert "risk of a leak: high" in text
    assert "decides: 3" in text
    assert "belief: 2 0.25" in text
    assert "! 1 recon gave no usable answer here, a legal move stands for it.\n" in text


def test_a_long_thought_is_cut_after_three_lines() -> None:
    lines = [line for line in shown(1, scripted_game()).splitlines() if "┊" in line]
    start = next(place for place, line in enumerate(lines) if "thinks: Seats 2 and 4" in line)
    assert lines[start + 2].endswith(" …")
    assert "would do" in lines[start + 3]


def test_bids_a_forced_team_and_held_fire_have_their_lines() -> None:
    bids = {"bids": {"1": 0, "2": 4, "3": 1, "4": 0, "5": 0}, "speaker": 2}
    silence = {"bids": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}, "speaker": None}
    forced = {"votes": {}, "approved": True, "forced": True}
    text = shown(
        "god",
        (
            *opening(),
            *proposal(1, 1, 1, (1, 2), final=False),
            Event("bids", 1, 1, None, "all", bids),
            Event("bids", 1, 1, None, "all", silence),
            Event("vote", 1, 1, None, "all", forced),
            Event("shot", 1, 1, 4, (4,), {"target": None, "hit": False}),
        ),
    )
    assert "thinks of the team 1 2" in text
    assert "Floor  2 bids 4, 3 bids 1; seat 2 has the floor" in text
    assert text.count("Floor") == 1
    assert "Vote   none: by the rules of this table the team goes." in text
    assert "seat 4 holds fire" in text


def test_the_fifth_proposal_is_marked_as_the_last_one() -> None:
    assert "Proposal 5 of 5, led by 1 recon ◇ Merlin, the last one ──" in shown(
        "god", (*opening(), *proposal(1, 5, 1, (1, 2)))
    )


def test_closing_a_table_that_has_only_opened_shows_the_opening() -> None:
    assert "you know Merlin and Morgana at 1 2, but not which is which" in " ".join(
        shown(3, opening()).split()
    )


# -- on a terminal -------------------------------------------------------------------------------------


def test_a_streamed_speech_is_printed_word_by_word_and_not_again() -> None:
    view, out = terminal("public")
    view.delta(2, "refined", "speak", "I trust se")
    assert out.getvalue() == "  2 cot: I trust"
    view.delta(2, "refined", "speak", "at 4.")
    assert out.getvalue() == "  2 cot: I trust seat"
    view.event(speech(1, 1, 2, "I trust seat 4."))
    assert out.getvalue() == "  2 cot: I trust seat 4.\n"


def test_a_final_speech_that_differs_from_the_streamed_one_is_printed_too() -> None:
    view, out = terminal("public")
    view.delta(2, "refined", "speak", "I trust seat 4.")
    view.event(speech(1, 1, 2, "I trust nobody."))
    assert out.getvalue() == "  2 cot: I trust seat 4.\n  2 cot: I trust nobody.\n"


def test_the_words_of_a_proposal_stream_before_it_and_are_not_repeated_after_it() -> None:
    view, out = terminal("public")
    leader, proposed = proposal(1, 2, 2, (2, 3))
    view.event(leader)
    view.delta(2, "direct", "speak", "Take us two.")
    view.event(proposed)
    view.event(speech(1, 2, 2, "Take us two."))
    assert out.getvalue().count("Take us two.") == 1
    assert out.getvalue().endswith("  2 cot proposes the team 2 3\n")


def test_a_private_text_that_was_cut_back_to_a_whole_sentence_is_not_told_again() -> None:
    view, out = terminal("god")
    view.delta(2, "draft", "think", "I trust seat 4. But seat")
    view.event(Event("draft", 1, 1, 2, (2,), {"stage": "draft", "think": "I trust seat 4.", "action": "x"}))
    assert out.getvalue().count("I trust seat 4.") == 1


def test_only_the_first_of_several_growing_texts_streams() -> None:
    view, out = terminal("god")
    view.delta(2, "draft", "think", "Mine first. ")
    view.delta(4, "draft", "think", "Mine too. ")
    view.event(Event("draft", 1, 1, 4, (4,), {"stage": "draft", "think": "Mine too."}))
    assert "Mine too" not in out.getvalue()
    view.delta(2, "draft", "think", "Done.")
    view.event(
        Event("draft", 1, 1, 2, (2,), {"stage": "draft", "think": "Mine first. Done.", "action": "approve"})
    )
    assert out.getvalue().splitlines() == [
        "    ┊ 2 cot (private) thinks: Mine first. Done.",
        "    ┊   would do: approve",
        "    ┊ 4 recon (private) thinks: Mine too.",
    ]


def test_a_draft_said_unchanged_is_still_heard_as_a_speech() -> None:
    view, out = terminal("god")
    view.delta(2, "draft", "speak", "I trust seat 4.")
    view.event(Event("draft", 1, 1, 2, (2,), {"speak": "I trust seat 4."}))
    view.event(speech(1, 1, 2, "I trust seat 4."))
    assert out.getvalue().splitlines() == [
        "    ┊ 2 cot (private) would say: I trust seat 4.",
        "  2 cot ◆ Morgana: I trust seat 4.",
    ]


def test_a_whole_turn_that_streams_is_told_once_and_so_is_the_next() -> None:
    view, out = terminal("god")
    for _ in range(2):
        view.delta(2, "draft", "think", "One.")
        view.delta(2, "draft", "speak", "Two.")
        view.delta(2, "refined", "think", "Three.")
        view.delta(2, "refined", "speak", "Four.")
        view.event(
            Event("draft", 1, 1, 2, (2,), {"think": "One.", "choice": "", "speak": "Two.", "raw": "{}"})
        )
        view.event(Event("thought", 1, 1, 2, (2,), {"think": "Three.", "speak": "Four.", "changed": []}))
        view.event(speech(1, 1, 2, "Four."))
    turn = [
        "    ┊ 2 cot (private) thinks: One.",
        "    ┊   would say: Two.",
        "    ┊   thinks again: Three.",
        "  2 cot ◆ Morgana: Four.",
    ]
    assert out.getvalue().splitlines() == turn * 2


def test_of_several_readings_that_grow_side_by_side_only_the_first_streams() -> None:
    view, out = terminal("god")
    for piece in ("As Merlin ", "I would ", "doubt it."):
        view.delta(2, "second_order#1", "reading", piece)
        view.delta(2, "second_order#2", "reading", f"{piece}twice ")
    view.delta(2, "refined", "think", "Well.")
    view.close()
    assert out.getvalue().splitlines() == [
        "    ┊ 2 cot (private) a role would read: As Merlin I would doubt it.",
        "    ┊   thinks again: Well.",
    ]


def test_a_restarted_answer_streams_anew_and_its_former_words_count_for_nothing() -> None:
    view, out = terminal("god")
    view.delta(2, "draft", "think", "Half a tho")
    view.delta(2, "draft", "", "", restart=True)
    view.delta(2, "draft", "think", "A whole thought.")
    view.event(Event("draft", 1, 1, 2, (2,), {"think": "A whole thought."}))
    assert out.getvalue().splitlines() == [
        "    ┊ 2 cot (private) thinks: Half a tho",
        "    ┊   (seat 2 begins this anew)",
        "    ┊   thinks: A whole thought.",
    ]


def test_a_text_whose_beginning_was_passed_over_never_streams_from_its_middle() -> None:
    view, out = terminal("god")
    view.delta(2, "draft", "think", "First. ")
    view.delta(4, "draft", "think", "Passed over. ")
    view.event(Event("draft", 1, 1, 2, (2,), {"stage": "draft", "think": "First."}))
    view.delta(4, "draft", "think", "Middle. ")
    assert "Middle." not in out.getvalue()
    view.event(Event("draft", 1, 1, 4, (4,), {"stage": "draft", "think": "Passed over. Middle."}))
    assert out.getvalue().endswith("thinks: Passed over. Middle.\n")
    view.delta(4, "draft", "think", "A new one. ")
    assert out.getvalue().endswith("thinks: A new one.")


def test_an_event_of_the_game_ends_a_stream_and_releases_what_was_held() -> None:
    view, out = terminal("god")
    view.delta(2, "draft", "think", "I was about to ")
    view.event(Event("thought", 1, 1, 5, (5,), {"think": "Held."}))
    view.event(vote(1, 1, "12"))
    assert out.getvalue().splitlines() == [
        "    ┊ 2 cot (private) thinks: I was about to",
        "    ┊ 5 naive (private) thinks again: Held.",
        "  Vote   ✓ approve 1 2   ✗ reject 3 4 5   2 to 3, rejected",
    ]


@pytest.mark.parametrize(
    ("show", "stage", "field", "visible"),
    [
        ("public", "refined", "speak", True),
        ("public", "direct", "speak", True),
        ("public", "draft", "speak", False),
        ("public", "refined", "think", False),
        (2, "draft", "think", True),
        (3, "draft", "think", False),
        ("god", "note", "think", True),
    ],
)
def test_a_growing_text_is_shown_only_to_whom_it_belongs(
    show: Show, stage: str, field: str, visible: bool
) -> None:
    view, out = terminal(show)
    view.delta(2, stage, field, "secret words here")
    assert ("secret" in out.getvalue()) is visible


def test_nothing_streams_into_a_pipe() -> None:
    out = io.StringIO()
    view = TableView(Console(file=out, width=80), show="god", names=NAMES)
    view.delta(2, "refined", "speak", "I trust seat 4. ")
    view.waiting([1, 2], "voting")
    assert out.getvalue() == ""
    view.event(speech(1, 1, 2, "I trust seat 4."))
    assert out.getvalue().endswith("  2 cot: I trust seat 4.\n")


def test_the_status_line_is_overwritten_by_the_next_line() -> None:
    erase = "\r\x1b[2K"
    view, out = terminal()
    view.waiting([4, 2, 5], "voting")
    assert out.getvalue() == "  … seats 2 4 5 are voting"
    view.waiting([4], "voting")
    assert out.getvalue().endswith(f"{erase}  … seat 4 is voting")
    view.event(Event("thought", 1, 1, 4, (4,), {"think": "Yes."}))
    assert out.getvalue().endswith(f"{erase}    ┊ 4 recon (private) thinks again: Yes.\n  … seat 4 is voting")
    view.event(vote(1, 1, "1"))
    assert out.getvalue().endswith(f"{erase}  Vote   ✓ approve 1   ✗ reject 2 3 4 5   1 to 4, rejected\n")


def test_a_status_line_never_reaches_the_last_column() -> None:
    view, out = terminal(width=30)
    view.waiting(range(1, 6), "thinking about what the others may have meant")
    assert cell_len(out.getvalue()) < 30


def test_an_escape_that_is_split_over_two_pieces_is_still_taken_out() -> None:
    view, out = terminal("public")
    for piece in ("see \x1b[3", "1mred\x1b", "[0m words"):
        view.delta(2, "direct", "speak", piece)
    view.close()
    assert out.getvalue() == "  2 cot: see red words\n"


# -- laying out ----------------------------------------------------------------------------------------


@given(st.text(max_size=300), st.lists(st.integers(0, 300), max_size=5), st.integers(20, 90))
def test_a_text_looks_the_same_in_pieces_as_in_one(text: str, cuts: list[int], width: int) -> None:
    heading = Text("  2 cot:")
    whole = flow_text(heading, text, width=width, indent="    ").plain
    flow = Flow(width=width, indent="    ", column=heading.cell_len)
    places = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    assert heading.plain + "".join(flow.feed(piece) for piece in pieces) + flow.finish() == whole


@given(st.text(alphabet=st.sampled_from("ab \n\u4f60\u0301\x1b[m"), max_size=300), st.integers(20, 90))
def test_laid_out_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = flow_text(Text("  2 cot:"), text, width=width, indent="    ").plain.split("\n")
    assert max(cell_len(line) for line in lines) <= width
    assert "".join("".join(lines).removeprefix("  2 cot:").split()) == "".join(plain(text).split())


@given(st.text(max_size=100))
def test_plain_text_is_one_printable_line_and_stays_as_it_is(text: str) -> None:
    once = plain(text)
    assert "\n" not in once
    assert all(character.isprintable() for character in once)
    assert plain(once) == once
