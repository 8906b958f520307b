"""A seat's view in words: the rules card, the seat's own sheet, the record, and what was said.

Everything is read out of a `View` or its events, so no prompt can hold what the seat may not see.
Facts and talk travel in different channels: facts on lines that begin with RECORD, speeches as JSON
strings inside <talk>, where they can neither close the block nor pass for a fact or an instruction.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from agents.recon.prompt_files import prompt
from games.avalon.events import Event
from games.avalon.knowledge import Knowledge
from games.avalon.roles import Role, Side
from games.avalon.setup import Setup
from games.avalon.table import Proposal, Table
from games.avalon.talk import MAX_SPEECH
from games.avalon.view import View

# -- the card that every seat shares -----------------------------------------------------------------


@cache
def rules_card(setup: Setup, *, with_examples: bool) -> str:
    """The rules of this very game; the same text for every seat, so that a prompt cache can share it.

    Small models need examples of a speech: without them they recite their instructions.
    """
    rules = setup.rules
    doubles = [quest for quest in range(1, 6) if setup.fails_required(quest) == 2]
    return prompt(
        "rules_card",
        num_players=setup.num_players,
        cast=cast_text(setup.roles),
        role_lines="\n".join(f"- {line}" for line in role_lines(setup)),
        team_sizes=", ".join(str(size) for size in setup.team_sizes),
        talk_rule=_TALK_RULES[rules.talk],
        hammer_rule=_HAMMER_RULES[rules.hammer_rule],
        fail_rule=(
            f"One fail ruins a quest, but quest {doubles[0]} needs two."
            if doubles
            else "One fail ruins a quest."
        ),
        examples=f"\n{prompt('examples')}" if with_examples else "",
        shot_rule=(", unless the Assassin then names Merlin" if Role.MERLIN in setup.roles else ""),
    )


_TALK_RULES = {
    "none": "nobody speaks",
    "round_robin": "the others speak in turn",
    "leader_first_then_all": "before that the leader and then the others speak in turn",
    "tentative_then_final": "the others speak in turn, and the leader may change the team",
    "bid": "then those speak who want to most",
}
_HAMMER_RULES = {
    "evil_wins": "If five proposals in a row are rejected, Evil wins at once.",
    "auto_approve_5": "The fifth proposal of a quest goes without a vote.",
    "auto_approve_4_silent": "The fourth proposal of a quest goes without talk or vote.",
}


def cast_text(roles: Iterable[Role]) -> str:
    """Roles with their counts, Good first, in an order that says nothing about seats."""
    counts = Counter(roles)
    ordered = [role for role in Role if role in counts]
    good = [role_text(role, counts[role]) for role in ordered if role.side is Side.GOOD]
    evil = [role_text(role, counts[role]) for role in ordered if role.side is Side.EVIL]
    return f"{', '.join(good)} (Good); {', '.join(evil)} (Evil)"


def role_text(role: Role, count: int = 1) -> str:
    return role.value.capitalize() if count == 1 else f"{count} {role.value.capitalize()}s"


def role_lines(setup: Setup) -> list[str]:
    """What each role in play knows and is for, one line a role."""
    present = set(setup.roles)
    unseen = [
        role for role in (Role.MORDRED, Role.OBERON) if role in present and _hidden_from_merlin(role, setup)
    ]
    but = f" except {' and '.join(role_text(role) for role in unseen)}" if unseen else ""
    evil_mates = " except Oberon" if Role.OBERON in present else ""
    lines = {
        Role.MERLIN: f"Merlin (Good) knows who is Evil{but}, and must stay hidden.",
        Role.PERCIVAL: (
            "Percival (Good) knows two seats, one is Merlin and one Morgana, not which."
            if Role.MORGANA in present
            else "Percival (Good) knows who is Merlin."
        ),
        Role.SERVANT: "Servant (Good) knows nothing.",
        Role.ASSASSIN: "Assassin (Evil) names Merlin at the end.",
        Role.MORGANA: "Morgana (Evil) shows herself to Percival as if she were Merlin.",
        Role.MORDRED: "Mordred (Evil) is not seen by Merlin.",
        Role.OBERON: "Oberon (Evil) does not know the other Evil seats, nor they him.",
        Role.MINION: "Minion (Evil).",
    }
    return [*(lines[role] for role in Role if role in present), f"Evil seats know each other{evil_mates}."]


def _hidden_from_merlin(role: Role, setup: Setup) -> bool:
    return role is Role.MORDRED or not setup.rules.merlin_sees_oberon


# -- what one seat knows -----------------------------------------------------------------------------


def seat_sheet(view: View, *, brief: bool) -> str:
    """Who this seat is and what the night told it: the plain hint. Seats are listed in table order."""
    head = (
        f"YOU are seat {view.seat}. Your role: {role_text(view.role)} ({view.role.side.value.capitalize()})."
    )
    advice = prompt(f"roles/{view.role.value}", brief=brief)
    return " ".join([head, *night_facts(view.setup, view.knowledge), advice])


def night_facts(setup: Setup, known: Knowledge) -> list[str]:
    """What the night told a seat, a sentence a fact."""
    facts = []
    if known.role is Role.MERLIN and known.evil is not None:
        facts.append(f"You know that {seats_text(known.evil)} {_be(known.evil)} Evil.")
    elif known.evil is not None:
        mates = known.evil - {known.seat}
        facts.append(
            f"Your Evil {'partner is' if len(mates) == 1 else 'partners are'} {seats_text(mates)}."
            if mates
            else "You see no Evil partner."
        )
    if known.merlin_candidates:
        pair = seats_text(known.merlin_candidates)
        facts.append(
            f"Of {pair} one is Merlin and one is Morgana."
            if len(known.merlin_candidates) == 2
            else f"Merlin is {pair}."
        )
    exact = {seat: role for seat, role in known.known_roles.items() if seat != known.seat}
    facts.extend(f"Seat {seat} is {role_text(role)}." for seat, role in sorted(exact.items()))
    return facts


def _be(seats: Iterable[int]) -> str:
    return "is" if len(list(seats)) == 1 else "are"


def seats_text(seats: Iterable[int]) -> str:
    """ "seat 2", "seats 2 and 5", "seats 1, 3 and 4", always in table order."""
    ordered = [str(seat) for seat in sorted(seats)]
    if len(ordered) == 1:
        return f"seat {ordered[0]}"
    return f"seats {', '.join(ordered[:-1])} and {ordered[-1]}"


# -- what happened -----------------------------------------------------------------------------------


def told(events: Iterable[Event], seat: int) -> str:
    """Public events, and what only this seat was told, as RECORD lines and <talk> blocks, in order."""
    lines: list[str] = []
    talk: list[str] = []

    def close_talk() -> None:
        if talk:
            lines.extend(["<talk>", *talk, "</talk>"])
            talk.clear()

    for event in events:
        if event.type == "speech":
            talk.append(speech_line(event, seat))
            continue
        fact = _fact(event)
        if fact:
            close_talk()
            lines.append(f"RECORD {fact}")
    close_talk()
    return "\n".join(lines)


def speech_line(event: Event, seat: int) -> str:
    """One speech as one line of JSON."""
    who = "you" if event.seat == seat else event.seat
    spoken = {"seat": who, "says": harmless(event.data["text"][:MAX_SPEECH])}
    if event.visible_to != "all":
        spoken["only_to"] = "Evil"
    return _one_line(spoken)


_HEADER = re.compile(
    r"\b(RECORD|EVIDENCE|TASK|SYSTEM|VOICEOVER|MODERATOR|REVISED|THINK|SPEAK|END"
    r"|YOU ANSWER|YOU READ|YOU ARE)\b"
)


def harmless(text: str) -> str:
    """A player's text without the marks that prompts use: tags lose their brackets, headers their capitals.

    What is said stays readable word for word; lying is legal play and is not touched.
    """
    plain = text.replace("<", "‹").replace(">", "›").replace("```", "'''")
    return _HEADER.sub(lambda found: found.group(0).lower(), plain)


def quoted(text: str) -> str:
    """A text from a player as one JSON string, which nothing inside can end."""
    return _one_line(harmless(text))


_LINE_BREAKS = {0x85: r"\u0085", 0x2028: r"\u2028", 0x2029: r"\u2029"}
"""Characters that end a line for some readers and that JSON lets stand."""


def _one_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_LINE_BREAKS)


def _fact(event: Event) -> str:
    data = event.data
    match event.type:
        case "leader":
            return f"Quest {event.quest}, proposal {event.attempt}: seat {data['leader']} leads."
        case "propose":
            kind = "proposes" if data["final"] else "thinks of"
            return f"Seat {event.seat} {kind} the team {seats_list(data['team'])}."
        case "vote":
            return vote_text(
                {int(seat): approve for seat, approve in data["votes"].items()}, data["approved"]
            )
        case "quest":
            outcome = "succeeds" if data["success"] else "FAILS"
            return f"Quest {event.quest} with {seats_list(data['team'])} {outcome}: {data['fails']} fail."
        case "lady":
            return f"Seat {data['holder']} used the Lady of the Lake on seat {data['target']}."
        case "lady_answer":
            return f"The Lady tells you alone: seat {data['target']} is {data['side'].capitalize()}."
        case "shot":
            if data["target"] is None:
                return "The Assassin keeps the shot for later."
            outcome = "hit" if data["hit"] else "missed"
            return f"Seat {event.seat} named seat {data['target']} as Merlin and {outcome}."
        case _:
            return (
                ""  # setup and private facts stand in the card and the sheet; bids would only tire the reader
            )


def seats_list(seats: Sequence[int]) -> str:
    return ",".join(str(seat) for seat in sorted(seats))


def vote_text(votes: dict[int, bool], approved: bool) -> str:
    if not votes:
        return "The team goes without a vote."
    for_it = seats_list([seat for seat, approve in votes.items() if approve]) or "nobody"
    against = seats_list([seat for seat, approve in votes.items() if not approve]) or "nobody"
    return f"Vote: {for_it} approve, {against} reject: {'approved' if approved else 'rejected'}."


# -- how things stand --------------------------------------------------------------------------------


def state_text(table: Table, *, votes_since: int = 1) -> str:
    """The public state P_t: what came of each quest, with votes from a quest on, and where the game stands.

    What changes from one decision to the next stands last, so that a prompt cache keeps the rest.
    """
    lines = []
    for quest in range(1, table.quest + 1):
        lines.extend(past_quest_lines(table, quest, with_votes=quest >= votes_since))
    lines.append(
        f"RECORD Quest {table.quest}, proposal {table.attempt}, leader seat {table.leader}. "
        f"Successes {table.successes}, failures {table.fails}."
    )
    if table.team is not None:
        lines.append(f"RECORD On the table: the team {seats_list(table.team)} of seat {table.leader}.")
    return "\n".join(lines)


def past_quest_lines(table: Table, quest: int, *, with_votes: bool) -> list[str]:
    """The proposals (if asked for) and the outcome of one quest as RECORD lines."""
    lines: list[str] = []
    if with_votes:
        lines.extend(_proposal_line(proposal) for proposal in table.proposals if proposal.quest == quest)
    for result in table.quests:
        if result.quest == quest:
            outcome = "succeeded" if result.success else "FAILED"
            lines.append(
                f"RECORD Quest {quest} with {seats_list(result.team)}, led by seat {result.leader}, "
                f"{outcome}: {result.fails} fail."
            )
    return lines


def _proposal_line(proposal: Proposal) -> str:
    team = seats_list(proposal.team)
    return (
        f"RECORD Quest {proposal.quest}, proposal {proposal.attempt}: seat {proposal.leader} named {team}. "
        + vote_text(dict(proposal.votes), proposal.approved)
    )
