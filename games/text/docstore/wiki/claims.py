"""Claims with FEVER's three labels over the synthetic encyclopedia.

A refuted claim is a true one with another value of the same sort. What a claim without enough information
says is told nowhere: the reader finds the page and looks up its words in vain.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from games.text.docstore.labels import NOT_ENOUGH_INFO, REFUTES, SUPPORTS
from games.text.docstore.wiki.routes import Inquiry, inquiry, take_in_turn
from games.text.docstore.wiki.world import Thing, World

T = TypeVar("T", bound=Thing)


Told = Callable[[T], tuple[str, tuple[Thing | str, ...]]]
"""Of a thing, the value that the pages give and the way to it."""


def draw_claims(world: World, seed: int, count: int) -> tuple[Inquiry, ...]:
    """So many claims, the labels equally often as far as they divide."""
    draws = random.Random(f"{seed}:claims")
    told = _told_claims(world, draws)
    untold = _untold_claims(world, draws)
    of_label = [
        [[claim for claim in offer if claim.answer == label] for offer in offers]
        for label, offers in ((SUPPORTS, told), (REFUTES, told), (NOT_ENOUGH_INFO, untold))
    ]
    shares = [count // 3 + (place < count % 3) for place in range(3)]
    chosen = [
        claim for offers, share in zip(of_label, shares, strict=True) for claim in take_in_turn(offers, share)
    ]
    draws.shuffle(chosen)
    return tuple(chosen)


def _told_claims(world: World, draws: random.Random) -> list[list[Inquiry]]:
    born, studied = "born in", "studied"
    students = [person for person in world.people if person.university]
    authors = [novel for novel in world.novels if novel.author.title == novel.author.name]
    return [
        list(claims)
        for claims in (
            _told(
                "The film {} was directed by {}.",
                world.films,
                lambda film: (film.director.name, (film,)),
                draws,
            ),
            _told(
                "The novel {} was published in {}.",
                world.novels,
                lambda novel: (str(novel.year), (novel,)),
                draws,
            ),
            _told(
                "The {} was born in {}.",
                world.people,
                lambda person: (person.birthplace.name, (person, born)),
                draws,
                lambda person: f"{person.profession} {person.name}",
            ),
            _told(
                "The football club {} was founded in {}.",
                world.clubs,
                lambda club: (str(club.founded), (club,)),
                draws,
            ),
            _told(
                "{} studied at the {}.",
                students,
                lambda person: (person.university.name if person.university else "", (person, studied)),
                draws,
                lambda person: f"The {person.profession} {person.name}",
            ),
            _told(
                "The town {} lies on the river {}.",
                world.towns,
                lambda town: (town.river.name, (town,)),
                draws,
            ),
            _told(
                "The author of the novel {} was born in {}.",
                authors,
                lambda novel: (novel.author.birthplace.name, (novel, novel.author, born)),
                draws,
            ),
            _told(
                "The music of the film {} was composed by {}.",
                world.films,
                lambda film: (film.composer.name, (film, "music")),
                draws,
            ),
            _told(
                "The band {} was formed in {}.", world.bands, lambda band: (str(band.formed), (band,)), draws
            ),
            _told("The river {} flows into {}.", world.rivers, lambda river: (river.mouth, (river,)), draws),
            _told(
                "The band {} comes from a town on the river {}.",
                world.bands,
                lambda band: (band.town.river.name, (band, band.town)),
                draws,
            ),
        )
    ]


def _told(
    pattern: str,
    things: Sequence[T],
    told: Told[T],
    draws: random.Random,
    named: Callable[[T], str] = lambda thing: thing.name,
) -> Iterator[Inquiry]:
    """True claims and, of the other half of the things, false ones."""
    values = sorted({told(thing)[0] for thing in things})
    for place, thing in enumerate(draws.sample(things, len(things))):
        value, route = told(thing)
        if place % 2:
            wrong = draws.choice([other for other in values if other != value])
            yield inquiry("claim", pattern.format(named(thing), wrong), REFUTES, *route)
        else:
            yield inquiry("claim", pattern.format(named(thing), value), SUPPORTS, *route)


def _untold_claims(world: World, draws: random.Random) -> list[list[Inquiry]]:
    return [
        list(claims)
        for claims in (
            _untold("The film {} was shown at a festival in Quellin.", world.films, "festival", draws),
            _untold("The novel {} has been translated into Tarsanian.", world.novels, "translated", draws),
            _untold("The town {} has two railway stations.", world.towns, "railway", draws),
            _untold("The football club {} has won the cup three times.", world.clubs, "cup", draws),
            _untold("The band {} has toured Norrash twice.", world.bands, "toured", draws),
            _untold("The river {} freezes over in most winters.", world.rivers, "freezes", draws),
            _untold(
                "{} speaks four languages.",
                [person for person in world.people if person.title == person.name],
                "languages",
                draws,
            ),
        )
    ]


def _untold(pattern: str, things: Sequence[Thing], word: str, draws: random.Random) -> Iterator[Inquiry]:
    for thing in draws.sample(things, len(things)):
        yield inquiry("claim", pattern.format(thing.name), NOT_ENOUGH_INFO, thing, word)
