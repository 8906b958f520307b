"""An actor for ALFWorld that knows its trade but for two things, which only memory can tell it.

It never opens what is closed, unless an insight in its prompt speaks of opening closed places; and it goes
through a room in the order in which places are listed, unless an example in its prompt shows where such a
thing lies. After a failed trial it notes which closed places it passed by, and the next time it may, by a
draw that follows from the prompt, open them. Its thoughts are short, since a success that is longer than the
longest demonstration is not shown as an example.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage

from agents.react.benchmarks.alfworld import BENCHMARK
from benchmarks.expel_stand_in.reading import Story, Told, chance, household_line, story, told
from benchmarks.expel_stand_in.rooms import Room, kind_of, room_of, sightings

OPENS_AFTER_REFLECTION = 0.5
"""How often a trial with a reflection about closed places opens them."""

_APPLIANCES = {"clean": "sinkbasin", "heat": "microwave", "cool": "fridge"}
_TREATED = {"clean": "clean", "heat": "heat", "hot": "heat", "cool": "cool", "cold": "cool"}
_LAMP = "desklamp"
_FILLERS = frozenset(
    ("put", "place", "find", "look", "examine", "at", "under", "with", "the", "a", "an", "some", "it", "them",
     "and", "in", "on", "to", "then", "two")
)  # fmt: skip
_OPENS = re.compile(r"\bopen(?:s|ed|ing)?\b", re.IGNORECASE)
_CLOSED = re.compile(r"\b(?:closed|shut)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|without|avoid|no need to)\b[^.]*\bopen", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a task asks for."""

    thing: str
    place: str
    """The kind of place it is brought to; a desklamp's for the tasks that need light."""
    treatment: str
    two: bool

    @property
    def needs_light(self) -> bool:
        return self.place == _LAMP


def act(messages: list[BaseMessage], _: Mapping[str, str], __: dict[str, Any] | None) -> str:
    """The next answer of an attempt, or the reflection on one that failed."""
    if messages[-1].text.endswith(BENCHMARK.reflection_request):
        return _reflection(messages[-1].text)
    prompt = told(messages, BENCHMARK, household_line)
    thought, action = _next(prompt)
    just_thought = prompt.own.lines and prompt.own.lines[-1].kind == "thought"
    return f"> {action}" if just_thought else f"> think: {thought}\n> {action}"


def goal_of(task: str) -> Goal:
    """Read the sentence that says what is asked."""
    words = re.findall(r"[a-z]+", task.rpartition("Your task is to:")[2].lower())
    named = [word for word in words if word not in _FILLERS and word not in _TREATED]
    treatment = next((_TREATED[word] for word in words if word in _TREATED), "")
    return Goal(thing=named[0], place=named[-1], treatment=treatment, two="two" in words)


def advises_opening(text: str) -> bool:
    """Whether an insight speaks of opening what is closed."""
    return bool(_OPENS.search(text) and _CLOSED.search(text) and not _DENIED.search(text))


def _opens(prompt: Told) -> bool:
    if any(map(advises_opening, prompt.insights)):
        return True
    tried = prompt.reflections.count("Trial ")
    return (
        bool(_CLOSED.search(prompt.reflections))
        and chance(prompt.own.task, str(tried)) < OPENS_AFTER_REFLECTION
    )


def _next(prompt: Told) -> tuple[str, str]:
    goal = goal_of(prompt.own.task)
    room = room_of(prompt.own)
    opens = _opens(prompt)
    if kind_of(room.holding or "-") == goal.thing:
        return _deliver(room, goal, opens, prompt.examples)
    target = "" if goal.needs_light else _destination(room, goal, opens)
    found = room.where(goal.thing, except_in=[target] if goal.two else [])
    if found is None:
        return _search(room, goal.thing, opens, prompt.examples, except_in=[target] if goal.two else [])
    thing, place = found
    if room.here != place:
        return f"I have seen the {thing}, so I go there.", f"go to {place}"
    return f"Here is the {thing}. I take it.", f"take {thing} from {place}"


def _destination(room: Room, goal: Goal, opens: bool) -> str:
    """One place of the kind that can be used: that which holds such a thing already, else the first."""
    places = [place for place in room.of_kind(goal.place) if opens or place not in room.closed]
    filled = [place for place in places if room.moved.intersection(room.contents.get(place, ()))]
    return (filled or places or [""])[0]


def _deliver(room: Room, goal: Goal, opens: bool, examples: Sequence[Story]) -> tuple[str, str]:
    if goal.needs_light:
        lamp = room.where(_LAMP)
        if lamp is None:
            return _search(room, _LAMP, opens, examples)
        if room.here != lamp[1]:
            return f"I hold the {goal.thing}; now to the lamp.", f"go to {lamp[1]}"
        return "The lamp is here. I turn it on.", f"use {lamp[0]}"
    if goal.treatment and not room.treated:
        appliance = (room.of_kind(_APPLIANCES[goal.treatment]) or [""])[0]
        if room.here != appliance:
            return f"I hold the {goal.thing} and have to {goal.treatment} it.", f"go to {appliance}"
        return f"I {goal.treatment} it here.", f"{goal.treatment} {room.holding} with {appliance}"
    place = _destination(room, goal, opens)
    if not place:
        return _wander(room, f"Every {goal.place} is closed, and I do not know how to go on.")
    if room.here != place:
        return f"What is left is to bring it to the {place}.", f"go to {place}"
    if place in room.closed:
        return f"The {place} is closed, so I open it first.", f"open {place}"
    return "I put it down here.", f"move {room.holding} to {place}"


def _search(
    room: Room, wanted: str, opens: bool, examples: Sequence[Story], except_in: Sequence[str] = ()
) -> tuple[str, str]:
    if opens and room.here in room.closed:
        return "It is closed. What is inside?", f"open {room.here}"
    seen = sightings(examples, wanted)
    unseen = [place for place in room.places if not room.visits[place] and place not in except_in]
    left = sorted(unseen, key=lambda place: -seen.get(kind_of(place), 0))
    if not left:
        return _wander(room, "I was everywhere. Once more.")
    shown = seen.get(kind_of(left[0]))
    return "There it was before." if shown else "Not seen yet, so on.", f"go to {left[0]}"


def _wander(room: Room, thought: str) -> tuple[str, str]:
    """Where it has been least often, in listed order."""
    places = [place for place in room.places if place != room.here]
    return thought, f"go to {min(places, key=lambda place: room.visits[place])}" if places else "look"


def _reflection(text: str) -> str:
    """What the failed trial left untried."""
    trial = text.rpartition("This is the trial:\n")[2].removesuffix(BENCHMARK.reflection_request)
    failed = story(trial, household_line)
    room = room_of(failed)
    passed_by = [place for place in room.places if place in room.closed]
    if passed_by:
        return f"New Plan: I never looked into {_and(passed_by)}, which stayed closed; next time I try those."
    return (
        f"New Plan: I ran out of actions before I had a {goal_of(failed.task).thing}; I have to be quicker."
    )


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
