"""The words, signs and line breaks that the Avalon table is shown with.

Whatever a player wrote is data: it is cleaned of everything that could move a cursor, reorder letters
or pass for markup before it is laid out. `Flow` breaks a text into lines word by word, so that a
speech looks the same whether it arrives at once or in small pieces.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from rich.cells import cell_len, chop_cells
from rich.text import Text

from games.avalon.knowledge import Knowledge
from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import Rules, Setup

GOOD_STYLE = "cyan"
EVIL_STYLE = "red"
PRIVATE_STYLE = "dim"
ALARM_STYLE = "yellow"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """Marks that say without colour what colour would say."""

    good: str
    evil: str
    yes: str
    no: str
    thick_line: str
    thin_line: str
    private: str
    alarm: str
    more: str
    dot: str


UNICODE_SIGNS = Signs(
    good="◇",
    evil="◆",
    yes="✓",
    no="✗",
    thick_line="━",
    thin_line="─",
    private="┊",
    alarm="!",
    more="…",
    dot="·",
)
ASCII_SIGNS = Signs(
    good="+",
    evil="*",
    yes="+",
    no="-",
    thick_line="=",
    thin_line="-",
    private=":",
    alarm="!",
    more="...",
    dot="|",
)


def signs_for(encoding: str) -> Signs:
    """The finest signs that this text encoding can write."""
    return UNICODE_SIGNS if is_encodable("".join(_values(UNICODE_SIGNS)), encoding) else ASCII_SIGNS


def _values(signs: Signs) -> list[str]:
    return [getattr(signs, field.name) for field in fields(signs)]


def is_encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


# ECMA-48 control sequences, operating system commands, two-character escapes; none goes beyond a space,
# so that a text is cleaned alike in whole and word by word.
_ESCAPE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[!-/]*[@-~]|\x1b\][^\s\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[!-/]*[0-~]")


def plain(text: str, encoding: str = "utf-8") -> str:
    """One line of visible characters: no escapes, no control, reordering or invisible characters."""
    kept = (
        " " if character.isspace() else character for character in _ESCAPE.sub("", text) if _shows(character)
    )
    return " ".join("".join(kept).split()).encode(encoding, "replace").decode(encoding)


def _shows(character: str) -> bool:
    # Cc control, Cf bidi overrides and other invisible marks, Cs lone surrogates, Co and Cn no character.
    return character.isspace() or unicodedata.category(character)[0] != "C"


def same_words(one: str, other: str) -> bool:
    """Whether two texts show the same words (the rules clean and trim a speech before they record it)."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join("".join(character for character in text if _shows(character)).split())


class Flow:
    """Breaks a growing text into lines of `width` cells; every new line begins with `indent`.

    What `feed` and `finish` answer is to be printed at once, behind a heading `column` cells wide.
    """

    def __init__(self, *, width: int, indent: str, column: int, clean: Callable[[str], str] = plain) -> None:
        self._width = max(width, cell_len(indent) + 8)  # a very narrow window scrolls rather than breaks
        self._indent = indent
        self._column = column
        self._clean = clean
        self._unfinished_word = ""

    def feed(self, piece: str) -> str:
        """Take more text; a word is laid out when the space behind it has come."""
        text = self._unfinished_word + piece
        end = max((place + 1 for place, character in enumerate(text) if character.isspace()), default=0)
        self._unfinished_word = text[end:]
        return self._lay_out(text[:end])

    def finish(self) -> str:
        """Lay out the last word."""
        text, self._unfinished_word = self._unfinished_word, ""
        return self._lay_out(text)

    def _lay_out(self, text: str) -> str:
        room = self._width - cell_len(self._indent)
        laid: list[str] = []
        for word in self._clean(text).split():
            for part in [word] if cell_len(word) <= room else chop_cells(word, room):
                laid += (self._gap_before(part), part)
        return "".join(laid)

    def _gap_before(self, word: str) -> str:
        length = cell_len(word)
        if self._column + 1 + length <= self._width:
            self._column += 1 + length
            return " "
        self._column = cell_len(self._indent) + length
        return "\n" + self._indent


def flow_text(
    heading: Text, body: str, *, width: int, indent: str, style: str = "", clean: Callable[[str], str] = plain
) -> Text:
    """A heading with a text running on behind it, in lines of `width` with a hanging indent."""
    flow = Flow(width=width, indent=indent, column=heading.cell_len, clean=clean)
    return Text.assemble(heading, (flow.feed(body) + flow.finish(), style))


def first_lines(text: Text, count: int, *, width: int, more: str) -> Text:
    """At most so many lines of a laid out text, with a mark where something is left out."""
    lines = text.split("\n")
    if len(lines) <= count:
        return text
    last = lines[count - 1]
    while cell_len(f"{last.plain} {more}") > width:
        last.right_crop(len(last.plain) - last.plain.rstrip().rindex(" "))
    last.append(f" {more}")
    return Text("\n").join(lines[:count])


