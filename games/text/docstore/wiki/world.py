"""The things of the synthetic encyclopedia and how they hang together, drawn from a seed.

Some names are shared by two things of different sorts: a film is called like a novel, a river like a town.
Such a thing's title says its sort in brackets, as in `Oskmere (film)`; no page has the bare name.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from games.text.docstore.wiki.names import COUNTRIES, MOUNTAINS, SEAS, Names

NUM_TOWNS = 56
NUM_RIVERS = 20
NUM_UNIVERSITIES = 10
NUM_NOVELS = 28
NUM_FILMS = 52
NUM_CLUBS = 24
NUM_BANDS = 16
PEOPLE = {"director": 20, "novelist": 18, "actor": 30, "composer": 14, "footballer": 22, "musician": 24}
"""How many of each profession."""

_TRADES = (
    "wool market",
    "glassworks",
    "salt pans",
    "clockmaking",
    "apple orchards",
    "shipyards",
    "paper mills",
)
_GENRES = ("drama", "comedy", "crime", "adventure", "mystery")
_STYLES = ("folk", "jazz", "rock", "brass")


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """What has a page."""

    name: str
    title: str
    """The name, with the sort of thing in brackets where the name alone would not do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Country(Thing):
    people: str
    """Adjective, as in `Velmorian`."""
    capital: str
    founded: int


@dataclass(frozen=True, kw_only=True, slots=True)
class River(Thing):
    kilometres: int
    source: str
    mouth: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Town(Thing):
    country: str
    people: str
    river: River
    founded: int
    inhabitants: int
    trade: str


@dataclass(frozen=True, kw_only=True, slots=True)
class University(Thing):
    town: Town
    founded: int
    students: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Person(Thing):
    pronoun: str
    profession: str
    born: int
    birthday: str
    birthplace: Town
    university: University | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Novel(Thing):
    author: Person
    year: int
    setting: Town


@dataclass(frozen=True, kw_only=True, slots=True)
class Film(Thing):
    director: Person
    stars: tuple[Person, Person]
    composer: Person
    year: int
    genre: str
    minutes: int
    novel: Novel | None
    shot_in: Town


@dataclass(frozen=True, kw_only=True, slots=True)
class Club(Thing):
    town: Town
    founded: int
    nickname: str
    ground: str
    seats: int
    coach: Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Band(Thing):
    town: Town
    formed: int
    style: str
    members: tuple[Person, Person]
    first_album: str


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    countries: tuple[Country, ...]
    rivers: tuple[River, ...]
    towns: tuple[Town, ...]
    universities: tuple[University, ...]
    people: tuple[Person, ...]
    novels: tuple[Novel, ...]
    films: tuple[Film, ...]
    clubs: tuple[Club, ...]
    bands: tuple[Band, ...]

    def of(self, profession: str) -> tuple[Person, ...]:
        return tuple(person for person in self.people if person.profession == profession)

    def club_of(self, town: Town) -> Club | None:
        return next((club for club in self.clubs if club.town == town), None)


def draw_world(seed: int) -> World:
    """Everything there is, from the seed alone."""
    return _Drawing(seed).world()


