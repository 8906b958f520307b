"""What stands beside the speeches: who sits where, every vote, and who believes what. Pure texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from agents.cli.table_lines import Show
from agents.cli.table_text import (
    EVIL_STYLE,
    GOOD_STYLE,
    UNICODE_SIGNS,
    knowledge_in_words,
    plain,
    quest_track,
    role_title,
    seat_list,
    side_style,
)
from games.avalon.events import Event
from games.avalon.knowledge import Knowledge, knowledge_from_json
from games.avalon.roles import Role, Side
from games.avalon.setup import MAX_ATTEMPTS, Setup
from games.avalon.table import Proposal, Table

_NAME_CELLS = 7
_SHADES = ("", "on #3a2326", "on #5b2a30", "on #8a3a42")  # darker to brighter red, beside the figure


@dataclass(frozen=True, slots=True)
class Known:
    """What the watcher knows of the roles at a moment."""

    roles: Mapping[int, Role]
    nights: Mapping[int, Knowledge]


def known_roles(events: Sequence[Event], show: Show) -> Known:
    """Read what the events that the watcher sees have told."""
    roles: dict[int, Role] = {}
    nights: dict[int, Knowledge] = {}
    for event in events:
        match event.type:
            case "deal" | "end":
                roles = {int(seat): Role(role) for seat, role in event.data["roles"].items()}
            case "knowledge" if event.seat is not None:
                night = knowledge_from_json(event.seat, event.data)
                nights[event.seat] = night
                if event.seat == show:
                    roles = {**night.known_roles, event.seat: night.role}
            case _:
                pass
    return Known(roles, nights)


def quest_line(setup: Setup, table: Table) -> Text:
    """The track, the score and whose proposal it is, in a line."""
    results = {result.quest: result.success for result in table.quests}
    ended = table.ending is not None
    line = Text(" ").append_text(quest_track(setup, results, None if ended else table.quest))
    line.append(f"  Good {table.successes}  Evil {table.fails}", style="bold")
    if table.ending is not None:
        winner = table.ending.winner
        return line.append(f"  {winner.value.capitalize()} wins", style=f"bold {side_style(winner)}")
    if table.quest:
        line.append(f"  proposal {table.attempt}/{MAX_ATTEMPTS}, leader {table.leader}")
    if table.team:
        line.append(f", team {seat_list(table.team)}")
    return line


def seats_panel(setup: Setup, table: Table, names: Mapping[int, str], known: Known, show: Show) -> Text:
    """A line a seat: whose turn, name, role where known, leader, team, latest vote."""
    last = table.proposals[-1] if table.proposals else None
    if last is not None and (last.quest, last.attempt) != (table.quest, table.attempt):
        last = None
    lines = []
    for seat in setup.seats:
        turn = "▸" if seat in table.waiting_for else " "
        line = Text(f"{turn}{seat:>2} ", style="bold" if seat == show else "")
        line.append(plain(names.get(seat, "?"))[:_NAME_CELLS].ljust(_NAME_CELLS))
        line.append(" ")
        line.append("L" if seat == table.leader and table.ending is None else " ", style="bold")
        line.append("T" if table.team and seat in table.team else " ", style="bold")
        line.append_text(_vote_sign(last, seat))
        line.append(" ")
        if seat in known.roles:
            role = known.roles[seat]
            sign = UNICODE_SIGNS.evil if role.side is Side.EVIL else UNICODE_SIGNS.good
            line.append(f"{sign} {_short_title(role)}", style=side_style(role.side))
        lines.append(line)
    lines += [Text(), Text("L leads, T team, ▸ to act", style="dim")]
    night = known.nights.get(show) if isinstance(show, int) else None
    if night is not None:
        told = knowledge_in_words(night) or "nothing of the others"
        lines.append(Text(f"You know {told}.", style="italic"))
    for holder, target in zip(table.lady_holders, table.lady_holders[1:], strict=False):
        lines.append(Text(f"The Lady: {holder} looked at {target}"))
    return Text("\n").join(lines)


def _short_title(role: Role) -> str:
    """The last word of a role's title."""
    return role_title(role).split()[-1]


def _vote_sign(proposal: Proposal | None, seat: int) -> Text:
    if proposal is None or seat not in proposal.votes:
        return Text(" ")
    return _yes() if proposal.votes[seat] else _no()


def _yes() -> Text:
    return Text(UNICODE_SIGNS.yes, style=GOOD_STYLE)


def _no() -> Text:
    return Text(UNICODE_SIGNS.no, style=EVIL_STYLE)


def votes_panel(setup: Setup, table: Table) -> Text:
    """A line a proposal, the latest first, a column a seat, and what came of each quest."""
    quests = {(result.quest, result.attempt): result for result in table.quests}
    lines = [Text("     " + "".join(str(seat % 10) for seat in setup.seats) + " leader: team", style="dim")]
    for proposal in reversed(table.proposals):
        result = quests.get((proposal.quest, proposal.attempt))
        if result is not None:
            outcome = "SUCCESS" if result.success else f"FAILURE, {result.fails} fail"
            style = GOOD_STYLE if result.success else EVIL_STYLE
            lines.append(Text(f"     quest {proposal.quest} {outcome}", style=f"bold {style}"))
        line = Text(f"{proposal.quest}.{proposal.attempt}  ")
        for seat in setup.seats:
            line.append_text(_vote_sign(proposal, seat))
        line.append(f" {proposal.leader}: {seat_list(proposal.team)}")
        line.append(" no vote" if proposal.forced else "", style="dim")
        lines.append(line)
    if not table.proposals:
        lines.append(Text("No vote yet.", style="dim"))
    return Text("\n").join(lines)


def beliefs_panel(beliefs: Mapping[int, Sequence[float]], known: Known) -> Text:
    """How likely each seat (row) takes each seat (column) for Evil, in percent."""
    if not beliefs:
        return Text("A public view holds no seat's beliefs; watch as god or a seat.", style="dim")
    seats = range(1, len(next(iter(beliefs.values()))) + 1)
    lines = [
        Text("Evil, in %, to each seat", style="dim"),
        Text("   " + "".join(f"{seat:>3}" for seat in seats)),
    ]
    for seat, chances in beliefs.items():
        line = Text(f"{seat:>2} ")
        for other, chance in zip(seats, chances, strict=True):
            percent = round(100 * chance)
            cell = "  ·" if other == seat else f"{min(percent, 99):>3}"
            line.append(cell, style="dim" if other == seat else _SHADES[min(percent // 26, 3)])
        role = known.roles.get(seat)
        if role is not None:
            line.append(f" {_short_title(role)}", style=side_style(role.side))
        lines.append(line)
    lines += [
        Text(),
        Text("Computed from what each seat", style="dim"),
        Text("saw, not asked. 99 is sure.", style="dim"),
    ]
    return Text("\n").join(lines)
