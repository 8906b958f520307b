"""How alike two short texts are: the share of their characters in a longest common subsequence.

The greater of two ratios counts, of the texts and of their words in alphabetical order. A token-set ratio
would give a text and a part of it full marks, so it is not used.
"""

import re
from functools import lru_cache

_NOT_WORDS = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """Words in lower case, without punctuation and extra blanks."""
    return _NOT_WORDS.sub(" ", text.casefold()).strip()


@lru_cache(maxsize=1 << 14)
def similarity(one: str, other: str) -> float:
    """From 0 to 1; 1 for texts that differ in case, punctuation, blanks and order of words alone."""
    first, second = normalised(one), normalised(other)
    if first == second:
        return 1.0
    return max(_ratio(first, second), _ratio(_in_order(first), _in_order(second)))


def _in_order(text: str) -> str:
    return " ".join(sorted(text.split()))


def _ratio(first: str, second: str) -> float:
    """Twice the length of a longest common subsequence over the sum of the lengths."""
    if not first or not second:
        return 0.0
    return 2 * _common_length(first, second) / (len(first) + len(second))


def _common_length(first: str, second: str) -> int:
    """Hyyrö's bit-parallel algorithm (2004): one addition of long integers a character."""
    places: dict[str, int] = {}
    for index, character in enumerate(first):
        places[character] = places.get(character, 0) | (1 << index)
    everything = (1 << len(first)) - 1
    unmatched = everything
    for character in second:
        matched = unmatched & places.get(character, 0)
        unmatched = ((unmatched + matched) | (unmatched - matched)) & everything
    return len(first) - unmatched.bit_count()
