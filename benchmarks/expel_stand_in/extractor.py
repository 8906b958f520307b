"""A judge of attempts: finds what successes do and failures do not, and changes the list of insights.

It reads attempts as answers to cues: something is closed, a name is not found, what the task asks for lies
there. A way to answer a cue that a success shows and its failed twin does not is worth an insight; one that
most successes of a group share confirms one. No insight is written down here: each is put together from the
words of the attempts. The answers come in the untidy forms that language models choose.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage

from benchmarks.expel_stand_in.reading import (
    LineReader,
    Story,
    chance,
    household_line,
    numbered,
    question_line,
    story,
)

MOST_OPERATIONS = 4
SHARED = 0.4
"""Share of a group's successes that must do something for it to count as what they have in common."""

_STATE = re.compile(r"\bThe ([a-z]+ \d+) is (\w+)\.")
_MISSED = re.compile(r"^Could not find \[?(?P<name>[^\]]*?)\]?\.", re.IGNORECASE)
_HOUSEHOLD_VERB = re.compile(r"^[a-z]+(?: to)?(?= [a-z]+ \d)")
_BRACKETED = re.compile(r"^(?P<verb>\w+)\[(?P<argument>.*)\]$")
_WORDS = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Habit:
    """A way to answer a cue."""

    cue: str
    verb: str
    manner: str
    """How what is acted on relates to the cue: `it`, `another`, `offered` or `wanted`."""

    def advice(self) -> str:
        """The habit as general advice."""
        match self.manner:
            case "it":
                return f"When something turns out to be {self.cue}, {self.verb} it before you go elsewhere."
            case "another":
                return (
                    f"That something is {self.cue} does not matter when you only {self.verb} a thing with it."
                )
            case "offered":
                return (
                    f"When a name is {self.cue}, {self.verb} the similar title that fits the sort of thing."
                )
            case _:
                return f"As soon as you see what the task asks for, {self.verb} it."

    def is_said_by(self, insight: str) -> bool:
        """Whether an insight gives this advice, in whatever words around it."""
        said = set(_WORDS.findall(insight.lower()))
        return set(_WORDS.findall(self.advice().lower())) <= said


def judge(messages: list[BaseMessage], _: Mapping[str, str], __: dict[str, Any] | None) -> str:
    """Operations on the list of insights, in some form or other."""
    text = messages[-1].text
    attempts, rest = text.split("These are the insights so far:\n")
    known = numbered(rest.partition("You may change the list")[0])
    read = household_line if "\n>" in attempts else question_line
    if "A trial that failed" in attempts:
        operations = _from_pair(attempts, known, read)
    else:
        operations = _from_group(attempts, known, read)
    return _written(operations[:MOST_OPERATIONS], text)


def habits(attempt: Story) -> list[Habit]:
    """Every cue of an attempt with what was done about it."""
    found: list[Habit] = []
    seen = attempt.task
    for line in attempt.lines:
        if line.kind == "observation":
            seen = line.text
        elif line.kind == "action":
            found += _answers(attempt.task, seen, line.text)
    return found


@dataclass(frozen=True, slots=True)
class _Operation:
    verb: str
    number: int | None
    text: str


def _answers(task: str, seen: str, action: str) -> list[Habit]:
    bracketed = _BRACKETED.match(action)
    missed = _MISSED.match(seen)
    if bracketed:
        offered = missed and bracketed["argument"] in seen.partition("Similar:")[2]
        return [Habit("not found", bracketed["verb"].lower(), "offered")] if offered else []
    verb = _HOUSEHOLD_VERB.match(action)
    if verb is None or verb[0] == "go to":  # to go elsewhere is what everyone does in the end
        return []
    target = action[verb.end() :].split(" from ")[0].split(" with ")[0].strip()
    state = _STATE.search(seen)
    if state:
        return [Habit(state[2], verb[0], "it" if target == state[1] else "another")]
    wanted = target.split()[0] in _WORDS.findall(task.rpartition("Your task is")[2])
    return [Habit("", verb[0], "wanted")] if wanted and target in seen else []


def _from_pair(attempts: str, known: Sequence[str], read: LineReader) -> list[_Operation]:
    """What the success did about a cue that the failure met too, and did nothing like it about."""
    before, _, failed = attempts.partition("A trial that failed")
    task, _, solved = before.removeprefix("The task:\n").partition("\n\nA trial that succeeded:\n")
    success = story(f"{task}\n{solved}", read)
    failure = story(f"{task}\n{failed.partition(':')[2]}", read)
    done = list(dict.fromkeys(habits(success)))
    not_done = set(habits(failure))
    lacked = [habit for habit in done if habit not in not_done]
    lacked.sort(key=lambda habit: not habit.cue or habit.cue not in _seen_by(failure))
    return _proposed(lacked[:2], known)


def _from_group(attempts: str, known: Sequence[str], read: LineReader) -> list[_Operation]:
    blocks = re.split(r"\n\n(?=Task \d+:\n)", attempts)[1:]
    stories = [story(block.partition("\n")[2].strip(), read) for block in blocks]
    counts = Counter(habit for each in stories for habit in dict.fromkeys(habits(each)))
    shared = [habit for habit, count in counts.most_common() if count >= SHARED * len(stories)]
    return [*_proposed(shared, known), *_idle(known, counts)]


def _proposed(worthy: Iterable[Habit], known: Sequence[str]) -> list[_Operation]:
    operations = []
    for habit in worthy:
        number = next((place for place, text in enumerate(known, 1) if habit.is_said_by(text)), None)
        verb = "ADD" if number is None else "AGREE"
        operations.append(_Operation(verb, number, habit.advice() if number is None else known[number - 1]))
    return operations


def _idle(known: Sequence[str], counts: Mapping[Habit, int]) -> list[_Operation]:
    """Insights that no success of the group has followed."""
    return [
        _Operation("REMOVE", number, text)
        for number, text in enumerate(known, 1)
        if not any(habit.is_said_by(text) for habit in counts)
    ]


def _seen_by(attempt: Story) -> str:
    seen = " ".join(line.text for line in attempt.lines if line.kind == "observation")
    return seen.replace("Could not find", "not found")


_FORMS = (
    "{verb} {number}: {text}",
    "**{verb} {number}**: {text}",
    "- {lower} {number}: {text}",
    "{place}. {title} {number} : {text}",
    "* {synonym} {number}: {text}",
)
_SYNONYMS = {"ADD": "Add", "AGREE": "UPVOTE", "REMOVE": "DOWNVOTE"}


def _written(operations: Sequence[_Operation], prompt: str) -> str:
    """The operations, each in a form that follows from the prompt."""
    lines = ["Here is what I would change:"] if chance(prompt, "greeting") < 0.5 else []
    for place, one in enumerate(operations, 1):
        form = _FORMS[int(chance(prompt, str(place)) * len(_FORMS))]
        text = one.text if chance(prompt, one.text) < 0.7 else one.text.rstrip(".")
        lines.append(
            form.format(
                verb=one.verb,
                lower=one.verb.lower(),
                title=one.verb.title(),
                synonym=_SYNONYMS[one.verb],
                number=one.number or place,
                place=place,
                text=text,
            )
        )
    return "\n".join(lines)
