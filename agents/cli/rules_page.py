"""The rules of Avalon on one page, and as one JSON object; tables are read out of the engine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import get_args

from rich.console import Console
from rich.text import Text

from agents.cli.table_text import (
    EVIL_STYLE,
    GOOD_STYLE,
    Signs,
    columns,
    flow_text,
    good_and_evil,
    quest_track,
    role_title,
    side_style,
    side_text,
    signs_for,
)
from games.avalon.roles import Role
from games.avalon.setup import (
    DEFAULT_PRESET,
    NUM_EVIL,
    PRESETS,
    AssassinWindow,
    FirstLeader,
    HammerRule,
    Rules,
    Setup,
    TalkProtocol,
    default_setup,
    preset,
)
from games.errors import GameError

_HOW = {
    "Good": "wins with three successful quests, if the Assassin then misses Merlin.",
    "Evil": "wins with three failed quests, five rejections in a row, or Merlin shot.",
    "Team": "The leader names it, the table talks, over half must approve it.",
    "Quest": "Hidden cards: Good plays success, Evil success or fail; one fail fails it.",
}

SEES = {
    Role.MERLIN: "all Evil but Mordred",
    Role.PERCIVAL: "Merlin and Morgana, not which is which",
    Role.SERVANT: "nothing",
    Role.ASSASSIN: "Evil but Oberon; names Merlin at the end",
    Role.MORGANA: "Evil but Oberon; shows as Merlin to Percival",
    Role.MORDRED: "Evil but Oberon; hidden from Merlin",
    Role.OBERON: "nothing; Evil do not see him",
    Role.MINION: "Evil but Oberon",
}

MAX_WIDTH = 100
_ON_OFF = ("on", "off")


@dataclass(frozen=True, slots=True)
class Switch:
    """A rule that tables differ on; the default is the official game's."""

    name: str
    values: tuple[str, ...]
    default: str
    meaning: str


_MEANINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "hammer_rule": (get_args(HammerRule), "the last team"),
    "leader_votes": (_ON_OFF, "off: the leader counts as approving"),
    "shuffle_seats": (_ON_OFF, "off: roles sit in listed order"),
    "first_leader": (get_args(FirstLeader), ""),
    "assassin_window": (get_args(AssassinWindow), "the one shot"),
    "may_shoot_known_evil": (_ON_OFF, "the Assassin may name an ally"),
    "evil_know_roles": (_ON_OFF, "Evil know each other's roles"),
    "merlin_sees_oberon": (_ON_OFF, ""),
    "lady_of_the_lake": (_ON_OFF, "looks at a seat's side after quests 2, 3, 4"),
    "evil_talk_before_shot": (_ON_OFF, "Evil confer first"),
    "talk": (get_args(TalkProtocol), ""),
    "talk_rounds": (("0", "1", "2", "..."), "for each team; bid: the most speeches"),
    "two_fail_quest": (("official", "0", "1", "...", "5"), "quest 4 if 7 or more play"),
}


def switches() -> Iterator[Switch]:
    """Every switch of `Rules`, in its order."""
    official = Rules()
    for field in fields(Rules):
        values, meaning = _MEANINGS[field.name]
        yield Switch(field.name, values, _value_text(getattr(official, field.name)), meaning)


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "official" if value is None else str(value)


def chosen_setups(players: int | None, preset_name: str | None) -> list[Setup]:
    """The presets to show: one by name, those for so many players, or all.

    Raises `GameError` for an unknown preset or number, or if the two do not go together.
    """
    if preset_name is not None:
        setup = preset(preset_name)
        if players not in (None, setup.num_players):
            raise GameError(
                f"{preset_name} is for {setup.num_players} players, not {players}; leave one off."
            )
        return [setup]
    if players is not None:
        default_setup(players)
    setups = [preset(name) for name in PRESETS]
    return [setup for setup in setups if players in (None, setup.num_players)]


def rules_json(setups: Sequence[Setup]) -> dict[str, object]:
    """What `print_rules` shows, as data."""
    return {
        "tables": [
            {
                "players": size,
                "good": size - NUM_EVIL[size],
                "evil": NUM_EVIL[size],
                "team_sizes": list(default_setup(size).team_sizes),
                "fails_required": list(default_setup(size).all_fails_required),
                "default_preset": DEFAULT_PRESET[size],
            }
            for size in _sizes(setups)
        ],
        "presets": {setup.name: [role.value for role in setup.roles] for setup in setups},
        "roles": {role.value: {"side": role.side.value, "sees": SEES[role]} for role in _roles_in(setups)},
        "switches": {
            switch.name: {"values": list(switch.values), "default": switch.default, "meaning": switch.meaning}
            for switch in switches()
        },
    }


def print_rules(console: Console, setups: Sequence[Setup]) -> None:
    """Print the page for these presets."""
    signs = signs_for(console.encoding)
    width = min(console.width, MAX_WIDTH)
    page = [
        Text(f"{signs.thick_line * 2} The Resistance: Avalon ".ljust(width, signs.thick_line), style="bold")
    ]
    for label, body in _HOW.items():
        style = {"Good": f"bold {GOOD_STYLE}", "Evil": f"bold {EVIL_STYLE}"}.get(label, "bold")
        page.append(_entry(label, style, body, 7, width))
    sections = {
        "Team sizes; * fails only with two fail cards": _size_lines(setups),
        "Presets; * the usual one": _preset_lines(setups, width),
        "Roles and what they are shown": _role_lines(setups, signs),
        "Rules that tables differ on; * official": _switch_lines(width),
    }
    for title, lines in sections.items():
        page.append(Text(f"{signs.thin_line * 2} {title} ".ljust(width, signs.thin_line)))
        page += lines
    for line in page:
        console.print(line, soft_wrap=True)


def _entry(label: str, style: str, body: str, label_width: int, width: int) -> Text:
    heading = Text(f"  {label}".ljust(label_width + 2), style=style)
    return flow_text(heading, body, width=width, indent=" " * (label_width + 3))


def _size_lines(setups: Sequence[Setup]) -> list[Text]:
    rows = []
    for size in _sizes(setups):
        sides = f"{size - NUM_EVIL[size]} Good, {NUM_EVIL[size]} Evil"
        rows.append([Text(f"{size} players"), Text(sides), quest_track(default_setup(size), {})])
    return columns(rows)


def _preset_lines(setups: Sequence[Setup], width: int) -> list[Text]:
    lines = []
    for setup in setups:
        good, evil = (side.replace("Loyal Servant", "Servant") for side in good_and_evil(setup.roles))
        mark = "*" if DEFAULT_PRESET[setup.num_players] == setup.name else ""
        lines.append(_entry(setup.name + mark, "", f"{good} / {evil}", 12, width))
    return lines


def _role_lines(setups: Sequence[Setup], signs: Signs) -> list[Text]:
    return columns(
        [
            [
                Text(role_title(role), style=side_style(role.side)),
                side_text(role.side, signs),
                Text(SEES[role]),
            ]
            for role in _roles_in(setups)
        ]
    )


def _switch_lines(width: int) -> list[Text]:
    lines = []
    for switch in switches():
        values = ", ".join(f"{value}*" if value == switch.default else value for value in switch.values)
        meaning = f" ({switch.meaning})" if switch.meaning else ""
        lines.append(_entry(switch.name, "", values + meaning, 21, width))
    return lines


def _sizes(setups: Sequence[Setup]) -> list[int]:
    return sorted({setup.num_players for setup in setups})


def _roles_in(setups: Sequence[Setup]) -> list[Role]:
    return [role for role in Role if any(role in setup.roles for setup in setups)]
