"""What exact arithmetic adds to contemplation (`recon+bayes`): beliefs as evidence, and a check of speech.

The numbers come from `games.avalon.beliefs`: teams, votes, fail cards and what the seat itself was shown,
never from talk. They are facts for the model to argue from, as the record is.
"""

from collections.abc import Iterable

from games.avalon.beliefs import beliefs_of, public_beliefs
from games.avalon.metrics.claims import claims_in
from games.avalon.metrics.leaks import leaks_in_speech
from games.avalon.roles import Role, Side
from games.avalon.view import View

UNSUPPORTED = 0.1
"""How much likelier Evil than an average seat the open record must make a seat that Merlin accuses."""


def evidence_text(view: View) -> str:
    """The seat's exact beliefs, and what the others can work out about it, as EVIDENCE lines.

    Seats that see Evil are told what the table can work out, for they know the rest. Whom a seat takes for
    Merlin is told to those who look for him: Evil and Percival.
    """
    own, public = beliefs_of(view), public_beliefs(view)
    others = [seat for seat in view.setup.seats if seat != view.seat]
    sees_evil = view.knowledge.evil is not None
    lines = [
        "EVIDENCE what the others can work out from teams, votes and fails, Evil: "
        if sees_evil
        else "EVIDENCE exact odds from teams, votes, fails and what you know, Evil: "
    ]
    lines[0] += _percents(others, (public if sees_evil else own).evil_N.tolist())
    if view.setup.has_merlin and (view.role.side is Side.EVIL or view.role is Role.PERCIVAL):
        merlin_N = own.merlin_N.tolist()
        likely = [seat for seat in others if merlin_N[seat - 1] > 0]
        lines.append(f"EVIDENCE odds that the seat is Merlin: {_percents(likely, merlin_N)}")
    taken_for = [f"Evil with {_percent(public.evil_N[view.seat - 1])}"]
    if view.setup.has_merlin:
        taken_for.append(f"Merlin with {_percent(public.merlin_N[view.seat - 1])}")
    lines.append(f"EVIDENCE by the open record alone you are {' and '.join(taken_for)}.")
    return "\n".join(lines)


def _percents(seats: Iterable[int], chance_N: list[float]) -> str:
    return ", ".join(f"seat {seat} {_percent(chance_N[seat - 1])}" for seat in seats) + "."


def _percent(chance: float) -> str:
    return f"{round(100 * float(chance))} %"


def given_away(view: View, speech: str) -> list[str]:
    """What a speech gives away of the seat's role, a sentence a finding; empty where it gives nothing away.

    Two checks: the leak patterns of `games.avalon.metrics.leaks`, and for Merlin every accusation of a truly
    Evil seat for which the open record gives no reason.
    """
    found = [
        f'"{sentence}" tells what only your role knows.'
        for _, _, sentence in leaks_in_speech(speech, view.setup, view.knowledge, view.table)
    ]
    if view.role is Role.MERLIN:
        known = view.knowledge.evil or frozenset()
        evil_N = public_beliefs(view).evil_N
        for claim in claims_in(speech, view.setup.num_players):
            accused = claim.seats & known if claim.kind == "evil" else frozenset()
            if any(evil_N[seat - 1] - evil_N.mean() < UNSUPPORTED for seat in accused):
                found.append(f'"{claim.sentence}" accuses without a reason in the open record.')
    return list(dict.fromkeys(found))
