"""Small recorded games with talk, for the judge and the report."""

from collections.abc import Callable, Mapping
from pathlib import Path

from games.avalon.actions import Action, Decision, Propose, Speak
from games.avalon.bots import make_bot
from games.avalon.draws import deal
from games.avalon.events import Event
from games.avalon.rules import apply, pending, start
from games.avalon.setup import TABLE_RULES, Setup, preset
from games.avalon.transcript import Origin, write
from games.avalon.view import view

SIX = preset("6-recon", TABLE_RULES)

Say = Callable[[int, Decision], str]
"""What a seat says at a decision."""


def talking_game(setup: Setup, seed: int, say: Say) -> list[Event]:
    """A game between bots who say what they are told to say."""
    bots = {seat: make_bot("human_table", 10 * seed + seat) for seat in setup.seats}
    state, told = start(setup, deal(setup, seed))
    events = list(told)
    while waiting := pending(state):
        answers: dict[int, Action] = {}
        for decision in waiting:
            if decision.kind == "speak":
                answers[decision.seat] = Speak(say(decision.seat, decision))
                continue
            action = bots[decision.seat].act(view(events, decision.seat), decision)
            if isinstance(action, Propose):
                action = Propose(action.team, say(decision.seat, decision))
            answers[decision.seat] = action
        state, told = apply(state, answers)
        events += told
    return events


def write_game(path: Path, seed: int, say: Say, agents: Mapping[int, str]) -> Path:
    """The same as a transcript on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    models = dict.fromkeys(agents.values(), "scripted:0")
    write(
        path,
        path.stem,
        talking_game(SIX, seed, say),
        origin=Origin(agents=dict(agents), models=models, seed=seed),
    )
    return path


def halves(seat: int) -> str:
    """Agents `ann` at seats 1 to 3 and `bob` at 4 to 6."""
    return "ann" if seat <= 3 else "bob"


HALVES = {seat: halves(seat) for seat in SIX.seats}


MARK = {"ann": "please", "bob": "surely"}
"""A word by which a test, but not by any name, knows whose speech it reads."""


def speaks_marked(seat: int, decision: Decision) -> str:
    """Speeches that all differ, in which seats are named in every way."""
    word = MARK[halves(seat)]
    return f"Seat {seat} likes seats {seat % 6 + 1} and {(seat + 1) % 6 + 1}, {word}, in {decision.id}."
