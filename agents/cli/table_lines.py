"""Every event of an Avalon game as lines of text, for one watcher.

`TableLines` remembers what headings need (setup, score, whose proposal it is) and prints nothing; the
live view prints its lines and adds what streams. Words and signs carry all meaning, colour only repeats.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rich.text import Text

from agents.cli.table_private import private_texts
from agents.cli.table_text import (
    ALARM_STYLE,
    EVIL_STYLE,
    GOOD_STYLE,
    PRIVATE_STYLE,
    REASONS,
    Signs,
    columns,
    count,
    first_lines,
    flow_text,
    good_and_evil,
    knowledge_in_words,
    night_in_words,
    plain,
    quest_track,
    role_title,
    rules_in_words,
    seat_list,
    short,
    side_style,
    side_text,
)
from games.avalon.events import AGENT_TYPES, FILE_TYPES, Event
from games.avalon.knowledge import Knowledge, knowledge_from_json
from games.avalon.roles import Role, Side
from games.avalon.setup import MAX_ATTEMPTS, Setup

Show = Literal["god", "public"] | int
WasHeard = Callable[[int, str, bool], bool]
"""Whether a seat's text has just been shown word by word, in public (True) or in private."""

BODY = "    "
MAX_NAME = 16
MAX_FALLBACK_LINES = 3

