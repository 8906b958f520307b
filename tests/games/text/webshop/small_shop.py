"""A shop of a dozen things, small enough to know by heart."""

from dataclasses import replace
from typing import Any

from games.text.env import StepResult, Task
from games.text.webshop.catalogue import Goal, Product, goal_for
from games.text.webshop.env import ERRAND, Errand, WebShopEnv
from games.text.webshop.shop import Shop

MUG = Product(
    asin="B0MUG00001",
    title="Harbour Stoneware Mug, Microwave Safe",
    description="A mug that keeps tea warm.",
    bullets=("Glazed by hand", "Dishwasher proof"),
    options={"color": ("sky blue", "forest green"), "size": ("small cup", "tall")},
    attributes=("microwave safe", "hand glazed"),
    query="coffee mugs",
    category="garden",
    category_path="Home & Kitchen › Kitchen & Dining › Mugs",
    prices=(12.0, 16.0),
)
WANTS_MUG = goal_for(
    MUG,
    instruction="i need a microwave safe mug that is dishwasher proof, in sky blue",
    attributes=("microwave safe", "dishwasher proof"),
    options=("sky blue",),
    price_upper=20.0,
)
LAMP = replace(
    MUG,
    asin="B0LAMP0001",
    title="Brass Reading Lamp",
    description="Bends to the page.",
    bullets=(),
    options={},
    attributes=(),
    query="desk lamps",
    category_path="Furniture › Lighting › Lamps",
    prices=(30.0,),
)
SPOONS = tuple(
    replace(
        LAMP,
        asin=f"B0SPOON{number:03}",
        title=f"Wooden Spoon number {number}",
        query="spoons",
        category_path="Home & Kitchen › Utensils › Spoons",
        prices=(2.5,),
    )
    for number in range(1, 24)
)
SHOP = Shop((MUG, LAMP, *SPOONS))


def task(goal: Goal = WANTS_MUG, shop: str = "small") -> Task:
    payload: dict[str, Any] = ERRAND.dump_python(Errand(shop=shop, goal=goal), mode="json")
    return Task(id="a wish", kind="purchase", goal=goal.instruction, payload=payload)


def visit(*actions: str, goal: Goal = WANTS_MUG) -> tuple[WebShopEnv, list[StepResult]]:
    """A fresh environment after these actions, and what each brought about."""
    env = WebShopEnv({"small": SHOP})
    env.reset(task(goal))
    return env, [env.step(action) for action in actions]


def seen(*actions: str) -> str:
    """What the last of these actions shows."""
    return visit(*actions)[1][-1].observation
