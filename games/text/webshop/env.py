"""The shop's pages as a machine: what can be clicked where, and what it leads to.

`search[words]` works on the first page only, `click[button]` everywhere else. Buttons are written as the
page shows them; in other capitals or with other spaces they are understood too (WebShop's own text version
writes them in lower case). As in WebShop, `click[Attributes]` opens a page that no button leads to. This
differs: only the first page repeats the instruction; the last page of results has no Next button; a click on
what is not there is invalid on every page (ExpeL's client silently shows the first page and sub-pages again);
and a product without options never takes those of the one before.

Thoughts are the actor's own: `think[...]` is no action here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from games.errors import GameError
from games.text.env import StepResult, Task
from games.text.webshop.catalogue import Goal, Product
from games.text.webshop.faults import first_fault
from games.text.webshop.pages import (
    BACK,
    BUY,
    LINKED_PAGES,
    NEXT,
    PREVIOUS,
    UNLINKED_PAGE,
    end_page,
    item_page,
    results_page,
    start_page,
    sub_page,
)
from games.text.webshop.reward import NounFn, content_words, score
from games.text.webshop.shop import Shop

RESULTS_A_PAGE = 10

INVALID = "Invalid action!"
REPEATED = "Repeated action!"
# ExpeL ends an episode at an invalid action that begins like the one before it, in one of these ways.
REPEATS = ("search[", "think[i apologize", "think[end", "think[i'm sorry", "think[apolog")

PageName = Literal["start", "results", "item", "sub_page", "end"]

_ACTION = re.compile(r"(search|click)\[(.*)\]", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What the payload of a task says."""

    shop: str
    """The name of the shop to buy in."""
    goal: Goal


ERRAND = TypeAdapter(Errand)


class WebShopEnv:
    """One customer at a time, in one of several shops."""

    def __init__(self, shops: Mapping[str, Shop], *, noun_fn: NounFn = content_words) -> None:
        self._shops = shops
        self._noun_fn = noun_fn
        self._page: PageName = "end"
        self._shop: Shop
        self._goal: Goal
        self._product: Product
        self._last_action = ""
        self._forget()

    def reset(self, task: Task) -> str:
        """Let a new customer in: the first page says what is wanted."""
        try:
            errand = ERRAND.validate_python(dict(task.payload))
        except ValidationError as error:
            raise GameError(f"task {task.id} is no task of a shop: {first_fault(error)}") from error
        if errand.shop not in self._shops:
            raise GameError(f"task {task.id} belongs to the shop {errand.shop!r}, which is not open here")
        self._shop, self._goal = self._shops[errand.shop], errand.goal
        self._last_action = ""
        return self._to_start()

    def step(self, action: str) -> StepResult:
        """Search or click."""
        if self._page == "end":
            raise GameError(
                "the shop serves nobody now: open a task before the first action and after the last"
            )
        before, self._last_action = self._last_action, action
        parsed = _ACTION.fullmatch(action.strip())
        verb, words = ("", "") if parsed is None else (parsed[1].lower(), parsed[2].strip())
        buttons = self._buttons()
        button = _button_meant(words, buttons)
        if verb == "search" and words and self._page == "start":
            meant, observation = f"search[{words}]", self._to_results(words)
        elif verb == "click" and button is not None:
            meant, observation = f"click[{button}]", buttons[button]()
        elif _begin_alike(before, action):
            self._page = "end"
            return StepResult(observation=REPEATED, done=True, valid=False)
        else:
            return StepResult(observation=INVALID, valid=False)
        return StepResult(
            observation=observation,
            done=self._reward is not None,
            success=self._reward == 1,
            reward=self._reward or 0.0,
            translated=action.strip() != meant,
        )

    def admissible(self) -> tuple[str, ...] | None:
        """The buttons of the page; None on the first page, where any words may be searched for."""
        if self._page == "start":
            return None
        return tuple(f"click[{button}]" for button in self._buttons() if button != UNLINKED_PAGE)

    def close(self) -> None:
        """Nothing is held open."""

    def _buttons(self) -> dict[str, Callable[[], str]]:
        """What can be clicked on this page, in the page's order, and what it does."""
        buttons: dict[str, Callable[[], str]] = {}
        if self._page not in ("start", "end"):
            buttons[BACK] = self._to_start
        if self._page == "results":
            buttons |= self._turns()
            buttons |= {product.asin: partial(self._to_item, product) for product in self._shown()}
        elif self._page == "item":
            buttons[PREVIOUS] = self._leave_item
            for name, values in self._product.options.items():
                buttons |= {value: partial(self._choose, name, value) for value in values}
            buttons |= {name: partial(self._to_sub_page, name) for name in (*LINKED_PAGES, UNLINKED_PAGE)}
            buttons[BUY] = self._buy
        elif self._page == "sub_page":
            buttons[PREVIOUS] = self._leave_sub_page
        return buttons

    def _turns(self) -> dict[str, Callable[[], str]]:
        turns: dict[str, Callable[[], str]] = {}
        if self._number > 1:
            turns[PREVIOUS] = partial(self._turn, -1)
        if self._number * RESULTS_A_PAGE < len(self._hits):
            turns[NEXT] = partial(self._turn, 1)
        return turns

    def _shown(self) -> tuple[Product, ...]:
        first = (self._number - 1) * RESULTS_A_PAGE
        return self._hits[first : first + RESULTS_A_PAGE]

    def _forget(self) -> None:
        self._hits: tuple[Product, ...] = ()
        self._number = 1
        self._chosen: dict[str, str] = {}
        self._reward: float | None = None

    def _to_start(self) -> str:
        self._page = "start"
        self._forget()
        return start_page(self._goal.instruction)

    def _to_results(self, words: str) -> str:
        self._hits = self._shop.find(words)
        return self._results()

    def _results(self) -> str:
        self._page = "results"
        return results_page(self._shown(), number=self._number, total=len(self._hits), buttons=self._turns())

    def _turn(self, pages: int) -> str:
        self._number += pages
        return self._results()

    def _to_item(self, product: Product) -> str:
        self._page = "item"
        self._product = product
        return item_page(product, self._chosen)

    def _leave_item(self) -> str:
        self._chosen = {}
        return self._results()

    def _choose(self, name: str, value: str) -> str:
        self._chosen[name] = value
        return f"You have clicked {value}."

    def _to_sub_page(self, name: str) -> str:
        self._page = "sub_page"
        return sub_page(self._product, name)

    def _leave_sub_page(self) -> str:
        return self._to_item(self._product)

    def _buy(self) -> str:
        self._page = "end"
        scored = score(self._product, self._chosen.values(), self._goal, noun_fn=self._noun_fn)
        self._reward = scored.reward
        return end_page(scored.reward)


def _button_meant(words: str, buttons: dict[str, Callable[[], str]]) -> str | None:
    if words in buttons:
        return words
    return next((button for button in buttons if _folded(button) == _folded(words)), None)


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


def _begin_alike(before: str, action: str) -> bool:
    return any(before.lower().startswith(way) and action.lower().startswith(way) for way in REPEATS)
