"""WebShop as a suite: the bundled shop, or WebShop's own data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from games.text.env import Demonstration, Task
from games.text.webshop import synthetic
from games.text.webshop.catalogue import Goal
from games.text.webshop.env import ERRAND, Errand, WebShopEnv
from games.text.webshop.official import read_official
from games.text.webshop.reward import NounFn, content_words
from games.text.webshop.shop import Shop

KIND = "purchase"
"""One kind for all: whatever is bought, the shop works the same."""
RULES_VERSION = 1
"""Raised whenever pages, buttons or the reward change; a test holds whole episodes against it."""

BUNDLED = "bundled"
OFFICIAL = "webshop"

_DEMONSTRATIONS = Path(__file__).with_name("demonstrations.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class WebShopSuite:
    """Customers with their wishes, and the shops that they come to."""

    name: str = "webshop"
    origin: str
    fingerprint: str
    tasks: tuple[Task, ...]
    demonstrations: tuple[Demonstration, ...]
    demonstration_tasks: tuple[Task, ...]
    """On the bundled shop, also where the tasks are WebShop's own."""
    shops: Mapping[str, Shop]
    noun_fn: NounFn

    def make(self) -> WebShopEnv:
        """An environment; all of a suite share its shops."""
        return WebShopEnv(self.shops, noun_fn=self.noun_fn)


def open_suite(data: Path | None = None, *, noun_fn: NounFn = content_words) -> WebShopSuite:
    """The bundled shop, or the one whose files lie in the folder.

    Args:
        noun_fn: The nouns of a title, for the reward; a tagger's make it WebShop's to the letter.

    Raises:
        GameError: the folder does not hold WebShop's files.
    """
    demonstrations = _demonstrations()
    shown = {demonstration.task_id for demonstration in demonstrations}
    examples = (_solved_task(f"spare_{place}", goal) for place, goal in enumerate(synthetic.spare_goals()))
    shops = {BUNDLED: _bundled_shop()}
    if data is None:
        origin = "100 synthetic goals in a synthetic shop of 600 products: not WebShop scores."
        digest = _bundled_digest()
        tasks = tuple(_solved_task(f"fixed_{place}", goal) for place, goal in enumerate(synthetic.goals()))
    else:
        official = read_official(data)
        shops[OFFICIAL] = Shop(official.products)
        origin = (
            f"{len(official.goals):,} human goals of WebShop over {len(official.products):,} products, "
            "with mean prices (ExpeL), our own search and "
            f"{'content words' if noun_fn is content_words else 'a given tagger'} for nouns."
        )
        digest = official.digest
        tasks = tuple(
            _task(f"fixed_{place}", OFFICIAL, goal, {}) for place, goal in enumerate(official.goals)
        )
    return WebShopSuite(
        origin=origin,
        fingerprint=f"{RULES_VERSION}-{digest}",
        tasks=tasks,
        demonstrations=demonstrations,
        demonstration_tasks=tuple(task for task in examples if task.id in shown),
        shops=shops,
        noun_fn=noun_fn,
    )


def _solved_task(task_id: str, goal: Goal) -> Task:
    return _task(task_id, BUNDLED, goal, {"solution": synthetic.solution(goal)})


def _task(task_id: str, shop: str, goal: Goal, more: dict[str, Any]) -> Task:
    errand: dict[str, Any] = ERRAND.dump_python(Errand(shop=shop, goal=goal), mode="json")
    return Task(id=task_id, kind=KIND, goal=goal.instruction, payload=errand | more)


@cache
def _bundled_shop() -> Shop:
    return Shop(synthetic.products())


@cache
def _bundled_digest() -> str:
    told = repr((synthetic.products(), synthetic.goals()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@cache
def _demonstrations() -> tuple[Demonstration, ...]:
    """Solved tasks with thoughts of ours; the observations are the shop's, as a test makes sure."""
    return TypeAdapter(tuple[Demonstration, ...]).validate_json(_DEMONSTRATIONS.read_bytes())
