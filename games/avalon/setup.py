"""Which game is played: the roles in the bag and the rules that tables differ on.

Team sizes and presets: official rules, as in ProAvalon and 12,882 logged human games.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any, Literal, get_args

from games.avalon.roles import EVIL_ROLES, FILLER_ROLES, Role, Side
from games.errors import GameError

NUM_QUESTS = 5
MAX_ATTEMPTS = 5

TEAM_SIZES: dict[int, tuple[int, int, int, int, int]] = {
    5: (2, 3, 2, 3, 3),
    6: (2, 3, 4, 3, 4),
    7: (2, 3, 3, 4, 4),
    8: (3, 4, 4, 5, 5),
    9: (3, 4, 4, 5, 5),
    10: (3, 4, 4, 5, 5),
}
MAX_PLAYERS = max(TEAM_SIZES)
NUM_EVIL: dict[int, int] = {5: 2, 6: 2, 7: 3, 8: 3, 9: 3, 10: 4}

HammerRule = Literal["evil_wins", "auto_approve_5", "auto_approve_4_silent"]
TalkProtocol = Literal["none", "round_robin", "leader_first_then_all", "tentative_then_final", "bid"]
FirstLeader = Literal["random", "seat_1"]
AssassinWindow = Literal["after_3_successes", "after_every_quest"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The switches that published tables differ on; defaults are the official game.

    Raises `GameError` for a value that no table plays.
    """

    hammer_rule: HammerRule = "evil_wins"
    """What a fifth proposal means: rejected it ends the game (`evil_wins`), or the fifth team goes
    without a vote (AvalonBench), or the fourth goes with neither talk nor vote (ReCon's code)."""
    leader_votes: bool = True
    """False counts the leader as approving without asking (ReCon's code)."""
    shuffle_seats: bool = True
    """False seats the roles in the order the setup lists them (ReCon's code)."""
    first_leader: FirstLeader = "random"
    assassin_window: AssassinWindow = "after_3_successes"
    """When the one shot may be taken. With `after_every_quest` (LLM-Game-Agent) the Assassin may hold
    fire until the third success; an early miss spends the shot and the game goes on."""
    may_shoot_known_evil: bool = False
    """Whether the Assassin may name a seat he knows to be Evil. Oberon, unknown to him, is always allowed."""
    evil_know_roles: bool = False
    merlin_sees_oberon: bool = True
    lady_of_the_lake: bool = False
    evil_talk_before_shot: bool = False
    talk: TalkProtocol = "none"
    talk_rounds: int = 1
    """Rounds of speeches a proposal (`round_robin` and its kin), or the most speeches (`bid`)."""
    two_fail_quest: int | None = None
    """The quest that needs two fail cards, 0 for none; None is the official table (quest 4 from 7
    players on)."""

    def __post_init__(self) -> None:
        check_rules(self)

    def is_forced(self, attempt: int) -> bool:
        """Whether the team of this attempt goes without a vote."""
        return attempt == _FORCED_ATTEMPT.get(self.hammer_rule)

    def is_silent(self, attempt: int) -> bool:
        """Whether nobody speaks in this attempt."""
        return self.talk == "none" or (self.hammer_rule == "auto_approve_4_silent" and attempt == 4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """A role for every seat, in listed order, and the rules. Raises `GameError` if it cannot be played."""

    roles: tuple[Role, ...]
    rules: Rules = field(default_factory=Rules)
    name: str = "custom"
    assassin: Role = Role.ASSASSIN
    """Who names Merlin: some tables give that task to Mordred or Morgana and have no card for it."""

    def __post_init__(self) -> None:
        check_roles(self.roles, self.assassin)

    @property
    def num_players(self) -> int:
        return len(self.roles)

    @property
    def seats(self) -> range:
        return range(1, self.num_players + 1)

    def team_size(self, quest: int) -> int:
        return TEAM_SIZES[self.num_players][quest - 1]

    def fails_required(self, quest: int) -> int:
        return self.all_fails_required[quest - 1]

    @property
    def team_sizes(self) -> tuple[int, ...]:
        return TEAM_SIZES[self.num_players]

    @property
    def all_fails_required(self) -> tuple[int, ...]:
        return _fails_required(self.num_players, self.rules.two_fail_quest)

    @property
    def has_merlin(self) -> bool:
        return Role.MERLIN in self.roles

    def public(self) -> "Setup":
        """The same game with the roles in one fixed order, so that the list tells nobody's seat."""
        return replace(self, roles=tuple(sorted(self.roles, key=_ROLE_ORDER.__getitem__)))

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "roles": [role.value for role in self.roles],
            "assassin": self.assassin.value,
            "rules": asdict(self.rules),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Setup":
        """Read what `to_json` wrote. Raises `GameError` where it makes no setup."""
        try:
            return cls(
                roles=tuple(Role(role) for role in data["roles"]),
                rules=Rules(**data["rules"]),
                name=data["name"],
                assassin=Role(data.get("assassin", Role.ASSASSIN)),
            )
        except GameError:
            raise
        except (KeyError, TypeError, ValueError) as problem:
            raise GameError(f"This is no setup of a game ({problem!r}): {data!r}") from problem


_ROLE_ORDER = {role: place for place, role in enumerate(Role)}
_FORCED_ATTEMPT = {"auto_approve_5": 5, "auto_approve_4_silent": 4}
_CHOICES: dict[str, tuple[str, ...]] = {
    "hammer_rule": get_args(HammerRule),
    "first_leader": get_args(FirstLeader),
    "assassin_window": get_args(AssassinWindow),
    "talk": get_args(TalkProtocol),
}


@cache
def _fails_required(num_players: int, two_fail_quest: int | None) -> tuple[int, ...]:
    double = (4 if num_players >= 7 else 0) if two_fail_quest is None else two_fail_quest
    return tuple(2 if quest == double else 1 for quest in range(1, NUM_QUESTS + 1))


def check_rules(rules: Rules) -> None:
    """Raise `GameError` with the first switch that stands on no known value."""
    for name, choices in _CHOICES.items():
        if getattr(rules, name) not in choices:
            raise GameError(f"{name} is {getattr(rules, name)!r}; it can be {', '.join(choices)}.")
    if rules.talk_rounds < 0:
        raise GameError(f"talk_rounds is {rules.talk_rounds}; it cannot be negative.")
    if rules.two_fail_quest is not None and not 0 <= rules.two_fail_quest <= NUM_QUESTS:
        raise GameError(
            f"two_fail_quest is {rules.two_fail_quest}; it can be 1 to {NUM_QUESTS}, or 0 for none."
        )


def check_roles(roles: tuple[Role, ...], assassin: Role = Role.ASSASSIN) -> None:
    """Raise `GameError` with the first reason why these roles make no game."""
    num_players = len(roles)
    if num_players not in TEAM_SIZES:
        raise GameError(f"Avalon is for 5 to 10 players, not {num_players}.")
    counts = Counter(roles)
    for role, count in counts.items():
        if count > 1 and role not in FILLER_ROLES:
            raise GameError(
                f"{role} stands {count} times among the roles; only servant and minion may repeat."
            )
    num_evil = sum(role.side is Side.EVIL for role in roles)
    if num_evil != NUM_EVIL[num_players]:
        raise GameError(
            f"{num_players} players need {NUM_EVIL[num_players]} Evil roles, not {num_evil}: "
            f"{', '.join(roles)}."
        )
    if assassin is not Role.ASSASSIN:
        _check_appointed_assassin(counts, assassin)
    elif Role.MERLIN in counts and Role.ASSASSIN not in counts:
        raise GameError("Merlin is in play without the Assassin; add assassin or take merlin out.")
    if Role.ASSASSIN in counts and Role.MERLIN not in counts:
        raise GameError("The Assassin is in play without Merlin; use minion instead, or add merlin.")


def _check_appointed_assassin(counts: Counter[Role], assassin: Role) -> None:
    if assassin not in EVIL_ROLES or assassin in FILLER_ROLES:
        raise GameError(f"{assassin} cannot be the assassin; it takes a named Evil role.")
    if Role.ASSASSIN in counts:
        raise GameError(f"{assassin} is to be the assassin, but the role assassin is in play too; keep one.")
    if Role.MERLIN in counts and assassin not in counts:
        raise GameError(f"{assassin} is to be the assassin but is not in play; add {assassin} to the roles.")


def setup_warnings(setup: Setup) -> list[str]:
    """What is legal but surely not meant."""
    if Role.PERCIVAL in setup.roles and Role.MERLIN in setup.roles and Role.MORGANA not in setup.roles:
        return ["Percival without Morgana knows Merlin for certain: a strong Good side."]
    if Role.PERCIVAL in setup.roles and Role.MERLIN not in setup.roles:
        return ["Percival without Merlin has nobody to look for."]
    return []


_M, _P, _S = Role.MERLIN, Role.PERCIVAL, Role.SERVANT
_A, _G, _D, _O, _N = Role.ASSASSIN, Role.MORGANA, Role.MORDRED, Role.OBERON, Role.MINION

PRESETS: dict[str, tuple[Role, ...]] = {
    "5-basic": (_M, _S, _S, _A, _N),  # AvalonBench, DeepRole
    "5-standard": (_M, _P, _S, _G, _A),
    "6-recon": (_M, _P, _S, _S, _G, _A),  # ReCon (arXiv 2310.01320), Avalon-NLU
    "6-plain": (_S, _S, _S, _S, _N, _N),  # GRAIL: no Merlin, no assassination
    "7-standard": (_M, _P, _S, _S, _G, _A, _O),
    "7-mordred": (_M, _P, _S, _S, _G, _A, _D),
    "8-standard": (_M, _P, _S, _S, _S, _G, _A, _N),
    "9-standard": (_M, _P, _S, _S, _S, _S, _G, _A, _D),
    "10-standard": (_M, _P, _S, _S, _S, _S, _G, _A, _D, _O),
}
DEFAULT_PRESET: dict[int, str] = {
    5: "5-standard",
    6: "6-recon",
    7: "7-standard",
    8: "8-standard",
    9: "9-standard",
    10: "10-standard",
}


PAPER_RULES = Rules(
    hammer_rule="auto_approve_4_silent", leader_votes=False, talk="round_robin", talk_rounds=1
)
"""The table of the ReCon paper's code, without its fixed seats: they tell every role by seat number."""

TABLE_RULES = Rules(talk="round_robin", talk_rounds=1)
"""The official game with one round of talk."""


def preset(name: str, rules: Rules | None = None) -> Setup:
    """A named role set. Raises `GameError` for an unknown name."""
    if name not in PRESETS:
        raise GameError(f"Unknown preset {name!r}; there are {', '.join(PRESETS)}.")
    return Setup(roles=PRESETS[name], rules=rules or Rules(), name=name)


def default_setup(num_players: int, rules: Rules | None = None) -> Setup:
    """The usual role set for so many players. Raises `GameError` outside 5 to 10."""
    if num_players not in DEFAULT_PRESET:
        raise GameError(f"Avalon is for 5 to 10 players, not {num_players}.")
    return preset(DEFAULT_PRESET[num_players], rules)


def parse_roles(text: str) -> tuple[Role, ...]:
    """Read "merlin,percival,servant*2,morgana,assassin". Raises `GameError` on a word it does not know."""
    roles: list[Role] = []
    for word in text.split(","):
        name, _, times = word.strip().lower().partition("*")
        if name not in set(Role):
            raise GameError(f"Unknown role {name!r} in {text!r}; there are {', '.join(Role)}.")
        if times and (not times.isdecimal() or int(times) > MAX_PLAYERS):
            raise GameError(f"{word.strip()!r} is not a role and a count; write for example servant*2.")
        roles.extend([Role(name)] * int(times or 1))
    return tuple(roles)
