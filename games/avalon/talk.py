"""What is said at the table: how a speech is cleaned, whom it names, and who wins a bid to speak.

Bidding for the floor follows Werewolf Arena (arXiv 2407.13943).
"""

import re
import unicodedata
from collections.abc import Mapping

MAX_SPEECH = 900
MAX_BID = 4

_SEAT_NAME = re.compile(r"\b(?:seat|player)[\s#-]*(\d{1,2})\b", re.IGNORECASE)


def clean_speech(text: str) -> str:
    """One line without control or invisible characters, at most `MAX_SPEECH` long."""
    kept = [_plain(character) for character in text]
    return "".join(kept).strip()[:MAX_SPEECH].rstrip()


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    # Cc control, Cf invisible marks that reorder or hide text, Cs lone surrogates, Co and Cn no character.
    return "" if category[0] == "C" else character


def mentioned_seats(text: str, num_players: int) -> frozenset[int]:
    """The seats that a speech names as "seat 3" or "player 3"."""
    named = (int(number) for number in _SEAT_NAME.findall(text))
    return frozenset(seat for seat in named if 1 <= seat <= num_players)


def next_speaker(bids: Mapping[int, int], mentioned: frozenset[int], last_speaker: int) -> int | None:
    """The highest bidder, among equals one just mentioned, then the nearest clockwise; None if all bid 0."""
    highest = max(bids.values())
    if highest == 0:
        return None
    num_players = len(bids)

    def priority(seat: int) -> tuple[bool, int]:
        return (seat not in mentioned, (seat - last_speaker - 1) % num_players)

    return min((seat for seat, bid in bids.items() if bid == highest), key=priority)
