"""The prompts of each stage, made from a view and the variant alone (specification 2.2 and 5.6).

Two chats serve a seat. The *table chat* (first-order, formulation) holds the rules card, the seat's
sheet, everything the seat has heard and its own earlier answers, and only grows. The *reader's chat*
(second-order, refinement) starts anew for each decision from the same opening, and holds the public
state and the draft speech: by the method the imagined readers see neither the thought nor the talk.
(Readings that stand in the refinement's own answer are the exception: they go on in the table chat.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agents.recon.evidence import evidence_text
from agents.recon.prompt_files import prompt
from agents.recon.rendering import (
    harmless,
    night_facts,
    past_quest_lines,
    quoted,
    role_text,
    rules_card,
    seat_sheet,
    seats_list,
    state_text,
    told,
)
from agents.recon.variants import Contemplation, Variant
from games.avalon.actions import Decision
from games.avalon.events import Event
from games.avalon.roles import Role, Side
from games.avalon.view import View

SPOKEN_WORDS = 25
"""The most words of a brief speech: every other seat has to read it."""

Stage = Literal["note", "plan", "pick", "draft", "second_order", "refined"]


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the prompts of one decision are made from."""

    view: View
    decision: Decision
    variant: Variant
    settings: Contemplation


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages for a model, and the last turn alone, which the seat remembers with the answer."""

    messages: list[BaseMessage]
    task: str


# -- tasks -------------------------------------------------------------------------------------------


def decision_task(desk: Desk) -> str:
    """What this decision asks for, with the cues of the seat's side and the concealing hint."""
    view, table, kind = desk.view, desk.view.table, desk.decision.kind
    side, brief = view.role.side.value, desk.settings.brief
    fields: dict[str, Any] = {
        "quest": table.quest,
        "attempt": table.attempt,
        "leader": table.leader,
        "team": seats_list(table.team) if table.team else "(none)",
        "team_size": table.team_sizes[table.quest - 1],
        "required": table.fails_required[table.quest - 1],
        "card_word": "card is" if table.fails_required[table.quest - 1] == 1 else "cards are",
        "conceal": prompt(f"tasks/conceal.{side}"),
        "side_cue": "",
    }
    if kind == "speak":
        name = "discuss" if table.team else "discuss_open"
        cue = prompt(f"tasks/discuss.{side}", brief=brief)
        return prompt(f"tasks/{name}", brief=brief, **fields | {"side_cue": cue})
    if kind in ("propose", "vote"):
        cue = prompt(f"tasks/{kind}.{side}", brief=brief)
        return prompt(f"tasks/{kind}", brief=brief, **fields | {"side_cue": cue})
    return prompt(f"tasks/{kind}", **fields)


def first_order_task(desk: Desk, keys: str) -> str:
    # A brief prompt does not say again what stands in the chat above it.
    old_note = "" if desk.settings.brief and desk.settings.own_thoughts else last_note(desk.view)
    task = prompt(
        "first_order",
        role_rule="" if desk.settings.brief else _ROLE_RULE,
        length=_length_cue(desk, 20),
        old_note=f" Your last note, which may be wrong: {quoted(old_note)}." if old_note else "",
        who=who(desk),
    )
    return f"{evidence_before(desk)}{task}{_step_cue(desk)}\n{keys}"


def evidence_before(desk: Desk) -> str:
    """Exact odds, for those who are given them; near the prompt's end, for they change with every event."""
    return f"{evidence_text(desk.view)}\n" if desk.variant.bayes else ""


_ROLE_RULE = ' Give a role only where the facts make it certain, else "unknown".'


def thinks_first(desk: Desk) -> bool:
    """Whether the formulation begins with a private thought."""
    return desk.variant.think and (desk.decision.kind != "vote" or desk.settings.think_votes)


def formulation_task(desk: Desk, keys: str, *, speaks: bool) -> str:
    """The task of a decision with the two stages, private thought and public speech."""
    if not thinks_first(desk):
        return f"{evidence_before(desk)}{decision_task(desk)}\n{keys}"
    brief = desk.settings.brief
    aim = (
        "your words to the table, about seats, teams and votes"
        if brief
        else "hide your strategy behind natural words"
    )
    how = prompt(
        "formulate",
        brief=brief,
        cue=_thought_cue(desk),
        speak_cue=f' Then "speak": {aim}.{_length_cue(desk, SPOKEN_WORDS)}' if speaks else "",
        who=who(desk),
    )
    return f"{evidence_before(desk)}{decision_task(desk)}\n{how}\n{keys}"


