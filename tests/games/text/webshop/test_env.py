"""The shop's pages: what they show and where their buttons lead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.errors import GameError
from games.text.env import StepResult, Task
from games.text.webshop.env import INVALID, REPEATED, WebShopEnv
from tests.games.text.webshop.small_shop import LAMP, MUG, SHOP, WANTS_MUG, seen, task, visit

TO_MUG = ("search[stoneware mug]", f"click[{MUG.asin}]")
TO_SPOONS = ("search[wooden spoons]",)


def test_the_first_page_says_what_is_wanted() -> None:
    env = WebShopEnv({"small": SHOP})
    assert env.reset(task()) == (
        "Instruction:\n"
        "i need a microwave safe mug that is dishwasher proof, in sky blue, "
        "and price lower than 20.00 dollars\n"
        "[Search]"
    )


def test_results_show_number_title_and_price() -> None:
    assert seen("search[stoneware mug]") == (
        "[Back to Search]\n"
        "Page 1 (Total results: 1)\n"
        "[B0MUG00001]\n"
        "Harbour Stoneware Mug, Microwave Safe\n"
        "$12.0 to $16.0"
    )


def test_an_item_page_shows_options_price_and_buttons() -> None:
    assert seen(*TO_MUG) == (
        "[Back to Search]\n"
        "[< Prev]\n"
        "color [sky blue][forest green]\n"
        "size [small cup][tall]\n"
        "Harbour Stoneware Mug, Microwave Safe\n"
        "Price: $12.0 to $16.0\n"
        "Rating: N.A.\n"
        "[Description]\n"
        "[Features]\n"
        "[Reviews]\n"
        "[Buy Now]"
    )


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("Description", "A mug that keeps tea warm."),
        ("Features", "Glazed by hand\nDishwasher proof"),
        (
            "Attributes",
            "microwave safe\nhand glazed\ngarden\ncoffee mugs\nHome & Kitchen › Kitchen & Dining › Mugs",
        ),
    ],
)
def test_sub_pages_tell_more_and_prev_leads_back_to_the_item(page: str, told: str) -> None:
    assert seen(*TO_MUG, f"click[{page}]") == f"[Back to Search]\n[< Prev]\n{told}"
    assert seen(*TO_MUG, f"click[{page}]", "click[< Prev]") == seen(*TO_MUG)


def test_nobody_has_reviewed_anything() -> None:
    assert seen(*TO_MUG, "click[Reviews]") == "[Back to Search]\n[< Prev]"


def test_a_chosen_option_is_said_and_then_marked_until_another_takes_its_place() -> None:
    assert seen(*TO_MUG, "click[sky blue]") == "You have clicked sky blue."
    detour = "click[Features]", "click[< Prev]"
    assert "color [[sky blue]][forest green]\n" in seen(*TO_MUG, "click[sky blue]", *detour)
    both = "click[sky blue]", "click[forest green]", "click[tall]"
    page = seen(*TO_MUG, *both, *detour)
    assert "color [sky blue][[forest green]]\nsize [small cup][[tall]]\n" in page


def test_leaving_an_item_forgets_its_options() -> None:
    back = "click[< Prev]", f"click[{MUG.asin}]"
    assert seen(*TO_MUG, "click[sky blue]", *back) == seen(*TO_MUG)
    again = "click[Back to Search]", *TO_MUG
    assert seen(*TO_MUG, "click[sky blue]", *again) == seen(*TO_MUG)


def test_pages_of_ten_follow_each_other_and_end() -> None:
    first, second, third = (seen(*TO_SPOONS, *["click[Next >]"] * turns) for turns in range(3))
    assert first.startswith("[Back to Search]\nPage 1 (Total results: 23)\n[Next >]\n[B0SPOON")
    assert second.startswith("[Back to Search]\nPage 2 (Total results: 23)\n[< Prev]\n[Next >]\n[B0SPOON")
    assert third.startswith("[Back to Search]\nPage 3 (Total results: 23)\n[< Prev]\n[B0SPOON")
    assert [page.count("[B0SPOON") for page in (first, second, third)] == [10, 10, 3]
    shown = "".join((first, second, third))
    assert all(spoon.asin in shown for spoon in SHOP.products if "Spoon" in spoon.title)
    assert seen(*TO_SPOONS, *["click[Next >]"] * 3) == INVALID
    assert seen(*TO_SPOONS, "click[Next >]", "click[< Prev]") == first
    assert seen(*TO_SPOONS, "click[< Prev]") == INVALID


def test_prev_on_an_item_leads_to_the_page_of_results_it_was_on() -> None:
    page = seen(*TO_SPOONS, "click[Next >]")
    asin = page.split("[B0")[1].split("]")[0]
    assert seen(*TO_SPOONS, "click[Next >]", f"click[B0{asin}]", "click[< Prev]") == page


def test_a_search_may_find_nothing() -> None:
    assert seen("search[submarine]") == "[Back to Search]\nPage 1 (Total results: 0)"


def test_back_to_search_opens_the_first_page_for_another_search() -> None:
    env, _ = visit(*TO_MUG)
    assert env.step("click[Back to Search]").observation == WebShopEnv({"small": SHOP}).reset(task())
    assert env.admissible() is None
    assert "Wooden Spoon" in env.step("search[spoon]").observation


@pytest.mark.parametrize(
    ("actions", "reward"),
    [
        ((*TO_MUG, "click[sky blue]", "click[Buy Now]"), 1.0),
        ((*TO_MUG, "click[tall]", "click[Buy Now]"), 0.75),
        (("search[lamp]", f"click[{LAMP.asin}]", "click[Buy Now]"), 0.0),
    ],
)
def test_buying_ends_the_visit_with_the_score(actions: tuple[str, ...], reward: float) -> None:
    env, results = visit(*actions)
    assert results[-1] == StepResult(
        observation=f"Your score (min 0.0, max 1.0): {reward}", done=True, success=reward == 1, reward=reward
    )
    assert all(not result.done and result.reward == 0 for result in results[:-1])
    with pytest.raises(GameError, match="open a task"):
        env.step("click[Buy Now]")


@pytest.mark.parametrize(
    "actions",
    [
        ("click[Buy Now]",),
        ("search[]",),
        ("search[  ]",),
        ("search mug",),
        ("buy[mug]",),
        ("think[what now?]",),
        ("",),
        ("search[mug]", "click[Buy Now]"),
        ("search[mug]", f"click[{LAMP.asin}]"),
        (*TO_MUG, "click[crimson]"),
        (*TO_MUG, "click[Features]", "click[Buy Now]"),
        (*TO_MUG, "click[Features]", "click[Description]"),
        (*TO_MUG, "click[Next >]"),
        ("search[lamp]", f"click[{LAMP.asin}]", "click[sky blue]"),
    ],
)
def test_what_cannot_be_done_is_invalid_and_changes_nothing(actions: tuple[str, ...]) -> None:
    env, results = visit(*actions)
    assert results[-1] == StepResult(observation=INVALID, valid=False)
    assert env.admissible() == visit(*actions[:-1])[0].admissible()


@pytest.mark.parametrize(
    ("actions", "ends"),
    [
        (("search[mug]", "search[cup]"), True),
        (("search[mug]", "SEARCH[cup]"), True),
        (("search[mug]", "click[nothing]", "search[cup]"), False),
        (("click[nothing]", "click[nothing]"), False),
        (("search[]", "search[mug]"), False),
        (("think[I apologize, no]", "think[i apologize]"), True),
        (("think[hm]", "think[hm]"), False),
    ],
)
def test_an_invalid_search_or_apology_right_after_another_ends_the_visit(
    actions: tuple[str, ...], ends: bool
) -> None:
    env, results = visit(*actions)
    assert (results[-1].observation == REPEATED) == ends
    assert results[-1].done == ends
    if ends:
        assert results[-1] == StepResult(observation=REPEATED, done=True, valid=False)
        with pytest.raises(GameError, match="open a task"):
            env.step("search[mug]")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("click[buy now]", "click[Buy Now]"),
        ("Click[ SKY  Blue ]", "click[sky blue]"),
        ("click[<  prev]", "click[< Prev]"),
    ],
)
def test_buttons_are_understood_in_other_capitals_and_spaces(written: str, meant: str) -> None:
    _, (*_, loose) = visit(*TO_MUG, written)
    _, (*_, strict) = visit(*TO_MUG, meant)
    assert loose.observation == strict.observation
    assert (loose.translated, strict.translated) == (True, False)


def test_listed_actions_are_the_buttons_of_the_page_and_searching_is_not_listed() -> None:
    env = WebShopEnv({"small": SHOP})
    env.reset(task())
    assert env.admissible() is None
    env.step("search[mug]")
    assert env.admissible() == ("click[Back to Search]", f"click[{MUG.asin}]")
    env.step(f"click[{MUG.asin}]")
    listed = env.admissible()
    assert listed is not None
    page = seen(*TO_MUG)
    assert [page.index(f"[{action[6:-1]}]") for action in listed] == sorted(
        page.index(f"[{action[6:-1]}]") for action in listed
    )
    assert len(listed) == page.count("[")


def test_a_visit_needs_a_task() -> None:
    with pytest.raises(GameError, match="open a task"):
        WebShopEnv({"small": SHOP}).step("search[mug]")


def test_foreign_tasks_are_refused() -> None:
    env = WebShopEnv({"small": SHOP})
    with pytest.raises(GameError, match="task t is no task of a shop"):
        env.reset(Task(id="t", kind="clean", goal="clean the mug"))
    with pytest.raises(GameError, match="belongs to the shop 'large'"):
        env.reset(task(WANTS_MUG, shop="large"))


def test_a_new_task_starts_from_nothing() -> None:
    env, _ = visit(*TO_MUG, "click[sky blue]")
    env.reset(task())
    env.step(TO_MUG[0])
    assert env.step(TO_MUG[1]).observation == seen(*TO_MUG)


@settings(max_examples=60)
@given(action=st.text(max_size=40) | st.text(max_size=20).map("click[{}]".format), steps=st.integers(0, 2))
def test_any_text_is_answered(action: str, steps: int) -> None:
    env, _ = visit(*TO_MUG[:steps])
    result = env.step(action)
    assert result.observation
    assert result.valid or result.observation in (INVALID, REPEATED)
