"""Names for things that do not exist: drawn from lists, each once."""

import random
from collections.abc import Iterator
from itertools import product

COUNTRIES = (
    ("Velmoria", "Velmorian"),
    ("Tarsane", "Tarsanian"),
    ("Quellin", "Quellish"),
    ("Norrash", "Norrashi"),
)
SEAS = ("the Pale Sea", "the Gulf of Ondry", "the Narrow Sea", "Lake Immery")
MOUNTAINS = ("the Skarn Hills", "the Upper Brael", "the Seven Shoulders", "the Ovrin Mountains")

_PLACE_BEGINS = (
    *("Brell", "Osk", "Tarv", "Quel", "Drov", "Ister", "Halm", "Pell", "Vorr", "Ylm"),
    *("Sask", "Gorm", "Nev", "Ebb", "Krall", "Lund", "Mosk", "Und", "Thrav", "Wess"),
)
_PLACE_ENDS = ("mere", "holt", "wick", "stad", "haven", "fell", "minster", "borough", "ing", "gate")
_RIVER_BEGINS = ("Tol", "Ard", "Em", "Lys", "Orr", "Sev", "Mir", "Dav", "Ull", "Renn")
_RIVER_ENDS = ("ve", "la", "ow", "en", "ask")
_GIVEN = {
    "he": ("Tomas", "Edric", "Anselm", "Jorin", "Pavel", "Rufus", "Silvan", "Matthis", "Oskar", "Leander"),
    "she": ("Marit", "Ilse", "Corinna", "Helga", "Odile", "Tamsin", "Vera", "Linnea", "Agnes", "Rosalind"),
}
_FAMILY_BEGINS = (
    "Vel",
    "Tarn",
    "Brin",
    "Hald",
    "Quar",
    "Lisk",
    "Drey",
    "Fenn",
    "Sul",
    "Wend",
    "Radd",
    "Ock",
    "Ser",
    "Hib",
)
_FAMILY_ENDS = ("dry", "mark", "aby", "oss", "ine", "ick", "olt", "amy", "erly", "und")
_WORK_BEGINS = (
    *("Borrowed", "Crooked", "Copper", "Salted", "Unlit", "Patient", "Wooden", "Amber", "Nameless", "Tilted"),
    *("Seventh", "Folded"),
)
_WORK_ENDS = (
    *("Ferry", "Orchard", "Lantern", "Staircase", "Weathervane", "Ledger", "Clockmaker", "Almanac"),
    *("Lighthouse", "Quarry", "Overcoat", "Timetable"),
)
_BAND_BEGINS = ("Paper", "Velvet", "Tin", "Midnight", "Northern", "Electric")
_BAND_ENDS = ("Cormorants", "Turbines", "Postmen", "Icebergs", "Accountants", "Meadows")
_NICKNAMES = (
    *("Herons", "Millers", "Foxes", "Anglers", "Bricklayers", "Ravens", "Weavers", "Otters", "Coopers"),
    *("Lamplighters", "Badgers", "Shepherds", "Tanners", "Kestrels", "Rooks", "Glaziers", "Pikes", "Hornets"),
    *("Ropemakers", "Cranes", "Saddlers", "Wolves", "Ferrymen", "Falcons", "Potters", "Swans"),
)


class Names:
    """Streams of unused names, one of each sort."""

    def __init__(self, seed: int) -> None:
        self.places = _each("", _PLACE_BEGINS, _PLACE_ENDS, f"{seed}:places")
        self.rivers = _each("", _RIVER_BEGINS, _RIVER_ENDS, f"{seed}:rivers")
        self.works = _each("The ", _WORK_BEGINS, _WORK_ENDS, f"{seed}:works", " ")
        self.bands = _each("The ", _BAND_BEGINS, _BAND_ENDS, f"{seed}:bands", " ")
        self.families = _each("", _FAMILY_BEGINS, _FAMILY_ENDS, f"{seed}:families")
        self.nicknames = iter(_NICKNAMES)

    def person(self, pronoun: str, draws: random.Random) -> str:
        """Given name and family name; no family name occurs twice."""
        return f"{draws.choice(_GIVEN[pronoun])} {next(self.families)}"


def _each(
    article: str, begins: tuple[str, ...], ends: tuple[str, ...], seed: str, between: str = ""
) -> Iterator[str]:
    names = [f"{article}{begin}{between}{end}" for begin, end in product(begins, ends)]
    random.Random(seed).shuffle(names)
    return iter(names)