def who(desk: Desk) -> str:
    """Seat, role and what it knows, said again at the end of a long prompt, where small models heed it."""
    role = f"seat {desk.view.seat}, {role_text(desk.view.role)} ({desk.view.role.side.value.capitalize()})"
    return " ".join([f"{role}.", *night_facts(desk.view.setup, desk.view.knowledge)])


def _length_cue(desk: Desk, words: int) -> str:
    """A brief text needs its length said: cut off by the grammar, a thought would run on into the speech."""
    return f" At most {words} words." if desk.settings.brief else ""


def _thought_cue(desk: Desk) -> str:
    words = "in at most 20 words" if desk.settings.brief else "in few words"
    if not desk.variant.step_by_step:
        return f" {words}" if desk.settings.brief else ""
    return f" step by step and {words}"


def _step_cue(desk: Desk) -> str:
    return " Go step by step, in few words." if desk.variant.step_by_step else ""


# -- the table chat ----------------------------------------------------------------------------------


def opening(desk: Desk) -> list[BaseMessage]:
    return [SystemMessage(rules_card(desk.view.setup, with_examples=desk.settings.brief))]


def table_prompt(desk: Desk, task: str, *, reminds: bool = True) -> Prompt:
    """The table chat up to now, ending with a task.

    Args:
        reminds: Whether a player without own thoughts is told what the paper lets him remember.
    """
    if reminds and not desk.settings.own_thoughts:
        task = _paper_memory(desk) + task
    history = desk.settings.history
    if history == "full" and _estimated_tokens(desk) > desk.settings.history_tokens:
        history = "summary"
    if history == "full":
        return _grown_prompt(
            desk, task, desk.view.events, since=1, parts=[seat_sheet(desk.view, brief=desk.settings.brief)]
        )
    quest = desk.view.table.quest
    parts = [seat_sheet(desk.view, brief=desk.settings.brief)]
    for past in range(1, quest):
        parts.extend(past_quest_lines(desk.view.table, past, with_votes=history == "summary"))
    events = [event for event in desk.view.events if event.quest == quest or event.type in _LASTING]
    return _grown_prompt(desk, task, events, since=quest, parts=parts)


def _grown_prompt(desk: Desk, task: str, events: Sequence[Event], *, since: int, parts: list[str]) -> Prompt:
    """Public events fill the user's turns, the seat's own earlier answers are the assistant's."""
    messages = opening(desk)
    heard: list[Event] = []

    def close_turn(turn_task: str) -> str:
        news = told(heard, desk.view.seat)
        text = "\n".join([*parts, *([news] if news else []), turn_task])
        parts.clear()
        heard.clear()
        return text

    for event in events:
        if event.type in ("note", "draft") and event.quest >= since:
            if desk.settings.own_thoughts and event.data["chat"] == "table":
                messages += [HumanMessage(close_turn(event.data["task"])), AIMessage(event.data["raw"])]
        elif event.type not in _PRIVATE_ELSEWHERE:
            heard.append(event)
    messages.append(HumanMessage(close_turn(task)))
    return Prompt(messages, task)


_LASTING = frozenset({"lady", "lady_answer", "shot"})
"""What is told once and matters to the end, whatever else of its quest is left out."""

_PRIVATE_ELSEWHERE = frozenset(
    {"note", "draft", "second_order", "thought", "probe", "fallback", "header", "knowledge"}
)


def _paper_memory(desk: Desk) -> str:
    """The last note and, at a vote, the thought and words on this team: as much as the paper feeds back."""
    lines = []
    note = last_note(desk.view)
    if note and desk.variant.first_order and desk.view.table.quest >= 2:
        lines.append(f"Your latest note: {quoted(note)}")
    if desk.decision.kind == "vote":
        spoken = _last_words(desk.view)
        if spoken:
            lines.append(
                f"On this team you thought {quoted(spoken['think'])} and said {quoted(spoken['speak'])}."
            )
    return "".join(f"{line}\n" for line in lines)


def last_note(view: View) -> str:
    """The summary of the seat's latest first-order note; empty before the first."""
    for event in reversed(view.events):
        if event.type == "note":
            return str(event.data["summary"])
    return ""


def _last_words(view: View) -> Mapping[str, Any] | None:
    """The final thought and speech of this seat on the team now on the table."""
    for event in reversed(view.events):
        if (event.quest, event.attempt) != (view.table.quest, view.table.attempt):
            return None
        if event.type in ("thought", "draft") and event.data["speak"]:
            words: Mapping[str, Any] = event.data
            return words
    return None


def _estimated_tokens(desk: Desk) -> int:
    """A cautious guess: four characters a token of English, and the talk of a table is English."""
    total = len(rules_card(desk.view.setup, with_examples=desk.settings.brief)) + len(
        seat_sheet(desk.view, brief=desk.settings.brief)
    )
    for event in desk.view.events:
        if event.type == "speech":
            total += len(event.data["text"]) + 30
        elif event.type in ("note", "draft"):
            total += len(event.data["raw"]) + len(event.data["task"])
        else:
            total += 60
    return total // 4


