"""The encyclopedia that ships: one seed, drawn when it is first asked for."""

from functools import cache

from games.text.docstore.store import Docstore
from games.text.docstore.wiki.articles import write_pages
from games.text.docstore.wiki.claims import draw_claims
from games.text.docstore.wiki.questions import draw_questions
from games.text.docstore.wiki.routes import Inquiry
from games.text.docstore.wiki.world import World, draw_world

SEED = 7
NUM_TASKS = 100
NUM_SPARE = 20
"""Inquiries beyond the tasks: demonstrations are taken from them."""
BRIDGES, COMPARISONS = 84, 36


@cache
def bundled_store() -> Docstore:
    """All pages."""
    return Docstore(write_pages(_world(), SEED))


@cache
def bundled_questions() -> tuple[Inquiry, ...]:
    """The tasks, then the spare ones."""
    return draw_questions(_world(), SEED, bridges=BRIDGES, comparisons=COMPARISONS)


@cache
def bundled_claims() -> tuple[Inquiry, ...]:
    """The tasks, then the spare ones."""
    return draw_claims(_world(), SEED, NUM_TASKS + NUM_SPARE)


@cache
def _world() -> World:
    return draw_world(SEED)