def columns(rows: Sequence[Sequence[Text]], *, indent: str = "  ", gap: str = "  ") -> list[Text]:
    """Rows with their cells under each other, without trailing space."""
    widths = [max(row[place].cell_len for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        line = Text(indent)
        for cell, width in zip(row, widths, strict=True):
            line.append_text(cell)
            line.append(" " * (width - cell.cell_len) + gap)
        line.rstrip()
        lines.append(line)
    return lines


_ROLE_TITLES = {Role.SERVANT: "Loyal Servant"}

REASONS = {
    "three_fails": "three quests have failed",
    "five_rejections": "five proposals in a row were rejected",
    "merlin_shot": "the Assassin has found Merlin",
    "merlin_survived": "three quests have succeeded and Merlin stayed hidden",
    "three_successes": "three quests have succeeded",
}


def role_title(role: Role) -> str:
    return _ROLE_TITLES.get(role, role.value.capitalize())


def side_style(side: Side) -> str:
    return EVIL_STYLE if side is Side.EVIL else GOOD_STYLE


def side_text(side: Side, signs: Signs) -> Text:
    return Text(f"{signs.evil if side is Side.EVIL else signs.good} {side.value}", style=side_style(side))


def role_list(roles: Iterable[Role]) -> str:
    """ "Merlin, 2 Loyal Servants", in the order of the roles' importance."""
    counts = Counter(roles)
    return ", ".join(
        role_title(role) if counts[role] == 1 else f"{counts[role]} {role_title(role)}s"
        for role in Role
        if counts[role]
    )


def good_and_evil(roles: Iterable[Role]) -> tuple[str, str]:
    """The roles in play of each side."""
    listed = list(roles)
    return (
        role_list(role for role in listed if role not in EVIL_ROLES),
        role_list(role for role in listed if role in EVIL_ROLES),
    )


def quest_track(setup: Setup, results: Mapping[int, bool], quest: int | None = None) -> Text:
    """ "[S] [F] [ 4 ] [3*] [4]": outcomes, the present quest set apart, sizes; * needs two fails."""
    boxes = []
    for number, size in enumerate(setup.team_sizes, start=1):
        if number in results:
            boxes.append(Text("[S]", style=GOOD_STYLE) if results[number] else Text("[F]", style=EVIL_STYLE))
            continue
        mark = f"{size}*" if setup.fails_required(number) > 1 else str(size)
        boxes.append(Text(f"[ {mark} ]", style="bold") if number == quest else Text(f"[{mark}]"))
    return Text(" ").join(boxes)


def knowledge_in_words(knowledge: Knowledge) -> str:
    """What the night told a seat about the others: "Evil at 3 5"; empty if nothing."""
    others = {seat: role for seat, role in knowledge.known_roles.items() if seat != knowledge.seat}
    if others:
        return ", ".join(f"{role_title(role)} at {seat}" for seat, role in sorted(others.items()))
    if knowledge.evil is not None:
        shown = knowledge.evil - {knowledge.seat}
        return f"Evil at {seat_list(shown)}" if shown else "that no other seat shows as Evil"
    if len(knowledge.merlin_candidates) == 1:
        return f"Merlin at {seat_list(knowledge.merlin_candidates)}"
    if knowledge.merlin_candidates:
        return f"Merlin and Morgana at {seat_list(knowledge.merlin_candidates)}"
    return ""


def night_in_words(knowledge: Knowledge) -> str:
    """Who a seat is and what it was told, as it is said to the person who sits there."""
    told = knowledge_in_words(knowledge) or "nothing of the others"
    unsure = ", but not which is which" if len(knowledge.merlin_candidates) > 1 else ""
    title, side = role_title(knowledge.role), knowledge.role.side.value
    return f"seat {knowledge.seat}, {title}, {side}; you know {told}{unsure}"


def count(number: int, thing: str) -> str:
    """ "no fail card", "1 fail card", "2 fail cards"."""
    return f"{number or 'no'} {thing}{'s' if number > 1 else ''}"


def seat_list(seats: Iterable[int]) -> str:
    """ "1 3 4", or "nobody"."""
    return " ".join(str(seat) for seat in sorted(seats)) or "nobody"


def short(value: object) -> str:
    """A JSON value in few words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.2f}"
        case None:
            return "-"
        case str() | int():
            return str(value)
        case Mapping():
            return ", ".join(f"{str(key).replace('_', ' ')} {short(entry)}" for key, entry in value.items())
        case [*entries] if any(isinstance(entry, str | Mapping) for entry in entries):
            return "; ".join(short(entry) for entry in entries)
        case [*entries]:
            return " ".join(short(entry) for entry in entries) or "-"
        case _:
            return str(value)


_HAMMER_RULES = {
    "evil_wins": "a fifth rejection in a row ends the game for Evil",
    "auto_approve_5": "the fifth team of a quest goes without a vote",
    "auto_approve_4_silent": "the fourth team of a quest goes with neither talk nor vote",
}
_TALK = {
    "none": "nobody speaks",
    "round_robin": "the leader speaks with the team, then everybody in turn",
    "leader_first_then_all": "everybody speaks, leader first, before the team is named",
    "tentative_then_final": "a tentative team, a round of talk, then the team",
    "bid": "seats bid for the floor after the proposal",
}


def rules_in_words(rules: Rules) -> list[str]:
    """How this table plays: talk and hammer always, every other switch where it is not the official one."""
    talk = _TALK[rules.talk]
    if rules.talk == "bid":
        talk += f", at most {rules.talk_rounds} speeches"
    elif rules.talk != "none" and rules.talk_rounds != 1:
        talk += f", {rules.talk_rounds} rounds"
    said = [talk, _HAMMER_RULES[rules.hammer_rule]]
    if not rules.leader_votes:
        said.append("the leader counts as approving")
    if not rules.shuffle_seats:
        said.append("roles are seated in listed order")
    if rules.first_leader == "seat_1":
        said.append("seat 1 leads first")
    if rules.assassin_window == "after_every_quest":
        said.append("the Assassin may shoot after every quest")
    if rules.may_shoot_known_evil:
        said.append("the Assassin may name known Evil")
    if rules.evil_know_roles:
        said.append("Evil know each other's roles")
    if not rules.merlin_sees_oberon:
        said.append("Merlin does not see Oberon")
    if rules.lady_of_the_lake:
        said.append("with the Lady of the Lake")
    if rules.evil_talk_before_shot:
        said.append("Evil talk before the shot")
    return said
