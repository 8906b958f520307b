"""Where a household task stands, in one line, read out of the trajectory alone.

Small models lose sight of what they carry and where they have looked, and overlook that they can act where
they stand; a line after each observation keeps it before them. It says nothing that the actor has not seen.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from agents.react.lines import Entry

_THING = re.compile(r"\b([a-z]+ \d+)")
_WENT = re.compile(r"^go to ([a-z]+ \d+)$")
_PICKED = re.compile(r"^You pick up the ([a-z]+ \d+) from")
_PUT = re.compile(r"^You (?:move|put) the ([a-z]+ \d+) ")
_TREATED = re.compile(r"^You (?:clean|heat|cool) the ([a-z]+ \d+) ")
_SHOWN = re.compile(r"\b(?:On the [a-z]+ \d+|In it), you see (.*?)\.")
_SOLVED = "Task is SOLVED."
_NOTHING_HAPPENS = "Nothing happens."
_LAMPS = ("desklamp", "floorlamp")
_TREATMENTS = (
    ("clean", "sinkbasin", r"clean"),
    ("heat", "microwave", r"heat|hot"),
    ("cool", "fridge", r"cool"),
)
"""Verb, the place for it, and the words of a task that asks for it."""


def names(goal: str, thing: str) -> bool:
    """Whether a goal names things of the kind of `thing`, such as "mug 1"."""
    kind = thing.partition(" ")[0]
    return bool(kind) and re.search(rf"\b{kind}(?:e?s)?\b", goal) is not None


def household_status(task_text: str, entries: Sequence[Entry]) -> str:
    """The task, what is carried, where what it names was seen, which places have not been looked at (closed
    ones count once they are open), and what can be done here; nothing once the task is solved."""
    if entries and entries[-1]["text"] == _SOLVED:
        return ""
    room, _, goal = task_text.partition("Your task is to:")
    house = _House(goal=goal.strip(), unseen=dict.fromkeys(_THING.findall(room)))
    for action, seen in pairwise(entries):
        if action["kind"] == "action" and seen["kind"] == "observation":
            house.follow(action["text"], seen["text"])
    left = ", ".join(house.unseen) or "none"
    elsewhere = ", ".join(house.seen_elsewhere())
    known = f" You saw: {elsewhere}." if elsewhere else ""
    here = "; ".join(house.possible())
    ending = f"Here you can: {here}." if here else "Nothing here serves the task: go on."
    return (
        f"(Your task: {house.goal} You carry: {house.hand()}.{known} "
        f"Places not looked into yet: {left}. {ending})"
    )


@dataclass(kw_only=True, slots=True)
class _House:
    """What an actor knows of a house."""

    goal: str
    unseen: dict[str, None]
    carried: str = ""
    place: str = ""
    closed: bool = False
    """Whether the place is closed where the actor stands."""
    contents: dict[str, list[str]] = field(default_factory=dict)
    treated: set[str] = field(default_factory=set)
    """What has been cleaned, heated or cooled."""
    taken_from: str = ""
    older: bool = False
    """Older games say `put X in/on Y`, newer ones `move X to Y`, and these tell of each arrival."""

    def follow(self, action: str, seen: str) -> None:
        if seen == _NOTHING_HAPPENS:
            return
        if went := _WENT.match(action):
            self.place = went[1]
            self.older = not seen.startswith("You arrive")
            self.closed = "is closed." in seen
        elif action.startswith(("open ", "close ")):
            self.closed = action.startswith("close ")
        if picked := _PICKED.match(seen):
            self.carried, self.taken_from = picked[1], self.place
            self.contents[self.place] = [one for one in self.contents[self.place] if one != picked[1]]
        elif put := _PUT.match(seen):
            self.carried = ""
            self.contents[self.place] = [*self.contents[self.place], put[1]]
        elif made := _TREATED.match(seen):
            self.treated.add(made[1])
        elif shown := _SHOWN.search(seen):
            self.contents[self.place] = _THING.findall(shown[1])
            self.unseen.pop(self.place, None)

    def hand(self) -> str:
        """What is carried; of a thing that the task does not name, where to put it back."""
        if not self.carried:
            return "nothing"
        if self._asks_for(self.carried):
            return self.carried
        return f"{self.carried}, which the task does not name (put it back: {self.taken_from})"

    def seen_elsewhere(self) -> Iterator[str]:
        """What the task wants that was seen at other places and not taken from there."""
        for place, things in self.contents.items():
            if place != self.place:
                yield from (f"{thing} at {place}" for thing in things if self._is_worth_taking(thing, place))

    def possible(self) -> Iterator[str]:
        """What can be done here and may serve the task; a closed place may hold anything.

        That is taking what the task names; with it in the hand, its treatment, the lamp, and putting it down
        where the task asks for it. Another thing can go back to where it was.
        """
        yield from self._serving_the_task()
        if self.closed:
            yield f"open {self.place}"

    def _serving_the_task(self) -> Iterator[str]:
        lying = () if self.closed else self.contents.get(self.place, ())
        if not self.carried:
            yield from (
                f"take {thing} from {self.place}"
                for thing in lying
                if self._is_worth_taking(thing, self.place)
            )
            return
        fits = self.place == self.taken_from  # not everything fits everywhere
        if self._asks_for(self.carried):
            yield from (f"use {thing}" for thing in lying if thing.startswith(_LAMPS))
            missing = self._missing_treatments(self.carried)
            at_hand = (verb for verb, at in missing if self.place.startswith(at))
            yield from (f"{verb} {self.carried} with {self.place}" for verb in at_hand)
            fits = not missing and self._asks_for(self.place)
        if fits and not self.closed:
            if self.older:
                yield f"put {self.carried} in/on {self.place}"
            else:
                yield f"move {self.carried} to {self.place}"

    def _is_worth_taking(self, thing: str, place: str) -> bool:
        """Whether the task names it, and it is not where and as the task wants it."""
        done = self._asks_for(place) and not self._missing_treatments(thing)
        return self._asks_for(thing) and not thing.startswith(_LAMPS) and not done

    def _missing_treatments(self, thing: str) -> list[tuple[str, str]]:
        """What the task wants done with a thing of its kind, and where, until it has been done."""
        if thing in self.treated:
            return []
        return [(verb, place) for verb, place, asked in _TREATMENTS if re.search(asked, self.goal)]

    def _asks_for(self, thing: str) -> bool:
        return names(self.goal, thing)
