"""Questions of HotpotQA's two types over the synthetic encyclopedia.

A bridge question names one thing and asks about another that its page leads to; a comparison sets two things
of one sort side by side.
"""

import random
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import TypeVar

from games.text.docstore.wiki.routes import Inquiry, inquiry, take_in_turn
from games.text.docstore.wiki.world import Thing, World

T = TypeVar("T", bound=Thing)
U = TypeVar("U")


def draw_questions(world: World, seed: int, *, bridges: int, comparisons: int) -> tuple[Inquiry, ...]:
    """So many of each type, the types mixed as far as they reach."""
    draws = random.Random(f"{seed}:questions")
    offers = [_shuffled(offer, draws) for offer in _bridges(world)]
    bridge = take_in_turn(offers, bridges)
    comparison = take_in_turn(_comparisons(world, draws), comparisons)
    return tuple(_shuffled((*bridge, *comparison), draws))


def _bridges(world: World) -> list[list[Inquiry]]:
    club_of = {town.title: club for town in world.towns if (club := world.club_of(town))}
    born, studied = "born in", "studied"
    return [
        [
            _bridge(
                f"In which town was the director of the film {film.name} born?",
                film.director.birthplace.name,
                film,
                film.director,
                born,
            )
            for film in world.films
        ],
        [
            _bridge(
                f"On which river does the home town of the football club {club.name} lie?",
                club.town.river.name,
                club,
                club.town,
            )
            for club in world.clubs
        ],
        [
            _bridge(
                f"At which university did the author of the novel {novel.name} study?",
                novel.author.university.name,
                novel,
                novel.author,
                studied,
            )
            for novel in world.novels
            if novel.author.university
        ],
        [
            _bridge(
                f"In what year was the novel published on which the film {film.name} is based?",
                str(film.novel.year),
                film,
                film.novel,
            )
            for film in world.films
            if film.novel
        ],
        [
            _bridge(
                f"What is the nickname of the football club of the town where the band {band.name} began?",
                club_of[band.town.title].nickname,
                band,
                band.town,
                "football",
                club_of[band.town.title],
            )
            for band in world.bands
            if band.town.title in club_of
        ],
        [
            _bridge(
                f"In what year was the composer of the music for the film {film.name} born?",
                str(film.composer.born),
                film,
                "music",
                film.composer,
            )
            for film in world.films
        ],
        [
            _bridge(
                f"How many inhabitants has the town in which the {person.profession} {person.name} was born?",
                f"{person.birthplace.inhabitants:,}",
                person,
                born,
                person.birthplace,
            )
            for person in world.people
        ],
        [
            _bridge(
                f"How many kilometres long is the river on which the setting of the novel {novel.name} lies?",
                str(novel.setting.river.kilometres),
                novel,
                novel.setting,
                novel.setting.river,
            )
            for novel in world.novels
        ],
    ]


def _comparisons(world: World, draws: random.Random) -> list[list[Inquiry]]:
    people = [person for person in world.people if person.title == person.name]
    return [
        _which("film was released first", world.films, lambda film: film.year, draws),
        _which("novel was published first", world.novels, lambda novel: novel.year, draws),
        _which("river is longer", world.rivers, lambda river: -river.kilometres, draws),
        _which("football club was founded first", world.clubs, lambda club: club.founded, draws),
        _which("town has more inhabitants", world.towns, lambda town: -town.inhabitants, draws),
        [
            inquiry(
                "comparison",
                f"Who was born first, {one.name} or {other.name}?",
                min(one, other, key=lambda person: person.born).name,
                one,
                other,
            )
            for one, other in pairwise(_shuffled(people, draws))
            if one.born != other.born
        ],
        [
            inquiry(
                "comparison",
                f"Are the towns {one.name} and {other.name} in the same country?",
                "yes" if one.country == other.country else "no",
                one,
                other,
            )
            for one, other in _pairs_alike(_shuffled(world.towns, draws), lambda town: town.country)
        ],
        [
            inquiry(
                "comparison",
                f"Do {one.name} and {other.name} have the same profession?",
                "yes" if one.profession == other.profession else "no",
                one,
                other,
            )
            for one, other in _pairs_alike(_shuffled(people, draws), lambda person: person.profession)
        ],
    ]


def _bridge(text: str, answer: str, *route: Thing | str) -> Inquiry:
    return inquiry("bridge", text, answer, *route)


def _which(
    comparison: str, things: Sequence[T], measure: Callable[[T], int], draws: random.Random
) -> list[Inquiry]:
    """The one of the smaller measure is asked for."""
    return [
        inquiry(
            "comparison",
            f"Which {comparison}, {one.name} or {other.name}?",
            min(one, other, key=measure).name,
            one,
            other,
        )
        for one, other in pairwise(_shuffled(things, draws))
        if one.name != other.name and measure(one) != measure(other)
    ]


def _pairs_alike(things: Sequence[T], trait: Callable[[T], str]) -> list[tuple[T, T]]:
    """Pairs that share the trait and pairs that do not, in turn."""
    # Neighbours overlap in their things: every third pair shows other ones.
    neighbours = list(pairwise(sorted(things, key=trait)))
    alike = [pair for pair in neighbours if trait(pair[0]) == trait(pair[1])]
    unlike = [pair for pair in pairwise(things) if trait(pair[0]) != trait(pair[1])]
    return list(chain.from_iterable(zip(alike[::3], unlike, strict=False)))


def _shuffled(items: Sequence[U], draws: random.Random) -> list[U]:
    return draws.sample(items, len(items))
