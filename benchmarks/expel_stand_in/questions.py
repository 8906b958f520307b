"""An actor for HotpotQA over the synthetic encyclopedia that can do all but cope with a missing page.

It plans by the question's words, reads pages as they come, and gives up when a name is not found, unless an
insight in its prompt speaks of similar titles. Which word to look up on a page it takes from the example
whose question is most like its own.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage

from agents.react.benchmarks.hotpotqa import BENCHMARK
from benchmarks.expel_stand_in.reading import Story, Told, question_line, told

UNKNOWN = "unknown"

_MISSED = re.compile(r"^Could not find \[(?P<name>.*?)\]\. Similar: (?P<titles>\[.*\])$", re.DOTALL)
_SIMILAR = re.compile(r"\b(?:similar|other|offered|listed) (?:titles?|names?|pages?)\b", re.IGNORECASE)
_ACTION = re.compile(r"(?P<verb>\w+)\[(?P<argument>.*)\]", re.DOTALL)
_NAME = r"(?P<name>.+?)"


@dataclass(frozen=True, slots=True)
class Hop:
    """From a page to what it says."""

    sort: str
    """What the page is about, to tell namesakes apart."""
    fact: str
    """A pattern with one group."""
    lookup: str = ""
    """A word by which the fact is found where the first paragraph lacks it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered: along a chain of pages, or by two of them side by side."""

    names: tuple[str, ...]
    hops: tuple[Hop, ...]
    compare: str = ""
    """`least`, `most` or `same` for two pages."""


_TOWN_RIVER = Hop("town", r"on the river ([A-Z]\w+)")
_BORN_IN = r"born in ([A-Z]\w+)"
_YEAR = r"(?:published|released) in (\d{4})"
_FOUNDED = r"founded in (\d{4})"
_COUNT = r"([\d,]+) inhabitants"
_PERSON_NAME = r"([A-Z]\w+ [A-Z]\w+)"
_SAME_NAME = "of the same name"

_CHAINS: tuple[tuple[str, tuple[Hop, ...]], ...] = (
    (
        rf"director of the film {_NAME} born",
        (Hop("film", rf"directed by {_PERSON_NAME}"), Hop("director", _BORN_IN, "born in")),
    ),
    (rf"football club {_NAME} lie", (Hop("club", r"club from ([A-Z]\w+)"), _TOWN_RIVER)),
    (
        rf"author of the novel {_NAME} study",
        (
            Hop("novel", rf"novel by {_PERSON_NAME}"),
            Hop("novelist", r"at the (University of [A-Z]\w+)", "studied"),
        ),
    ),
    (
        rf"on which the film {_NAME} is based",
        (Hop("film", rf"based on the novel ({_SAME_NAME}|.+?) by "), Hop("novel", _YEAR)),
    ),
    (
        rf"town where the band {_NAME} began",
        (
            Hop("band", r"from ([A-Z]\w+)"),
            Hop("town", r"football club is (.+?)\.", "football"),
            Hop("club", r"nicknamed (the \w+)"),
        ),
    ),
    (
        rf"music for the film {_NAME} born",
        (Hop("film", rf"music .*?{_PERSON_NAME}", "music"), Hop("composer", r"born [^)]*?(\d{4})")),
    ),
    (
        rf"in which the (?P<sort>\w+) {_NAME} was born",
        (Hop("", _BORN_IN, "born in"), Hop("town", _COUNT)),
    ),
    (
        rf"setting of the novel {_NAME} lies",
        (
            Hop("novel", r"set in ([A-Z]\w+)"),
            _TOWN_RIVER,
            Hop("river", r"(\d+) kilometres"),
        ),
    ),
)
_PAIR = r"(?P<one>.+?) (?:or|and) (?P<other>.+?)"
_PAIRS: tuple[tuple[str, Hop, str], ...] = (
    (rf"Which film was released first, {_PAIR}\?", Hop("film", _YEAR), "least"),
    (rf"Which novel was published first, {_PAIR}\?", Hop("novel", _YEAR), "least"),
    (rf"Which river is longer, {_PAIR}\?", Hop("river", r"(\d+) kilometres"), "most"),
    (rf"Which football club was founded first, {_PAIR}\?", Hop("club", _FOUNDED), "least"),
    (rf"Which town has more inhabitants, {_PAIR}\?", Hop("town", _COUNT), "most"),
    (rf"Who was born first, {_PAIR}\?", Hop("", r"\(born (.+?)\)"), "least"),
    (rf"Are the towns {_PAIR} in the same country", Hop("town", r"town in ([A-Z]\w+)"), "same"),
    (rf"Do {_PAIR} have the same profession", Hop("", r"is an? [A-Z]\w+ (\w+)\."), "same"),
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def act(messages: list[BaseMessage], _: Mapping[str, str], __: dict[str, Any] | None) -> str:
    """The next answer of an attempt, or the reflection on one that failed."""
    if messages[-1].text.endswith(BENCHMARK.reflection_request):
        return _reflection(messages[-1].text)
    prompt = told(messages, BENCHMARK, question_line)
    number = sum(line.kind == "action" for line in prompt.own.lines) + 1
    thought, action = _next(prompt)
    written = f"Action {number}: {action}"
    if prompt.own.lines and prompt.own.lines[-1].kind == "thought":
        return written
    return f"Thought {number}: {thought}\n{written}"


def advises_similar_titles(text: str) -> bool:
    """Whether an insight speaks of the titles that are offered in place of a missing page."""
    return bool(_SIMILAR.search(text))


def plan_of(question: str) -> Plan:
    """How a question of the known kinds is answered."""
    for pattern, hops in _CHAINS:
        if found := re.search(pattern, question):
            sort = found.groupdict().get("sort")
            first = Hop(sort, hops[0].fact, hops[0].lookup) if sort else hops[0]
            return Plan((found["name"],), (first, *hops[1:]))
    for pattern, hop, compare in _PAIRS:
        if found := re.search(pattern, question):
            return Plan((found["one"], found["other"]), (hop,), compare)
    return Plan((), ())


@dataclass(slots=True)
class _Reading:
    """The pages that an attempt has read, one hop after the other."""

    text: str = ""
    """What the open page has shown."""
    searched: str = ""
    looked_up: str = ""
    titles: tuple[str, ...] = ()
    """What was offered in place of a missing page."""


def _next(prompt: Told) -> tuple[str, str]:
    plan = plan_of(prompt.own.task)
    if not plan.names:
        return "I do not know how to find this out.", f"Finish[{UNKNOWN}]"
    pages = _pages(prompt.own)
    hopeful = _tries_titles(prompt)
    facts: list[str] = []
    for place in range(max(len(plan.names), len(plan.hops))):
        name = plan.names[place] if place < len(plan.names) else facts[-1]
        hop = plan.hops[0] if plan.compare else plan.hops[place]
        step = _read(pages, name, hop, prompt.examples, prompt.own.task, hopeful)
        if isinstance(step, tuple):
            return step
        facts.append(plan.names[0] if step == _SAME_NAME else step)
    return "I have all I need.", f"Finish[{_answer(plan, facts)}]"


def _tries_titles(prompt: Told) -> bool:
    if any(map(advises_similar_titles, prompt.insights)):
        return True
    return bool(_SIMILAR.search(prompt.reflections))


def _pages(own: Story) -> dict[str, _Reading]:
    pages: dict[str, _Reading] = {}
    open_page = _Reading()
    action = None
    for line in own.lines:
        if line.kind == "action":
            action = _ACTION.search(line.text)
            if action and action["verb"].lower() == "search":
                open_page = pages.setdefault(action["argument"], _Reading(searched=action["argument"]))
            elif action:
                open_page.looked_up = action["argument"]
        elif line.kind == "observation":
            missed = _MISSED.match(line.text)
            if missed:
                open_page.titles = tuple(ast.literal_eval(missed["titles"]))
            else:
                open_page.text += f" {line.text}"
    return pages


def _read(
    pages: Mapping[str, _Reading], name: str, hop: Hop, examples: Sequence[Story], task: str, hopeful: bool
) -> str | tuple[str, str]:
    """The fact on a page, or the thought and the action that bring it nearer."""
    page = pages.get(name)
    if page is None:
        return f"I have to read about {name}.", f"Search[{name}]"
    if page.titles:
        if not hopeful:
            return f"There is no page {name}, so I do not know.", f"Finish[{UNKNOWN}]"
        fitting = [title for title in page.titles if title.startswith(f"{name} (")]
        sorted_by_fit = sorted(fitting, key=lambda title: hop.sort not in title)
        if not sorted_by_fit:
            return f"Nothing like {name} is there.", f"Finish[{UNKNOWN}]"
        if sorted_by_fit[0] not in pages:
            return f"Of the similar titles, {sorted_by_fit[0]} fits.", f"Search[{sorted_by_fit[0]}]"
        page = pages[sorted_by_fit[0]]
    found = re.search(hop.fact, page.text)
    if found:
        return found[1].strip()
    word = _word_to_look_up(examples, task) or hop.lookup
    if not word or page.looked_up:
        return "The page does not say it.", f"Finish[{UNKNOWN}]"
    return "The beginning of the page does not say it. I look further down.", f"Lookup[{hop.lookup or word}]"


def _word_to_look_up(examples: Sequence[Story], task: str) -> str:
    """What was looked up for the question that shares the most words with this one."""
    words = set(task.lower().split())
    best: tuple[int, str] = (0, "")
    for example in examples:
        for line in example.lines:
            action = _ACTION.search(line.text) if line.kind == "action" else None
            if action and action["verb"].lower() == "lookup":
                best = max(best, (len(words & set(example.task.lower().split())), action["argument"]))
    return best[1]


def _answer(plan: Plan, facts: Sequence[str]) -> str:
    if not plan.compare:
        return facts[-1]
    if plan.compare == "same":
        return "yes" if facts[0] == facts[1] else "no"
    choose = min if plan.compare == "least" else max
    return choose(zip(facts, plan.names, strict=True), key=lambda pair: _measure(pair[0]))[1]


def _measure(fact: str) -> tuple[int, ...]:
    """A number, or a day as year, month and day."""
    words = fact.replace(",", "").split()
    months = [_MONTHS.index(word) for word in words if word in _MONTHS]
    numbers = [int(word) for word in words if word.isdigit()]
    return (numbers[-1], *months, *numbers[:-1])


def _reflection(text: str) -> str:
    trial = text.rpartition("This is the trial:\n")[2]
    if "Could not find" in trial:
        return (
            "Reflection: I gave up on a name that was not found; next time I try one of the similar titles."
        )
    return "Reflection: I have to read the pages more closely."
