"""WebShop: buying the product that an instruction asks for."""

from collections.abc import Sequence

from agents.react.benchmark import Benchmark
from agents.react.lines import Entry, read_shopping

_REFLECTION_EXAMPLES = (
    """Instruction: i need a blue cotton apron with two pockets, price lower than 25.00 dollars
Action: search[blue cotton apron with two pockets]
Observation: [Back to Search] Page 1 (Total results: 50) [Next >] [K10A] Cotton Apron, Two Pockets $19.00 \
[K10B] Linen Apron $12.00
Action: click[K10A]
Observation: [Back to Search] [< Prev] color [red][blue] Cotton Apron, Two Pockets Price: $19.00 [Description] \
[Features] [Reviews] [Buy Now]
Action: click[Buy Now]
Observation: You bought something, but not what was asked for.
Next plan: I bought the right apron without choosing its colour; next time I click[blue] before click[Buy Now].""",
    """Instruction: i want a stainless steel kettle that holds two litres, price lower than 40.00 dollars
Action: search[kettle]
Observation: [Back to Search] Page 1 (Total results: 50) [Next >] [M20A] Enamel Kettle $18.00 [M20B] Glass Kettle $22.00
Action: click[M20A]
Observation: [Back to Search] [< Prev] Enamel Kettle Price: $18.00 [Description] [Features] [Reviews] [Buy Now]
Action: click[< Prev]
Observation: [Back to Search] Page 1 (Total results: 50) [Next >] [M20A] Enamel Kettle $18.00 [M20B] Glass Kettle $22.00
Action: click[M20B]
Observation: You ran out of steps.
Next plan: My search was too short to bring up the right kettles; next time I search[stainless steel kettle 2 litres] \
and open only products whose name fits.""",
)


def _usable(entries: Sequence[Entry]) -> bool:
    """Without invalid actions and empty thoughts, and with at least two options or buttons clicked."""
    seen = [entry["text"] for entry in entries if entry["kind"] == "observation"]
    return (
        not any("Invalid action!" in text for text in seen)
        and all(entry["text"] for entry in entries if entry["kind"] == "thought")
        and sum("You have clicked" in text for text in seen) >= 2
    )


BENCHMARK = Benchmark(
    name="webshop",
    identity="a shopper in a web shop made of text",
    instruction=(
        "You are given an instruction and buy the product that fits it. An Action is search[words] on the start "
        "page, click[button] with the name of a button, product or option that the page shows in brackets, or "
        "think[...] to note a thought. Choose every option that the instruction names before click[Buy Now]."
    ),
    act_instruction=(
        "You are given an instruction and buy the product that fits it. An Action is search[words] on the start "
        "page, or click[button] with the name of a button, product or option that the page shows in brackets. "
        "Choose every option that the instruction names before click[Buy Now]."
    ),
    read=read_shopping,
    forms={
        "thought": "Action: think[{text}]",
        "action": "Action: {text}",
        "observation": "Observation: {text}\n",
    },
    turn="Now it is your turn.",
    insights_header=(
        "This is what you have learned from earlier purchases, in decreasing order of importance. Use it as a "
        "reference:"
    ),
    reflections_header="Your memory of earlier trials at the instruction that follows, which failed:",
    reflection_form="Trial {n}:\n{text}",
    reflection_request=(
        "You bought the wrong product, repeated yourself or ran out of steps. In one line, say what went wrong "
        "and a new plan that names what to do differently. Start the line with \"Next plan:\"."
    ),
    reflection_examples=_REFLECTION_EXAMPLES,
    described=(
        "The agent shops in a simulated web shop: it searches, opens products, chooses options such as colour and "
        "size, and buys. The product must have every attribute and option that the instruction names, at no more "
        "than the named price."
    ),
    why_failed="A trial fails when the wrong product or option is bought, or when the steps are used up.",
    max_steps=15,
    num_examples=2,
    group_size=4,
    max_num_rules=8,
    buffer_retrieve_ratio=20,
    usable_example=_usable,
    unsolved_hint={
        "steps": "You ran out of steps.",
        "repeat": "You repeated an action.",
        "done": "You bought something, but not what was asked for.",
    },
)  # fmt: skip
