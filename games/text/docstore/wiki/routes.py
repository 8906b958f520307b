"""The way to an answer: which searches and lookups bring a reader from a name to a fact."""

from dataclasses import dataclass

from games.text.docstore.wiki.world import Club, Thing

NUM_STEPS = 7
"""Within how many actions ExpeL has a question or claim settled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inquiry:
    """A question or a claim with what settles it."""

    kind: str
    text: str
    answer: str
    solution: tuple[str, ...]
    """Searches and lookups that show all that is needed, then Finish."""


def searches(thing: Thing) -> tuple[str, ...]:
    """From the name to the page: a shared name is missed first, and the list of similar titles helps on."""
    has_name = thing.title == thing.name or isinstance(thing, Club)
    return (f"Search[{thing.name}]",) if has_name else (f"Search[{thing.name}]", f"Search[{thing.title}]")


def inquiry(kind: str, text: str, answer: str, *route: Thing | str) -> Inquiry:
    """Put the steps together: a thing is searched, a word is looked up."""
    steps: list[str] = []
    for step in route:
        steps += (f"Lookup[{step}]",) if isinstance(step, str) else searches(step)
    return Inquiry(kind=kind, text=text, answer=answer, solution=(*steps, f"Finish[{answer}]"))


def take_in_turn(offers: list[list[Inquiry]], count: int) -> tuple[Inquiry, ...]:
    """The first of each list that is short enough, then the second of each, and so on.

    Raises:
        ValueError: the lists hold fewer.
    """
    chosen: list[Inquiry] = []
    longest = max(len(offer) for offer in offers)
    for place in range(longest):
        for offer in offers:
            if place < len(offer) and len(offer[place].solution) <= NUM_STEPS:
                chosen.append(offer[place])
    if len(chosen) < count:
        raise ValueError(f"only {len(chosen)} of {count} inquiries can be drawn from this world")
    return tuple(chosen[:count])