class _Drawing:
    """Names come first, so that it is known which of them are shared when the things get their titles."""

    def __init__(self, seed: int) -> None:
        self.draws = random.Random(f"{seed}:world")
        names = Names(seed)
        self.names = names
        self.towns = _take(names.places, NUM_TOWNS)
        # The last six rivers, the last eight films and some bands are called like something else.
        self.rivers = [*_take(names.rivers, NUM_RIVERS - 6), *self.towns[8:14]]
        self.novels = _take(names.works, NUM_NOVELS)
        self.films = [*_take(names.works, NUM_FILMS - 20), *self.novels[:12], *self.towns[20:28]]
        self.bands = [*_take(names.bands, NUM_BANDS - 5), *self.films[:3], *self.novels[20:22]]
        self.people = self._names_of_people()
        called = [*self.towns, *self.rivers, *self.novels, *self.films, *self.bands]
        self.shared = {name for name, count in Counter(called).items() if count > 1}

    def world(self) -> World:
        countries = tuple(
            Country(
                name=name,
                title=name,
                people=people,
                capital=self.towns[place],
                founded=self.draws.randint(1150, 1650),
            )
            for place, (name, people) in enumerate(COUNTRIES)
        )
        rivers = tuple(self._river(name) for name in self.rivers)
        towns = tuple(self._town(place, name, countries, rivers) for place, name in enumerate(self.towns))
        seats = self.draws.sample(towns, NUM_UNIVERSITIES)
        universities = tuple(self._university(town) for town in seats)
        people = tuple(self._person(*named, towns, universities) for named in self.people)
        of = {profession: [p for p in people if p.profession == profession] for profession in PEOPLE}
        novels = tuple(self._novel(name, of["novelist"], towns) for name in self.novels)
        films = tuple(self._film(name, of, novels, towns) for name in self.films)
        homes = self.draws.sample(towns, NUM_CLUBS)
        clubs = tuple(self._club(*pair) for pair in zip(homes, of["footballer"] * 2, strict=False))
        stages = self.draws.sample([club.town for club in clubs], NUM_BANDS)
        bands = tuple(
            self._band(name, town, of["musician"]) for name, town in zip(self.bands, stages, strict=True)
        )
        return World(
            countries=countries,
            rivers=rivers,
            towns=towns,
            universities=universities,
            people=people,
            novels=novels,
            films=films,
            clubs=clubs,
            bands=bands,
        )

    def _title(self, name: str, sort: str) -> str:
        return f"{name} ({sort})" if name in self.shared else name

    def _names_of_people(self) -> list[tuple[str, str, str, str]]:
        """Name, title, pronoun and profession; every ninth person is called like the one before."""
        professions = [profession for profession, count in PEOPLE.items() for _ in range(count)]
        self.draws.shuffle(professions)
        named: list[tuple[str, str, str, str]] = []
        for place, profession in enumerate(professions):
            pronoun = self.draws.choice(("he", "she"))
            name = self.names.person(pronoun, self.draws)
            if place % 9 == 8 and profession != professions[place - 1]:
                name, _, pronoun, other = named[-1]
                named[-1] = (name, f"{name} ({other})", pronoun, other)
                named.append((name, f"{name} ({profession})", pronoun, profession))
            else:
                named.append((name, name, pronoun, profession))
        return named

    def _river(self, name: str) -> River:
        return River(
            name=name,
            title=self._title(name, "river"),
            kilometres=self.draws.randint(38, 611),
            source=self.draws.choice(MOUNTAINS),
            mouth=self.draws.choice(SEAS),
        )

    def _town(self, place: int, name: str, countries: tuple[Country, ...], rivers: tuple[River, ...]) -> Town:
        # The first towns are capitals, of the countries in their order.
        country = countries[place % len(countries)]
        elsewhere = [river for river in rivers if river.name != name]
        return Town(
            name=name,
            title=self._title(name, "town"),
            country=country.name,
            people=country.people,
            river=self.draws.choice(elsewhere),
            founded=self.draws.randint(890, 1720),
            inhabitants=self.draws.randint(4_100, 290_000),
            trade=self.draws.choice(_TRADES),
        )

    def _university(self, town: Town) -> University:
        name = f"University of {town.name}"
        founded = self.draws.randint(town.founded + 60, 1890)
        return University(
            name=name, title=name, town=town, founded=founded, students=self.draws.randint(12, 260) * 100
        )

    def _person(
        self,
        name: str,
        title: str,
        pronoun: str,
        profession: str,
        towns: tuple[Town, ...],
        universities: tuple[University, ...],
    ) -> Person:
        studied = profession in ("director", "novelist", "composer") or self.draws.random() < 0.2
        return Person(
            name=name,
            title=title,
            pronoun=pronoun,
            profession=profession,
            born=self.draws.randint(1938, 1976),
            birthday=f"{self.draws.randint(1, 28)} {self.draws.choice(_MONTHS)}",
            birthplace=self.draws.choice(towns),
            university=self.draws.choice(universities) if studied else None,
        )

    def _novel(self, name: str, novelists: list[Person], towns: tuple[Town, ...]) -> Novel:
        author = self.draws.choice(novelists)
        return Novel(
            name=name,
            title=self._title(name, "novel"),
            author=author,
            year=author.born + self.draws.randint(24, 40),
            setting=self.draws.choice(towns),
        )

    def _film(
        self, name: str, of: dict[str, list[Person]], novels: tuple[Novel, ...], towns: tuple[Town, ...]
    ) -> Film:
        namesakes = [novel for novel in novels if novel.name == name]
        others = [novel for novel in novels if novel.name not in self.films]
        novel = namesakes[0] if namesakes else self.draws.choice((None, None, self.draws.choice(others)))
        director = self.draws.choice(of["director"])
        earliest = max(director.born + 25, novel.year + 1 if novel else 0)
        star, other_star = self.draws.sample(of["actor"], 2)
        return Film(
            name=name,
            title=self._title(name, "film"),
            director=director,
            stars=(star, other_star),
            composer=self.draws.choice(of["composer"]),
            year=earliest + self.draws.randint(0, 14),
            genre=self.draws.choice(_GENRES),
            minutes=self.draws.randint(78, 164),
            novel=novel,
            shot_in=self.draws.choice(towns),
        )

    def _club(self, town: Town, coach: Person) -> Club:
        name = f"{town.name} {self.draws.choice(('Rovers', 'Athletic', 'United', 'Wanderers'))}"
        return Club(
            name=name,
            title=f"{name} F.C.",
            town=town,
            founded=self.draws.randint(1871, 1934),
            nickname=f"the {next(self.names.nicknames)}",
            ground=f"{self.draws.choice(('Mill', 'Station', 'Chapel', 'Harbour', 'Castle'))} "
            f"{self.draws.choice(('Road', 'Field', 'Park', 'Lane'))}",
            seats=self.draws.randint(21, 340) * 100,
            coach=coach,
        )

    def _band(self, name: str, town: Town, musicians: list[Person]) -> Band:
        one, two = self.draws.sample(musicians, 2)
        return Band(
            name=name,
            title=self._title(name, "band"),
            town=town,
            formed=max(one.born, two.born) + self.draws.randint(18, 30),
            style=self.draws.choice(_STYLES),
            members=(one, two),
            first_album=f"{self.draws.choice(('Letters to', 'Leaving', 'Last Bus to'))} {town.name}",
        )


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def _take(names: Iterator[str], count: int) -> list[str]:
    return [next(names) for _ in range(count)]
