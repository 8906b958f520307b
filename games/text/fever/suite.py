"""The FEVER suite: bundled claims about the synthetic encyclopedia, or the published ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from games.text.docstore.environment import Exercise, Payload
from games.text.docstore.labels import LABELS, read_label
from games.text.docstore.suite import BUNDLED, OWN, DocstoreSuite, bundled_suite
from games.text.docstore.wiki.bundle import NUM_TASKS, bundled_claims
from games.text.docstore.wiki.routes import Inquiry
from games.text.env import StepResult, Task
from games.text.fever.published import PublishedClaim, claim_file, in_reference_order, read_claims, read_store

KIND = "claim"
"""One kind for all: the label is what is asked."""


def open_suite(data: Path | None = None) -> DocstoreSuite:
    """The suite over a folder of published claims and pages, or over the bundled claims.

    Raises:
        GameError: the data cannot be read.
    """
    suite = bundled_suite(
        name="fever",
        origin=f"{NUM_TASKS} synthetic claims over a synthetic encyclopedia: not FEVER scores.",
        exercise=EXERCISE,
        drawn=tuple(_bundled_task(place, inquiry) for place, inquiry in enumerate(bundled_claims(), 1)),
    )
    if data is None:
        return suite
    file = claim_file(data)
    claims = in_reference_order(read_claims(file))
    return replace(
        suite,
        origin=f"{len(claims)} claims of {file.name}.",
        tasks=tuple(_published_task(claim) for claim in claims),
        own_store=read_store(data),
    )


def _opening(payload: Payload) -> str:
    return f"Claim: {payload['claim']}"


def _judge(payload: Payload, answer: str) -> StepResult:
    label, translated = read_label(answer)
    right = label == payload["label"]
    return StepResult(
        observation=f"Episode finished, reward = {int(right)}",
        done=True,
        success=right,
        reward=float(right),
        translated=translated,
    )


EXERCISE = Exercise(
    granularity="sentence",
    opening=_opening,
    judge=_judge,
    forms=(
        "Valid actions are Search[title of a page], Lookup[words on that page] and Finish[label] "
        f"with one of the labels {', '.join(LABELS)}."
    ),
)


def _bundled_task(number: int, inquiry: Inquiry) -> Task:
    payload: dict[str, Any] = {
        "wiki": BUNDLED,
        "claim": inquiry.text,
        "label": inquiry.answer,
        "solution": list(inquiry.solution),
    }
    return Task(id=f"wiki-claim-{number:03}", kind=KIND, goal=inquiry.text, payload=payload)


def _published_task(claim: PublishedClaim) -> Task:
    payload: dict[str, Any] = {"wiki": OWN, "claim": claim.claim, "label": claim.label}
    return Task(id=str(claim.id), kind=KIND, goal=" ".join(claim.claim.split()), payload=payload)
