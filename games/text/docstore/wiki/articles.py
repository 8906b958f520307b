"""The world as pages: a lead that says what a thing is, then a few paragraphs with the rest.

A page speaks of other things by their name alone, as encyclopedias do; where a name is shared, the reader
has to find the right page.
"""

import random

from games.text.docstore.pages import Page
from games.text.docstore.wiki.world import (
    Band,
    Club,
    Country,
    Film,
    Novel,
    Person,
    River,
    Thing,
    Town,
    University,
    World,
)

_HEROES = (
    "a retired surveyor",
    "a tired courier",
    "a night porter",
    "a young bookbinder",
    "a stranded violinist",
)
_AIMS = (
    "who is looking for the sender of an unsigned letter",
    "whose house is to make way for a reservoir",
    "who inherits a debt instead of a farm",
    "who has to choose between an old promise and a new friend",
    "who is mistaken for someone else and does not object",
)
_VERDICTS = (
    "Critics praised the quiet ending",
    "It found few admirers at first and many later",
    "Reviewers were divided over its length",
    "It is often named among the best of its decade",
)
_HOBBIES = ("gardening", "chess", "sailing", "old maps", "beekeeping", "astronomy")


def write_pages(world: World, seed: int) -> tuple[Page, ...]:
    """A page for everything, in the order of titles."""
    draws = random.Random(f"{seed}:articles")
    things: list[Page] = []
    things += [_page(country, *_country(country, world)) for country in world.countries]
    things += [_page(river, *_river(river, world)) for river in world.rivers]
    things += [_page(town, *_town(town, world)) for town in world.towns]
    things += [_page(university, *_university(university)) for university in world.universities]
    things += [_page(person, *_person(person, world, draws)) for person in world.people]
    things += [_page(novel, *_novel(novel, world, draws)) for novel in world.novels]
    things += [_page(film, *_film(film, draws)) for film in world.films]
    things += [_page(club, *_club(club), aliases=(club.name,)) for club in world.clubs]
    things += [_page(band, *_band(band)) for band in world.bands]
    return tuple(sorted(things, key=lambda page: page.title))


def _page(thing: Thing, *paragraphs: str, aliases: tuple[str, ...] = ()) -> Page:
    return Page(title=thing.title, paragraphs=tuple(text for text in paragraphs if text), aliases=aliases)


def _country(country: Country, world: World) -> tuple[str, ...]:
    towns = [town.name for town in world.towns if town.country == country.name]
    return (
        f"{country.name} is a country with {len(towns)} towns. Its capital is {country.capital}. "
        f"It has been a realm of its own since {country.founded}.",
        f"The {country.people} towns are {_listed(towns)}.",
    )


def _river(river: River, world: World) -> tuple[str, ...]:
    towns = [town.name for town in world.towns if town.river == river]
    return (
        f"The {river.name} is a river that rises in {river.source} and flows into {river.mouth}. "
        f"It is {river.kilometres} kilometres long.",
        f"On its way it passes {_listed(towns)}." if towns else "No town of any size lies on its banks.",
        f"Barges carried timber down the {river.name} for centuries. "
        "Today its upper course is a favourite of anglers.",
    )


def _town(town: Town, world: World) -> tuple[str, ...]:
    club = world.club_of(town)
    seats = [university for university in world.universities if university.town == town]
    sport = f"Its football club is {club.name}." if club else "It has no football club in the leagues."
    learning = f"The {seats[0].name} has its seat here." if seats else ""
    return (
        f"{town.name} is a town in {town.country} on the river {town.river.name}. "
        f"It is known for its {town.trade}. At the last count it had {town.inhabitants:,} inhabitants.",
        f"{town.name} was founded in {town.founded}. A fire destroyed most of the old houses a hundred years "
        "later. The present market square was laid out afterwards.",
        f"{sport} {learning}".strip(),
    )


