"""ALFWorld: household chores in a text world."""

import re

from agents.react.benchmark import Benchmark
from agents.react.household_status import household_status, names
from agents.react.lines import read_household

_REFLECTION_EXAMPLES = (
    """You are in the middle of a room. Looking quickly around you, you see a cabinet 2, a cabinet 1, a countertop 1, \
a garbagecan 1, a sinkbasin 1, and a toilet 1.
Your task is to: put some soapbar in toilet.
> think: I need a soapbar. It is probably on the countertop 1 or near the sinkbasin 1.
> go to countertop 1
You arrive at countertop 1. On the countertop 1, you see a candle 1, and a soapbottle 1.
> take soapbottle 1 from countertop 1
You pick up the soapbottle 1 from the countertop 1.
> go to toilet 1
You arrive at toilet 1. On the toilet 1, you see a toiletpaper 1.
> move soapbottle 1 to toilet 1
You move the soapbottle 1 to the toilet 1.
> look
You are facing the toilet 1. Next to it, you see nothing.
STATUS: FAIL
New Plan: I took a soapbottle although the task asks for a soapbar; next time I check the exact name, and look \
in the sinkbasin 1 and inside cabinet 1 and cabinet 2 until I find a soapbar.""",
    """You are in the middle of a room. Looking quickly around you, you see a drawer 2, a drawer 1, a bed 1, a desk 1, \
and a shelf 1.
Your task is to: look at book under the desklamp.
> think: I need a book first, then a desklamp.
> go to bed 1
You arrive at bed 1. On the bed 1, you see a book 1.
> take book 1 from bed 1
You pick up the book 1 from the bed 1.
> go to shelf 1
You arrive at shelf 1. On the shelf 1, you see a vase 1.
> go to drawer 1
You arrive at drawer 1. The drawer 1 is closed.
> go to drawer 2
You arrive at drawer 2. The drawer 2 is closed.
STATUS: FAIL
New Plan: I had the book and then searched drawers for a lamp, which stands on furniture and not in drawers; \
next time I go to desk 1 with the book right away and use the desklamp 1 there.""",
)


_LOOKS = ("go to ", "look", "inventory", "help", "examine ", "open ", "close ")
_TAKE = re.compile(r"^take ([a-z]+ \d+) from ")
_PUT = re.compile(r"^(?:move|put) ([a-z]+ \d+) (?:to|in/on) ([a-z]+ \d+)$")


def _as_in_the_paper(observation: str) -> str:
    """Without the words that nothing is to be seen."""
    return observation.replace(" In it, you see nothing.", "").replace(", you see nothing", "")


def _looks_again(action: str, seen: str) -> int | None:
    """A place may be closed at first, or hold what is wanted later; one where nothing lies is done."""
    if not action.startswith(_LOOKS):
        return None
    return 0 if "you see nothing" in seen else 1


def _puts_back(task: str, action: str, last: str) -> bool:
    """Whether a thing that the task names would go back to where it was taken from a moment ago; one that was
    taken by mistake may."""
    put = _PUT.match(action)
    return put is not None and last == f"take {put[1]} from {put[2]}" and names(_goal(task), put[1])


def _takes_another_thing(task: str, action: str) -> bool:
    """Whether a thing would be taken that the task does not name; games name kinds as their commands do."""
    taken = _TAKE.match(action)
    return taken is not None and not names(_goal(task), taken[1])


def _goal(task: str) -> str:
    return task.partition("Your task is to:")[2]


BENCHMARK = Benchmark(
    name="alfworld",
    identity="a household robot that acts in a world of text",
    instruction=(
        "You are told what is in a room and what to do there. You reach the goal by typing commands. A line that "
        "starts with \"> think:\" is a thought: use it to split the task into parts, to list where a thing is "
        "likely to be, and to say what comes next. Every other line that starts with \">\" is one command, "
        "written exactly as in the examples."
    ),
    act_instruction=(
        "You are told what is in a room and what to do there. You reach the goal by typing commands, one on "
        "each line that starts with \">\", written exactly as in the examples."
    ),
    read=read_household,
    forms={"thought": "> think: {text}", "action": "> {text}", "observation": "{text}"},
    turn="Now it is your turn. Here is your task.",
    insights_header=(
        "This is what you have learned from earlier tasks of this kind. Use it where it helps:"
    ),
    reflections_header="Your memory of earlier trials at the task that follows, which failed:",
    reflection_form="Trial {n}:\n{text}",
    reflection_request=(
        "You failed because you ran out of actions, repeated yourself, or lost your way. Do not sum up the "
        "room. In one line, say where your plan went wrong and write a new plan that names the actions you "
        "should have taken. Start the line with \"New Plan:\"."
    ),
    reflection_examples=_REFLECTION_EXAMPLES,
    described=(
        "The agent is a robot in a simulated household. It reads what it sees and types commands such as "
        "\"go to fridge 1\" or \"take apple 1 from fridge 1\", to bring an object to a place, clean, heat or cool "
        "it first, or look at it under a lamp. It carries one object at a time."
    ),
    why_failed="A trial fails when its actions are used up, or when it repeats the same action, before the goal is "
    "reached.",
    max_steps=20,
    num_examples=2,
    group_size=8,
    max_num_rules=10,
    failure_mark="STATUS: FAIL",
    stops_on_repeat=True,
    examples_by_kind=True,
    paper_wording=_as_in_the_paper,
    status=household_status,
    looks_again=_looks_again,
    undoes=_puts_back,
    idle=_takes_another_thing,
)  # fmt: skip
