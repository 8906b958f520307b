"""Pairs of speeches that two agents made at comparable moments, for a judge who must not know whose they are.

Comparable is, in this order of preference: the same role in the same kind of turn (naming a team, or
talking about one) of the same quest and attempt; the same without the attempt; the same side in the same
kind of turn and quest; the same side in the same kind of turn. Each speech is in one pair at most, tables
of different roles are never compared, and passes and equal texts are left out.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from agents.arena.judge_sheet import Sheet, letters, sheet_of
from agents.arena.report_games import FoundGame
from agents.errors import NimueError
from games.avalon.draws import rng
from games.avalon.metrics.exposure import speeches_of
from games.avalon.roles import Role

_PASSES = frozenset({"i pass.", "i pass", "pass", "pass."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One speech of one agent."""

    game: FoundGame
    place: int
    seat: int
    role: Role
    leads: bool
    quest: int
    attempt: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two speeches to compare. Which agent's stands first was drawn."""

    id: str
    closeness: int
    """0 for the most comparable moments; the place of the rule in this module's docstring."""
    role: str
    quest: int
    first: Sheet
    second: Sheet
    first_is_a: bool


def utterances_of(games: Iterable[FoundGame], agent: str | None) -> list[Utterance]:
    """The speeches of an agent, or of everybody."""
    return [
        Utterance(
            game=found,
            place=place,
            seat=event.seat,
            role=found.game.role_of(event.seat),
            leads=event.decision is not None and "/propose" in event.decision,
            quest=event.quest,
            attempt=event.attempt,
            text=event.data["text"],
        )
        for found in games
        for place, event in speeches_of(found.game)
        if event.seat is not None
        and (agent is None or found.agent_of(event.seat) == agent)
        and event.data["text"].strip().lower() not in _PASSES
    ]


def agents_that_speak(games: Iterable[FoundGame]) -> list[str]:
    """The agents that say anything, each once."""
    named = [found.agent_of(event.seat or 0) for found in games for _, event in speeches_of(found.game)]
    return list(dict.fromkeys(named))


def two_agents(games: Sequence[FoundGame], asked: Sequence[str]) -> tuple[str, str]:
    """Whom to compare within one set of games.

    Raises:
        NimueError: Not exactly two agents speak, and none were asked for; or one asked for never speaks.
    """
    speaking = agents_that_speak(games)
    wanted = list(asked) or speaking
    silent = [agent for agent in wanted if agent not in speaking]
    if silent:
        raise NimueError(f"{', '.join(silent)} says nothing in these games; there speak {_listed(speaking)}.")
    if len(wanted) != 2 or wanted[0] == wanted[1]:
        raise NimueError(
            f"Two agents are compared; in these games there speak {_listed(speaking)}. "
            "Name two with --agents A,B, or give a second run."
        )
    return wanted[0], wanted[1]


def _listed(agents: Sequence[str]) -> str:
    return ", ".join(agents) or "nobody"


_RULES: tuple[Callable[[Utterance], Hashable], ...] = (
    lambda said: (said.role, said.leads, said.quest, said.attempt),
    lambda said: (said.role, said.leads, said.quest),
    lambda said: (said.role.side, said.leads, said.quest),
    lambda said: (said.role.side, said.leads),
)


def comparable_pairs(
    of_a: Sequence[Utterance], of_b: Sequence[Utterance], *, seed: int, limit: int | None
) -> list[Pair]:
    """Match the speeches of A with those of B; the same pairs for the same seed, the closest first."""
    stream = rng(seed, "judge pairs")
    left_a, left_b = _shuffled(of_a, stream), _shuffled(of_b, stream)
    matched: list[tuple[int, Utterance, Utterance]] = []
    for closeness, rule in enumerate(_RULES):
        fits = [(closeness, one, other) for one, other in _matches(left_a, left_b, rule)]
        taken = {id(said) for _, one, other in fits for said in (one, other)}
        left_a = [said for said in left_a if id(said) not in taken]
        left_b = [said for said in left_b if id(said) not in taken]
        matched += [fits[place] for place in stream.permutation(len(fits)).tolist()]
    chosen = matched if limit is None else matched[:limit]
    return [
        _pair(number, closeness, one, other, rng(seed, "judge letters", number))
        for number, (closeness, one, other) in enumerate(chosen, start=1)
    ]


def _shuffled(said: Sequence[Utterance], stream: Generator) -> list[Utterance]:
    return [said[place] for place in stream.permutation(len(said)).tolist()]


def _matches(
    of_a: Sequence[Utterance], of_b: Sequence[Utterance], rule: Callable[[Utterance], Hashable]
) -> list[tuple[Utterance, Utterance]]:
    def key(said: Utterance) -> tuple[Hashable, ...]:
        return (tuple(sorted(said.game.game.setup.roles)), rule(said))

    waiting: dict[Hashable, list[Utterance]] = {}
    for said in of_b:
        waiting.setdefault(key(said), []).append(said)
    pairs = []
    for said in of_a:
        others = waiting.get(key(said), [])
        other = next((one for one in others if one.text != said.text and one is not said), None)
        if other is not None:
            others.remove(other)
            pairs.append((said, other))
    return pairs


def _pair(number: int, closeness: int, of_a: Utterance, of_b: Utterance, stream: Generator) -> Pair:
    a_first = bool(stream.integers(2))
    sheets = [_sheet(said, stream) for said in (of_a, of_b)]
    first, second = sheets if a_first else sheets[::-1]
    return Pair(
        id=f"p{number:04}",
        closeness=closeness,
        role=of_a.role.value if of_a.role is of_b.role else of_a.role.side.value,
        quest=of_a.quest,
        first=first,
        second=second,
        first_is_a=a_first,
    )


def _sheet(said: Utterance, stream: Generator) -> Sheet:
    seats = said.game.game.setup.seats
    order = (stream.permutation(len(seats)) + 1).tolist()
    return sheet_of(said.game.game, said.place, letters(order))


def counts_by_closeness(pairs: Iterable[Pair]) -> dict[int, int]:
    """How many pairs each rule gave."""
    return dict(sorted(Counter(pair.closeness for pair in pairs).items()))