def _university(university: University) -> tuple[str, ...]:
    return (
        f"The {university.name} is a university in {university.town.name}, {university.town.country}. "
        f"It was founded in {university.founded}.",
        f"About {university.students:,} students are enrolled. Its library collects sea charts.",
    )


def _person(person: Person, world: World, draws: random.Random) -> tuple[str, ...]:
    he, his = person.pronoun.capitalize(), "His" if person.pronoun == "he" else "Her"
    studies = ""
    if person.university:
        subject = draws.choice(("law", "history", "music", "engineering", "philosophy"))
        studies = f" {he} studied {subject} at the {person.university.name}."
    return (
        f"{person.name} (born {person.birthday} {person.born}) is a {person.birthplace.people} "
        f"{person.profession}. {_known_for(person, world, he)}",
        f"{he} was born in {person.birthplace.name}. {his} parents kept a small shop there.{studies}",
        f"Away from work {person.pronoun} is fond of {draws.choice(_HOBBIES)}. "
        f"{he} has given few interviews and never wrote memoirs.",
    )


def _known_for(person: Person, world: World, he: str) -> str:
    match person.profession:
        case "director":
            works = [film.name for film in world.films if film.director == person]
            done = "has directed"
        case "novelist":
            works = [novel.name for novel in world.novels if novel.author == person]
            done = "has written"
        case "actor":
            works = [film.name for film in world.films if person in film.stars]
            done = "has acted in"
        case "composer":
            works = [film.name for film in world.films if film.composer == person]
            done = "has written the music for"
        case "footballer":
            works = [club.name for club in world.clubs if club.coach == person]
            done = "became the coach of"
        case _:
            works = [band.name for band in world.bands if person in band.members]
            done = "was a founding member of"
    return f"{he} {done} {_listed(works)}." if works else f"{he} is little known abroad."


def _novel(novel: Novel, world: World, draws: random.Random) -> tuple[str, ...]:
    films = [film for film in world.films if film.novel == novel]
    adapted = "".join(f" {film.director.name} made it into a film in {film.year}." for film in films)
    return (
        f"{novel.name} is a novel by {novel.author.name}. It was published in {novel.year} and is set in "
        f"{novel.setting.name}.",
        f"The book tells of {draws.choice(_HEROES)} {draws.choice(_AIMS)}.",
        f"{draws.choice(_VERDICTS)}.{adapted}",
    )


def _film(film: Film, draws: random.Random) -> tuple[str, ...]:
    if film.novel is None:
        origin = "The screenplay is an original one."
    elif film.novel.name == film.name:
        origin = f"It is based on the novel of the same name by {film.novel.author.name}."
    else:
        origin = f"It is based on the novel {film.novel.name} by {film.novel.author.name}."
    return (
        f"{film.name} is {_a(film.genre)} film directed by {film.director.name} and released in {film.year}. "
        f"{origin} It stars {film.stars[0].name} and {film.stars[1].name}.",
        f"It follows {draws.choice(_HEROES)} {draws.choice(_AIMS)}. It runs for {film.minutes} minutes.",
        f"It was shot in {film.shot_in.name}. The music was composed by {film.composer.name}.",
        f"{draws.choice(_VERDICTS)}.",
    )


def _club(club: Club) -> tuple[str, ...]:
    return (
        f"{club.title} is a football club from {club.town.name}. It was founded in {club.founded} and is "
        f"nicknamed {club.nickname}.",
        f"The club plays its home games at {club.ground}, which holds {club.seats:,} people. "
        f"Its coach is {club.coach.name}.",
        "The club was founded by workers who met on Sundays. Its colours have not changed since.",
    )


def _band(band: Band) -> tuple[str, ...]:
    return (
        f"{band.name} is a {band.style} band from {band.town.name}. It was formed in {band.formed} by "
        f"{band.members[0].name} and {band.members[1].name}.",
        f"Its first album was {band.first_album}. It was recorded in three days.",
    )


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
