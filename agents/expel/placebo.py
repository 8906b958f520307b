"""Insights that cannot help: advice of another trade, as long as the learned insights (specification G.1).

If an arm with these does better than one without any, the gain is not knowledge but a longer prompt.
"""

from collections.abc import Sequence
from random import Random

_BOOKKEEPING = (
    "Enter every receipt on the day it arrives, before the drawer is closed for the evening.",
    "Compare the balance of the bank with the ledger once a week and write down each difference.",
    "Number invoices without gaps, so that a missing one is seen at once.",
    "Keep private and business expenses on separate pages, even when the sums are small.",
    "Check the rate of tax on a delivery before you pay it, since old forms often carry an old rate.",
    "Round only at the end of a column, never within it.",
    "Ask for a signature whenever cash changes hands, and file it behind the receipt.",
    "Write amounts in words beside the figures on anything that leaves the office.",
    "Close a month only when its last statement has come, however late that is.",
    "Let a second person count the till whenever a holiday lies ahead.",
    "Store originals for as long as the law asks, and note the year in which each box may go.",
    "When two books disagree, look for a difference that can be divided by nine: two digits were swapped.",
    "Charge depreciation in the year of use, not in the year of payment.",
    "Send a reminder in a friendly tone first, and with a date in the second.",
    "Put the reason beside every correction, and never write over a figure.",
    "Order the accounts by how often they are used, so that few entries go astray.",
)


def placebo_insights(like: Sequence[str], seed: int) -> tuple[str, ...]:
    """As many lines as the learned list has, and together as long to within a few words."""
    draw = Random(f"placebo/{seed}")
    wanted = sum(len(text.split()) for text in like)
    words: list[str] = []
    while len(words) < wanted:
        sentences = list(_BOOKKEEPING)
        draw.shuffle(sentences)
        for sentence in sentences:
            words += sentence.split()
    lines = []
    for text in like:
        length = len(text.split())
        lines.append(" ".join(words[:length]))
        words = words[length:]
    return tuple(lines)