# -- the reader's chat -------------------------------------------------------------------------------


def _reader_opening(desk: Desk) -> str:
    window = desk.view.table.quest if desk.settings.history == "quest_window" else 1
    lasting = told((event for event in desk.view.events if event.type in _LASTING), desk.view.seat)
    parts = [
        seat_sheet(desk.view, brief=desk.settings.brief),
        state_text(desk.view.table, votes_since=window),
        lasting,
    ]
    return "\n".join(filter(None, parts))


def second_order_prompt(desk: Desk, speech: str, keys: str, role: Role | None = None) -> Prompt:
    """Ask how the others (or one of them) would read the draft: it sees neither thought nor talk."""
    draft = quoted(speech)
    length = _length_cue(desk, 10)
    task = (
        prompt("second_order", draft=draft, length=length)
        if role is None
        else prompt("second_order_one", draft=draft, length=length, role=role_text(role))
    )
    task = f"{task}\n{keys}"
    return Prompt([*opening(desk), HumanMessage(f"{_reader_opening(desk)}\n{task}")], task)


@dataclass(frozen=True, slots=True)
class Readings:
    """What second-order contemplation found; `raw` and `task` let the same chat go on."""

    lines: tuple[str, ...]
    raw: str = ""
    task: str = ""


def refine_prompt(
    desk: Desk, *, thought: str, speech: str, choice: str, readings: Readings | None, keys: str
) -> Prompt:
    """Ask for the better version; continues the reader's chat where there is one to continue."""
    messages = opening(desk)
    start = _reader_opening(desk)
    found = ""
    if readings is not None and readings.raw:
        messages += [HumanMessage(f"{start}\n{readings.task}"), AIMessage(readings.raw)]
        start = ""
    elif readings is not None:
        found = "How others would read your draft:\n" + "\n".join(readings.lines) + "\n"
    shown = [f"Your thought was: {quoted(thought)}"] if thought else []
    if choice:
        shown.append(f"Your choice was: {choice}.")
    if speech and not (readings is not None and readings.raw):
        shown.append(f"Your draft speech is: {quoted(speech)}")
    task = prompt(
        "refine",
        readings=found,
        thought="".join(f"{line}\n" for line in shown),
        tendency=_tendency(desk),
        # The draft tells what was asked; a brief prompt does not say it twice.
        task="" if desk.settings.brief else decision_task(desk),
        cue=f"{_step_cue(desk)}{_length_cue(desk, SPOKEN_WORDS)}",
    )
    task = f"{evidence_before(desk)}{task}\n{keys}"
    messages.append(HumanMessage(f"{start}\n{task}" if start else task))
    return Prompt(messages, task)


def read_and_refine_prompt(desk: Desk, *, speech: str, choice: str, keys: str) -> Prompt:
    """Ask for readings and the better version in one answer, right after the draft in the table chat.

    It spares a small model's processor the reader's chat; the price is that the imagined readers are not
    kept from the thought and the talk.
    """
    draft = f"Your draft is {quoted(speech)}{f', your choice {choice}' if choice else ''}.\n"
    task = prompt(
        "read_and_refine",
        draft="" if desk.settings.own_thoughts else draft,
        tendency=_tendency(desk),
        cue=_length_cue(desk, SPOKEN_WORDS),
    )
    return table_prompt(desk, f"{task}\n{keys}", reminds=False)


def mend_prompt(desk: Desk, *, speech: str, findings: Sequence[str], keys: str) -> Prompt:
    """Ask for a speech anew of which a check has found that it gives the speaker away."""
    found = "\n".join(f"- {harmless(finding)}" for finding in findings)
    task = prompt("mend", draft=quoted(speech), findings=found, tendency=_tendency(desk))
    task = f"{task}\n{keys}"
    return Prompt([*opening(desk), HumanMessage(f"{_reader_opening(desk)}\n{task}")], task)


def _tendency(desk: Desk) -> str:
    if desk.view.role.side is Side.GOOD:
        return "A Good speech should lead to successful quests."
    return "An Evil speech should lead to failed quests, and must sound Good."


def pick_prompt(desk: Desk, what: str, options: Sequence[str], keys: str) -> Prompt:
    """Tree of thoughts: choose among numbered plans or speeches."""
    numbered = "\n".join(f"{number}. {quoted(option)}" for number, option in enumerate(options, start=1))
    task = prompt("pick", count=len(options), what=what, options=numbered)
    return table_prompt(desk, f"{decision_task(desk)}\n{task}\n{keys}")
