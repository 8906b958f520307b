"""Answering out of pages with Search, Lookup and Finish: what HotpotQA and FEVER have in common.

Two granularities, after the two environments in use. By paragraph (LangChain's docstore explorer, with which
ExpeL runs HotpotQA): a search shows the page's first paragraph, a lookup walks over its paragraphs, and a
title that is not found closes the page. By sentence (ReAct's own environment, with which ExpeL runs FEVER):
the first five sentences, sentence by sentence, and the page stays open. A title that several things share is
answered as not found, with the titles that resemble it. Unlike LangChain's, a lookup begins anew with every
page, also with the words that were looked up on the last one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from games.errors import GameError
from games.text.docstore.actions import parse_action
from games.text.docstore.pages import Page
from games.text.docstore.sentences import sentences
from games.text.docstore.store import Docstore
from games.text.env import StepResult, Task

VERSION = "docstore-1"
"""Goes up when the wording or the rules below change."""
SENTENCES_SHOWN = 5

Granularity = Literal["paragraph", "sentence"]
Payload = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exercise:
    """What is asked over the pages, and how an answer is judged."""

    granularity: Granularity
    opening: Callable[[Payload], str]
    """The task's text."""
    judge: Callable[[Payload, str], StepResult]
    """What comes of `Finish[answer]`."""
    forms: str
    """The valid actions, as an invalid one is answered."""
    num_similar: int = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class _Manner:
    """What a granularity says and does."""

    missed: str
    found: str
    none_found: str
    no_more: str
    miss_closes_page: bool


_MANNERS: Mapping[Granularity, _Manner] = {
    "paragraph": _Manner(
        missed="Could not find [{}]. Similar: {}",
        found="(Result {}/{}) {}",
        none_found="No Results",
        no_more="No More Results",
        miss_closes_page=True,
    ),
    "sentence": _Manner(
        missed="Could not find {}. Similar: {}.",
        found="(Result {} / {}) {}",
        none_found="No more results.",
        no_more="No more results.",
        miss_closes_page=False,
    ),
}


class DocstoreEnv:
    """One task at a time over the pages that the task's payload names under `wiki`."""

    def __init__(self, exercise: Exercise, open_store: Callable[[str], Docstore]) -> None:
        self._exercise = exercise
        self._manner = _MANNERS[exercise.granularity]
        self._open_store = open_store
        self._task: Task | None = None
        self._store = Docstore(())
        self._units: tuple[str, ...] | None = None
        self._words_sought = ""
        self._num_shown = 0

    def reset(self, task: Task) -> str:
        try:
            opening = self._exercise.opening(task.payload)
            self._store = self._open_store(task.payload["wiki"])
        except KeyError as missing:
            raise GameError(f"task {task.id} is not of this suite: its payload has no {missing}") from missing
        self._task = task
        self._turn_to(None)
        return opening

    def step(self, action: str) -> StepResult:
        if self._task is None:
            raise GameError("no task is open: call reset first; an episode ends with Finish")
        parsed = parse_action(action)
        if parsed is None:
            return StepResult(observation=f"Invalid action. {self._exercise.forms}", valid=False)
        if parsed.verb == "search":
            return StepResult(observation=self._search(parsed.argument))
        if parsed.verb == "lookup":
            return self._lookup(parsed.argument)
        payload, self._task = self._task.payload, None
        return self._exercise.judge(payload, parsed.argument)

    def admissible(self) -> None:
        """Nothing can be listed: titles and words are free text."""
        return None

    def close(self) -> None:
        self._task = None

    def _search(self, title: str) -> str:
        page = self._store.find(title)
        if page is None or page.lists_namesakes:
            if self._manner.miss_closes_page:
                self._turn_to(None)
            return self._manner.missed.format(
                title, list(self._store.similar(title, self._exercise.num_similar))
            )
        self._turn_to(page)
        if self._exercise.granularity == "paragraph":
            return page.paragraphs[0]
        return " ".join((self._units or ())[:SENTENCES_SHOWN])

    def _lookup(self, words: str) -> StepResult:
        if self._units is None:
            return StepResult(
                observation="No page is open to look in: search for one that is there first.",
                valid=False,
            )
        sought = words.casefold()
        if sought != self._words_sought:
            self._words_sought, self._num_shown = sought, 0
        found = [unit for unit in self._units if sought in unit.casefold()]
        if not found:
            return StepResult(observation=self._manner.none_found)
        if self._num_shown == len(found):
            return StepResult(observation=self._manner.no_more)
        self._num_shown += 1
        shown = found[self._num_shown - 1]
        return StepResult(observation=self._manner.found.format(self._num_shown, len(found), shown))

    def _turn_to(self, page: Page | None) -> None:
        self._words_sought, self._num_shown = "", 0
        if page is None:
            self._units = None
        elif self._exercise.granularity == "paragraph":
            self._units = page.paragraphs
        else:
            self._units = tuple(sentence for text in page.paragraphs for sentence in sentences(text))
