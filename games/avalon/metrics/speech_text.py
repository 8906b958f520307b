"""Reads seats, sentences and the mood of a sentence out of what players say in English.

Careful rather than complete: a sentence that asks, supposes or repeats what somebody else said asserts
nothing, and a number is a seat only where it stands as one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Certainty = Literal["known", "stated", "argued", "hedged"]
"""How a claim is put: as knowledge, flatly, with a reason from the table, or as a guess."""

_SEAT_WORD = r"(?:seats?|players?|p)\b[\s#]*|#|\bp(?=\d)"
_JOIN = r"(?:\s*,\s*(?:and\s+|or\s+)?|\s*/\s*|\s*&\s*|\s+and\s+|\s+or\s+)"
SEATS = rf"(?:both\s+)?(?:{_SEAT_WORD})?\b\d{{1,2}}\b(?:{_JOIN}(?:{_SEAT_WORD})?\d{{1,2}}\b)*"
"""One seat or a list of them; bare numbers are judged by `seats_in`."""

_NO_SEAT_BEFORE = re.compile(
    r"(?:quest|quests|mission|missions|round|proposal|attempt|vote|team of|at least|at most|only|other|than"
    r"|the|these|those|are|exactly|all|about|remaining|last|first)\s*#?\s*$",
    re.IGNORECASE,
)
_HAS_SEAT_WORD = re.compile(rf"^(?:both\s+)?(?:{_SEAT_WORD})\d", re.IGNORECASE)
_DISJUNCTION_BEFORE = re.compile(
    r"\b(?:one|any|some|either|none|neither|which|who|half)\s+(?:of\s+|among\s+|between\s+)?(?:the\s+|us\s+)?$"
    r"|\b(?:among|between|either)\s+(?:of\s+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NamedSeats:
    """Seats named together; `any_of` for "one of 2 and 3", "2 or 3"."""

    seats: frozenset[int]
    any_of: bool


def seats_in(found: str, before: str, num_players: int) -> NamedSeats | None:
    """The seats in a match of `SEATS`, given what stands before it; None if the numbers are no seats."""
    numbers = [int(number) for number in re.findall(r"\d{1,2}", found)]
    if not numbers or not all(1 <= number <= num_players for number in numbers):
        return None
    if not _HAS_SEAT_WORD.search(found.strip()) and _NO_SEAT_BEFORE.search(before):
        return None
    any_of = bool(re.search(r"\bor\b|/", found)) or bool(_DISJUNCTION_BEFORE.search(before))
    return NamedSeats(frozenset(numbers), any_of)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a speech, each with its closing mark."""
    plain = text.replace("’", "'").replace("‘", "'")
    for found in re.finditer(r"[^.!?;\n]+[.!?;\n]*", plain):
        sentence = found.group(0).strip()
        if sentence:
            yield sentence


_SOMEBODY_ELSE = (
    r"(?:seats?\s*\d{1,2}|players?\s*\d{1,2}|he|she|they|you|someone|somebody|everyone|everybody|people|anyone"
    r"|anybody|others|nobody|who|that\s+player|the\s+leader|the\s+others)"
)
_SAYS = (
    r"(?:says?|said|saying|claims?|claimed|claiming|told|tells|thinks?|thought|believes?|believed|accuses?"
    r"|accused|asserts?|asserted|argues?|argued|according|calls?|called|suggests?|suggested|insists?|insisted|implies|implied"
    r"|seems?\s+to\s+think|wants?\s+(?:us|me)\s+to\s+(?:think|believe))"
)
_REPORTED = re.compile(rf"\b{_SOMEBODY_ELSE}\s+(?:\w+\s+)?{_SAYS}\b|\baccording\s+to\b", re.IGNORECASE)
_SUPPOSED = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|imagine|assuming|assume|as\s+though|hypothetically|let's\s+say"
    r"|pretend\w*|what\s+if|had\s+been|were\s+to)\b",
    re.IGNORECASE,
)


def asserts(sentence: str) -> bool:
    """Whether a sentence says something: no question, no supposition."""
    return not (sentence.rstrip().endswith("?") or _SUPPOSED.search(sentence))


def is_reported(before: str) -> bool:
    """Whether what follows these words of a sentence is somebody else's saying or thought."""
    return _REPORTED.search(before) is not None


_HEDGE = re.compile(
    r"\b(?:think|suspect\w*|suspicio\w+|believe|feel|feels|feeling|guess|maybe|perhaps|probably|possibly|likely"
    r"|unlikely|might|may|could|would|should|can|seem\w*|look|looks|looked|looking|appear\w*|hunch|gut"
    r"|hope|wonder\w*|worr\w+|fear|afraid|doubt\w*|not\s+sure|unsure|not\s+convinced|not\s+saying|no\s+proof"
    r"|don't|do\s+not|cannot|can't|isn't|aren't|never|nor|neither|not|in\s+my\s+opinion|my\s+read|lean\w*"
    r"|convinced|confirm\w*|pretty\s+sure|fairly\s+sure|quite\s+sure|said|chance|odds|percent|potentially|sounds?|act|acts|acting|consider\w*|treat|until)\b|%",
    re.IGNORECASE,
)
_KNOWLEDGE = re.compile(
    r"\bI(?:'ve|\s+have|\s+do)?\s+(?:already\s+|also\s+|happen\s+to\s+|actually\s+)?(?:know|knew|saw|seen|see)\b"
    r"(?!\s+(?:nothing|how|why|what|who|that\s+feeling))"
    r"|\bI\s+was\s+(?:told|shown)\b|\bfor\s+(?:certain|sure|a\s+fact)\b|\bwithout\s+a\s+doubt\b|\btrust\s+me\b"
    r"|\bmy\s+role\s+(?:tells|shows|lets)\b|\bmy\s+(?:night\s+)?(?:vision|information|knowledge)\b"
    r"|\b100\s*%|\babsolutely\s+certain\b|\bI(?:'m|\s+am)\s+(?:absolutely\s+)?certain\b",
    re.IGNORECASE,
)
_REASON_AFTER = re.compile(
    r"\b(?:because|since|as\s+(?:he|she|they|it|we)|given|considering|based\s+on|after|which\s+means"
    r"|the\s+only\s+(?:one|player|seat)s?)\b",
    re.IGNORECASE,
)
_REASON_ANYWHERE = re.compile(
    r"\b(?:so|therefore|thus|hence|must|has\s+to|have\s+to|failed|fails?|fail\s+cards?|voted|votes?|approved"
    r"|rejected|proposed|clearly|obviously|logically|process\s+of\s+elimination|means|prove[sdn]?|proof)\b",
    re.IGNORECASE,
)


def certainty_of(sentence: str, claim: re.Match[str], *, speaks_as_role: bool) -> Certainty:
    """How a claim that was found in a sentence is put.

    Args:
        speaks_as_role: The sentence also claims a role ("As Merlin, ..."), which makes the rest knowledge.
    """
    before, after = sentence[: claim.start()], sentence[claim.end() :]
    if _REASON_AFTER.search(after) and not speaks_as_role:
        return "argued"
    if speaks_as_role or _KNOWLEDGE.search(sentence):
        return "hedged" if _HEDGE.search(_last_clause(_KNOWLEDGE.sub(" ", before))) else "known"
    if _HEDGE.search(_KNOWLEDGE.sub(" ", sentence)):
        return "hedged"
    if _REASON_ANYWHERE.search(sentence) or _REASON_AFTER.search(before):
        return "argued"
    return "stated"


def _last_clause(text: str) -> str:
    return re.split(r"[,:]|\bbut\b", text)[-1]
