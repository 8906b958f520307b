"""Answers compared as HotpotQA compares them: exact match and F1 over normalised words."""

import re
import string
from collections import Counter

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_CLOSED = frozenset({"yes", "no", "noanswer"})


def normalised(answer: str) -> str:
    """Lower case, without punctuation, without articles, single blanks."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, gold: str) -> bool:
    """Whether both say the same after normalisation."""
    return normalised(answer) == normalised(gold)


def f1(answer: str, gold: str) -> float:
    """Overlap of words, from 0 to 1; between yes, no and anything else there is none."""
    said, right = normalised(answer), normalised(gold)
    if said != right and (said in _CLOSED or right in _CLOSED):
        return 0.0
    said_words, right_words = said.split(), right.split()
    common = sum((Counter(said_words) & Counter(right_words)).values())
    if not common:
        return float(said == right)
    return 2 * common / (len(said_words) + len(right_words))
