"""The HotpotQA suite: bundled questions over the synthetic encyclopedia, or the published ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from games.text.docstore.environment import Exercise, Payload
from games.text.docstore.scoring import exact_match
from games.text.docstore.suite import BUNDLED, OWN, DocstoreSuite, bundled_suite
from games.text.docstore.wiki.bundle import NUM_TASKS, bundled_questions
from games.text.docstore.wiki.routes import Inquiry
from games.text.env import StepResult, Task
from games.text.hotpotqa.published import PublishedQuestion, question_file, read_questions, store_of

KIND = "question"
"""One kind for all: a reader is not told whether a question is a bridge or a comparison."""


def open_suite(data: Path | None = None) -> DocstoreSuite:
    """The suite over a file or folder of the published form, or over the bundled questions.

    Raises:
        GameError: the data cannot be read.
    """
    suite = bundled_suite(
        name="hotpotqa",
        origin=f"{NUM_TASKS} synthetic questions over a synthetic encyclopedia: not HotpotQA scores.",
        exercise=EXERCISE,
        drawn=tuple(_bundled_task(place, inquiry) for place, inquiry in enumerate(bundled_questions(), 1)),
    )
    if data is None:
        return suite
    file, more = question_file(data)
    questions = read_questions(file)
    return replace(
        suite,
        origin=f"{len(questions)} questions of {file.name}.",
        tasks=tuple(_published_task(question) for question in questions),
        own_store=store_of(questions, more),
    )


def _opening(payload: Payload) -> str:
    return f"Question: {payload['question']}"


def _judge(payload: Payload, answer: str) -> StepResult:
    right = exact_match(answer, payload["answer"])
    return StepResult(
        observation="Answer is CORRECT" if right else "Answer is INCORRECT",
        done=True,
        success=right,
        reward=float(right),
    )


EXERCISE = Exercise(
    granularity="paragraph",
    opening=_opening,
    judge=_judge,
    forms="Valid actions are Search[title of a page], Lookup[words on that page] and Finish[answer].",
)


def _bundled_task(number: int, inquiry: Inquiry) -> Task:
    payload: dict[str, Any] = {
        "wiki": BUNDLED,
        "question": inquiry.text,
        "answer": inquiry.answer,
        "type": inquiry.kind,
        "solution": list(inquiry.solution),
    }
    return Task(id=f"wiki-question-{number:03}", kind=KIND, goal=inquiry.text, payload=payload)


def _published_task(question: PublishedQuestion) -> Task:
    payload: dict[str, Any] = {
        "wiki": OWN,
        "question": question.question,
        "answer": question.answer,
        "type": question.type,
        "level": question.level,
    }
    goal = " ".join(question.question.split())
    return Task(id=question.id, kind=KIND, goal=goal, payload=payload)