_LABEL = 9  # cells of "  Rules  " in the opening
_OPENING = frozenset({"header", "deal", "knowledge"})
_IN_AN_ATTEMPT = frozenset({"leader", "propose", "speech", "bids", "vote"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What lines are laid out for."""

    width: int
    encoding: str
    signs: Signs

    def clean(self, text: str) -> str:
        return plain(text, self.encoding)


class TableLines:
    """Turns events into lines, in the order in which they come; `names` are the agents' names by seat."""

    def __init__(self, *, show: Show, names: Mapping[int, str], page: Page) -> None:
        self.page = page
        self._show = show
        self._names = {seat: page.clean(name)[:MAX_NAME] for seat, name in names.items()}
        self._setup: Setup | None = None
        self._roles: dict[int, Role] = {}
        self._opening: list[Event] = []
        self._results: dict[int, bool] = {}
        self._attempt = (0, 0)
        self._thinking: int | None = None  # whose private texts the last lines were

    def of(self, event: Event, was_heard: WasHeard) -> list[Text]:
        """The lines that tell this event, with headings where something new begins.

        The opening (setup, deal, night) is gathered and told with the first event after it. Texts
        that `was_heard` knows are left out.
        """
        if event.type in FILE_TYPES:
            return []
        if event.type in _OPENING:
            self._opening.append(event)
            return []
        lines = self.opening()
        if event.type in _IN_AN_ATTEMPT and event.visible_to == "all":
            lines += self._new_headings(event)
        if event.type == "speech":
            return lines + (
                [] if was_heard(event.seat or 0, event.data["text"], True) else [self._speech(event)]
            )
        if event.type == "fallback":
            self._thinking = None
            return [*lines, self._fallback(event)]
        if event.type in AGENT_TYPES:
            return lines + self._private(event, was_heard)
        self._thinking = None
        return lines + self._by_the_rules(event)

    def _by_the_rules(self, event: Event) -> list[Text]:
        match event.type:
            case "propose":
                return [self._proposal(event)]
            case "bids":
                return self._bids(event.data)
            case "vote":
                return [self._vote(event.data)]
            case "card":
                return [self._cards(event.data)]
            case "quest":
                return [self._quest(event)]
            case "lady":
                return [self._lady(event.data)]
            case "lady_answer":
                return [self._lady_answer(event)]
            case "shot":
                return self._shot(event)
            case "end":
                return self._end(event.data)
            case _:
                return []  # the heading has named the leader

    # -- seats ---------------------------------------------------------------------------------------

    def seat(self, seat: int) -> Text:
        """ "3 recon", and in the god view "3 recon ◆ Morgana"."""
        label = Text(self._plain_seat(seat), style="bold")
        if seat == self._show:
            label.append(" (you)")
        elif self._show == "god" and seat in self._roles:
            role = self._roles[seat]
            sign = self.page.signs.evil if role.side is Side.EVIL else self.page.signs.good
            label.append(f" {sign} {role_title(role)}", style=f"not bold {side_style(role.side)}")
        return label

    def _plain_seat(self, seat: int) -> str:
        return f"{seat} {self._names[seat]}" if self._names.get(seat) else f"seat {seat}"

    def _without_role(self, seat: int) -> str:
        return self._plain_seat(seat) + (" (you)" if seat == self._show else "")

    def speaker(self, seat: int, addition: str = "") -> Text:
        """What stands before a speech."""
        self._thinking = None
        return Text.assemble("  ", self.seat(seat), addition, ":")

    def thinker(self, seat: int, label: str) -> Text:
        """What stands before a private text; the seat is named where its thinking begins."""
        words = f"{label}:"
        margin = self.private_margin + "  "
        if seat != self._thinking:
            self._thinking = seat
            words = f"{self._plain_seat(seat)} (private) {label}:"
            margin = self.private_margin
        return Text(margin + self.page.clean(words), style=PRIVATE_STYLE)

    @property
    def private_margin(self) -> str:
        return f"{BODY}{self.page.signs.private} "

    @property
    def private_indent(self) -> str:
        return self.private_margin + "    "

    def _running(self, heading: Text, body: str, style: str = "", indent: str = BODY) -> Text:
        page = self.page
        return flow_text(heading, body, width=page.width, indent=indent, style=style, clean=page.clean)

    def _private_line(self, words: str) -> Text:
        heading = Text(self.private_margin + "(private)", style=PRIVATE_STYLE)
        return self._running(heading, words, PRIVATE_STYLE, self.private_indent)

    def _rule(self, title: Text, line: str, style: str = "") -> Text:
        left = Text.assemble((line * 2, style), " ", title, " ")
        return left.append(line * max(self.page.width - left.cell_len, 2), style=style)

    # -- the opening ---------------------------------------------------------------------------------

    def opening(self) -> list[Text]:
        """The setup, the seats, and what the watcher knows of the night; nothing a second time."""
        opening, self._opening = self._opening, []
        if not opening:
            return []
        nights: dict[int, Knowledge] = {}
        for event in opening:
            match event.type:
                case "header":
                    self._setup = Setup.from_json(event.data["setup"])
                case "deal":
                    self._roles = {int(seat): Role(role) for seat, role in event.data["roles"].items()}
                case "knowledge" if event.seat is not None:
                    knowledge = knowledge_from_json(event.seat, event.data)
                    self._roles.setdefault(event.seat, knowledge.role)
                    nights[event.seat] = knowledge
        lines = self._table(self._setup) if self._setup is not None else []
        if self._show == "god" and self._roles:
            known = {seat: knowledge_in_words(night) for seat, night in nights.items()}
            return [*lines, Text(), *self._who_is_who("Knows", known)]
        seats = self._setup.seats if self._setup is not None else sorted(self._names)
        lines.append(self._entry("Seats", self._who_sits_where(seats)))
        return lines + [self._entry("You", night_in_words(night)) for night in nights.values()]

    def _who_sits_where(self, seats: Iterable[int]) -> str:
        """ "you at 3, recon at 1 2, cot at 4 5 6"."""
        seats_of: dict[str, list[int]] = {}
        for seat in seats:
            name = "you" if seat == self._show else self._names.get(seat, "unnamed")
            seats_of.setdefault(name, []).append(seat)
        return ", ".join(f"{name} at {seat_list(taken)}" for name, taken in seats_of.items())

    def _entry(self, label: str, body: str, style: str = "bold") -> Text:
        heading = Text(f"  {label}".ljust(_LABEL - 1), style=style)
        return self._running(heading, body, indent=" " * _LABEL)

    def _table(self, setup: Setup) -> list[Text]:
        good, evil = good_and_evil(setup.roles)
        title = f"The Resistance: Avalon, {setup.num_players} players ({self.page.clean(setup.name)})"
        track = Text.assemble(("  Teams".ljust(_LABEL), "bold"), quest_track(setup, {}))
        if max(setup.all_fails_required) > 1:
            track.append("  * fails only with two fail cards")
        return [
            self._rule(Text(title, style="bold"), self.page.signs.thick_line, "bold"),
            self._entry("Good", good, GOOD_STYLE),
            self._entry("Evil", evil, EVIL_STYLE),
            track,
            self._entry("Rules", "; ".join(rules_in_words(setup.rules)) + "."),
        ]

    def _who_is_who(self, last_column: str, last_cells: Mapping[int, str]) -> list[Text]:
        rows = [[Text(word, style="bold") for word in ("Seat", "Player", "Role", "Side", last_column)]]
        for seat, role in sorted(self._roles.items()):
            player = self._names.get(seat, "-") + (" (you)" if seat == self._show else "")
            title = Text(role_title(role), style=side_style(role.side))
            side = side_text(role.side, self.page.signs)
            rows.append([Text(str(seat)), Text(player), title, side, Text(last_cells.get(seat, ""))])
        return columns(rows)

    # -- quests and proposals ------------------------------------------------------------------------

    def _new_headings(self, event: Event) -> list[Text]:
        if (event.quest, event.attempt) == self._attempt:
            return []
        is_new_quest = event.quest != self._attempt[0]
        self._attempt = (event.quest, event.attempt)
        lines: list[Text] = []
        if is_new_quest:
            title = Text(f"Quest {event.quest}", style="bold")
            if self._setup is not None:
                title.append("  ").append_text(quest_track(self._setup, self._results, event.quest))
            lines += [Text(), self._rule(title, self.page.signs.thick_line, "bold")]
        else:
            lines.append(Text())
        heading = Text(f"Proposal {event.attempt} of {MAX_ATTEMPTS}")
        if event.type in ("leader", "propose") and event.seat is not None:
            heading.append(", led by ").append_text(self.seat(event.seat))
        if event.attempt == MAX_ATTEMPTS and self._setup and self._setup.rules.hammer_rule == "evil_wins":
            heading.append(", the last one", style=ALARM_STYLE)
        return [*lines, self._rule(heading, self.page.signs.thin_line)]

    def _proposal(self, event: Event) -> Text:
        verb = "proposes" if event.data.get("final", True) else "thinks of"
        team = seat_list(event.data["team"])
        return Text.assemble("  ", self.seat(event.seat or 0), f" {verb} the team ", (team, "bold"))

    def _speech(self, event: Event) -> Text:
        is_public = event.visible_to == "all"
        style = "" if is_public else PRIVATE_STYLE
        addition = "" if is_public else " (private, among Evil)"
        seat, text = event.seat or 0, event.data["text"]
        if not self.page.clean(text):
            return Text.assemble("  ", self.seat(seat), (f"{addition} says nothing.", PRIVATE_STYLE))
        return self._running(self.speaker(seat, addition), text, style)

    def _bids(self, data: Mapping[str, Any]) -> list[Text]:
        bids = [f"{seat} bids {bid}" for seat, bid in data["bids"].items() if bid]
        if len(bids) < 2:
            return []  # a single bidder speaks next, and none at all ends the talk
        told = f"{', '.join(bids)}; seat {data['speaker']} has the floor"
        return [self._running(Text("  Floor ", style=PRIVATE_STYLE), told, PRIVATE_STYLE, " " * _LABEL)]

    def _vote(self, data: Mapping[str, Any]) -> Text:
        label = Text("  Vote   ", style="bold")
        if not data["votes"]:
            return Text.assemble(label, "none: by the rules of this table the team goes.")
        signs = self.page.signs
        approving = [int(seat) for seat, approves in data["votes"].items() if approves]
        rejecting = [int(seat) for seat, approves in data["votes"].items() if not approves]
        return Text.assemble(
            label,
            f"{signs.yes} approve {seat_list(approving)}   {signs.no} reject {seat_list(rejecting)}   ",
            f"{len(approving)} to {len(rejecting)}, ",
            ("approved" if data["approved"] else "rejected", "bold"),
        )

    def _cards(self, data: Mapping[str, Any]) -> Text:
        played = ", ".join(f"{seat} {'FAIL' if fail else 'success'}" for seat, fail in data["cards"].items())
        return self._private_line(f"cards: {played}")

    def _quest(self, event: Event) -> Text:
        data, signs = event.data, self.page.signs
        success = bool(data["success"])
        self._results[event.quest] = success
        outcome = f"{signs.yes} SUCCESS" if success else f"{signs.no} FAILURE"
        needed = f" ({data['required']} needed)" if data["required"] > 1 else ""
        successes = sum(self._results.values())
        return Text.assemble(
            ("  Quest  ", "bold"),
            (outcome, f"bold {GOOD_STYLE if success else EVIL_STYLE}"),
            f"   {count(data['fails'], 'fail card')}{needed}, team {seat_list(data['team'])}",
            f"   Good {successes}, Evil {len(self._results) - successes}",
        )

    # -- the Lady, the shot, the end -----------------------------------------------------------------

    def _lady(self, data: Mapping[str, Any]) -> Text:
        holder, target = self._without_role(data["holder"]), self._without_role(data["target"])
        return Text.assemble(("  Lady   ", "bold"), holder, " looks at ", target)

    def _lady_answer(self, event: Event) -> Text:
        side = side_text(Side(event.data["side"]), self.page.signs).plain
        return self._private_line(f"seat {event.seat} learns that seat {event.data['target']} is {side}")

    def _shot(self, event: Event) -> list[Text]:
        seat, target, signs = event.seat or 0, event.data["target"], self.page.signs
        if target is None:
            return [self._private_line(f"seat {seat} holds fire")]
        outcome = f"{signs.yes} this is Merlin" if event.data["hit"] else f"{signs.no} this is not Merlin"
        names = f"{self._without_role(seat)} takes {self._without_role(target)} for Merlin"
        return [
            Text(),
            Text.assemble(("  Shot   ", "bold"), names),
            Text(" " * _LABEL + outcome, style="bold"),
        ]

    def _end(self, data: Mapping[str, Any]) -> list[Text]:
        winner = Side(data["winner"])
        style = f"bold {side_style(winner)}"
        self._roles = {int(seat): Role(role) for seat, role in data["roles"].items()}
        fates = {seat: "won" if role.side is winner else "lost" for seat, role in self._roles.items()}
        title = Text(f"{winner.value.capitalize()} wins", style=style)
        if self._setup is not None:
            title.append("  ").append_text(quest_track(self._setup, self._results))
        because = REASONS.get(data["reason"], data["reason"])
        return [
            Text(),
            self._rule(title, self.page.signs.thick_line, style),
            Text(f"  {because[0].upper()}{because[1:]}."),
            Text(),
            *self._who_is_who("", fates),
        ]

    # -- what agents keep to themselves --------------------------------------------------------------

    def _private(self, event: Event, was_heard: WasHeard) -> list[Text]:
        seat = event.seat or 0
        lines: list[Text] = []
        for told in private_texts(event):
            if was_heard(seat, told.text, False):
                continue
            heading = self.thinker(seat, told.label)
            whole = self._running(heading, told.text, PRIVATE_STYLE, self.private_indent)
            lines.append(self._cut(whole, told.max_lines))
        return lines

    def _cut(self, told: Text, max_lines: int) -> Text:
        return first_lines(told, max_lines, width=self.page.width, more=self.page.signs.more)

    def _fallback(self, event: Event) -> Text:
        decision, reason = event.data.get("decision"), event.data.get("reason")
        asked = f"to {short(decision)}" if decision is not None else "here"
        because = f": {short(reason)}" if reason is not None else "."
        who = f"  {self.page.signs.alarm} {self._plain_seat(event.seat or 0)} gave no usable answer"
        told = f"{asked}, a legal move stands for it{because}"
        line = self._running(Text(who, style=ALARM_STYLE), told, ALARM_STYLE)
        return self._cut(line, MAX_FALLBACK_LINES)
