"""Who plays where: reads what `--agents` says.

recon                                    everybody
good=recon,evil=cot                      by side, whoever is dealt it
1=human,2-4=recon,5=random,6=naive       by seat
1-3=recon@openai:gpt-5,4-6=cot           with a model of their own
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.errors import NimueError
from agents.llm.names import ModelName, parse_model_name
from agents.recon.variants import VARIANTS
from games.avalon.bots import BOTS
from games.avalon.roles import Role

HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Agent:
    """What plays at a seat; `model` is None where the run's model is meant, or none is needed."""

    name: str
    model: ModelName | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.model}" if self.model else self.name

    @property
    def needs_model(self) -> bool:
        return self.name in VARIANTS


@dataclass(frozen=True, slots=True)
class Lineup:
    """A parsed `--agents`: each rule with the seats or the side it is for."""

    text: str
    everybody: Agent | None
    by_side: dict[str, Agent]
    by_seat: dict[int, Agent]

    @property
    def agents(self) -> list[Agent]:
        """Every agent that is named, each once."""
        named = [
            *([self.everybody] if self.everybody else []),
            *self.by_side.values(),
            *self.by_seat.values(),
        ]
        return list(dict.fromkeys(named))

    def seated(self, roles: Sequence[Role]) -> dict[int, Agent]:
        """Agents by seat, given the roles by seat (seat 1 first)."""
        seated = {}
        for seat, role in enumerate(roles, start=1):
            agent = self.by_seat.get(seat) or self.by_side.get(role.side.value) or self.everybody
            assert agent is not None  # parse_lineup refuses a table with an empty seat
            seated[seat] = agent
        return seated


def parse_lineup(text: str, num_players: int, human_seat: int | None = None) -> Lineup:
    """Read `--agents`, with a person at `human_seat` if one is given.

    Raises:
        NimueError: An unknown agent, a seat that does not exist or is named twice, or a seat left empty.
    """
    everybody: Agent | None = None
    by_side: dict[str, Agent] = {}
    by_seat: dict[int, Agent] = {}
    for part in (part.strip() for part in text.split(",")):
        where, equals, who = part.partition("=")
        if not equals:
            if everybody is not None:
                raise NimueError(
                    f"--agents {text!r} names {everybody} and {part} for everybody; "
                    "say where, as in 1-3=recon,4-6=cot."
                )
            everybody = _agent(part)
            continue
        agent = _agent(who.strip())
        if where in ("good", "evil"):
            if where in by_side:
                raise NimueError(f"--agents {text!r} names the {where} side twice.")
            by_side[where] = agent
            continue
        for seat in _seats(where, num_players, text):
            if seat in by_seat:
                raise NimueError(f"--agents {text!r} names seat {seat} twice.")
            by_seat[seat] = agent
    if human_seat is not None:
        if not 1 <= human_seat <= num_players:
            raise NimueError(
                f"--human {human_seat}: there is no such seat; the table has seats 1 to {num_players}."
            )
        by_seat[human_seat] = Agent(HUMAN)
    lineup = Lineup(text, everybody, by_side, by_seat)
    _refuse_empty_seats(lineup, num_players)
    return lineup


def _agent(text: str) -> Agent:
    name, at, model = text.partition("@")
    if name not in VARIANTS and name not in BOTS and name != HUMAN:
        raise NimueError(
            f"Unknown agent {name!r}; language-model agents are {', '.join(VARIANTS)}; "
            f"bots are {', '.join(BOTS)}; {HUMAN} is you."
        )
    if at and name not in VARIANTS:
        raise NimueError(f"{name} uses no language model; write {name} without @{model}.")
    return Agent(name, parse_model_name(model) if at else None)


def _seats(where: str, num_players: int, text: str) -> range:
    first, dash, last = where.strip().partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise NimueError(
            f"--agents {text!r}: {where!r} is neither a seat (3), seats (2-4), nor a side (good, evil)."
        )
    seats = range(int(first), int(last or first) + 1)
    if not seats or seats[0] < 1 or seats[-1] > num_players:
        raise NimueError(f"--agents {text!r}: the table has seats 1 to {num_players}, not {where.strip()}.")
    return seats


def _refuse_empty_seats(lineup: Lineup, num_players: int) -> None:
    if lineup.everybody or {"good", "evil"} <= lineup.by_side.keys():
        return
    empty = [seat for seat in range(1, num_players + 1) if seat not in lineup.by_seat]
    if empty:
        seats = ", ".join(str(seat) for seat in empty)
        raise NimueError(
            f"--agents {lineup.text!r} leaves seat {seats} empty; add an agent for everybody else, as in "
            f"recon,{lineup.text}."
        )
