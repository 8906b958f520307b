"""What a speech claims about who is who, read by local rules (specification 2.6, `PublicClaims`).

For metrics only, never for play. A claim is about seats ("seat 3 is Evil"), about the speaker's own role
("I am Merlin"), or about belonging together ("seat 3 and I are Evil", "my partner seat 3").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from games.avalon.metrics.speech_text import (
    SEATS,
    Certainty,
    NamedSeats,
    asserts,
    certainty_of,
    is_reported,
    seats_in,
    sentences,
)
from games.avalon.roles import Role

ClaimKind = Literal["own_role", "own_evil", "partner", "evil", "good", "merlin", "merlin_or_morgana"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim in one sentence."""

    kind: ClaimKind
    seats: frozenset[int] = frozenset()
    """Whom it is about; empty for claims about the speaker alone."""
    any_of: bool = False
    """It holds for one of the seats: "one of 2 and 3 is Evil"."""
    role: Role | None = None
    certainty: Certainty
    sentence: str


_ROLE_WORDS: dict[str, Role] = {
    "merlin": Role.MERLIN,
    "percival": Role.PERCIVAL,
    "servant": Role.SERVANT,
    "loyal servant": Role.SERVANT,
    "assassin": Role.ASSASSIN,
    "morgana": Role.MORGANA,
    "mordred": Role.MORDRED,
    "oberon": Role.OBERON,
    "minion": Role.MINION,
}
_ROLE = r"(?P<role>merlin|percival|(?:loyal\s+)?servant|assassin|morgana|mordred|oberon|minion(?!s))"
_ROLE_ENDS = r"(?!'s|\s+(?:of\s+seat|candidate|claim|would|should|might|could|hunt|is|has|will|knows)\b)"
_EVIL_WORD = (
    r"(?:(?:both\s+|all\s+)?(?:an?\s+|the\s+|one\s+of\s+(?:the|those)\s+)?"
    r"(?:evil(?:\s+(?:players?|ones?|seats?|roles?|team(?:\s+members?)?|side))?|sp(?:y|ies)|bad\s+(?:guys?|ones?)"
    r"|traitors?|minions?(?:\s+of\s+mordred)?|assassin|morgana|mordred|oberon)"
    r"|on\s+(?:the\s+|team\s+)?evil(?:\s+(?:side|team))?|(?:part|member)s?\s+of\s+the\s+evil\s+(?:team|side))"
)
_GOOD_WORD = (
    r"(?:(?:both\s+|all\s+)?(?:an?\s+|the\s+)?(?:good(?:\s+(?:players?|ones?|seats?|guys?))?|loyal|innocent|percival"
    r"|(?:loyal\s+)?servants?)|on\s+(?:the\s+|team\s+)?good(?:\s+(?:side|team))?)"
    r"(?!\s+(?:at|idea|leader|choice|pick|plan|team|move|fit|start|for|with|enough|to|point|reason|candidate|and\s+we))"
)
_ADVERBS = (
    r"(?:(?:definitely|certainly|clearly|surely|actually|really|also|obviously|indeed|truly|in\s+fact|very|most"
    r"|likely|probably|possibly|perhaps|almost|quite|both|all|simply|just)\s+)*"
)
_BE = (
    r"(?:\s+(?:is|are|was|were|must\s+be|has\s+to\s+be|have\s+to\s+be|might\s+be|may\s+be|could\s+be|seems?"
    r"|looks?|being)|'s|'re)"
)

_OWN_ROLE = re.compile(
    rf"\bI(?:'m|\s+am)\s+{_ADVERBS}(?:the\s+|a\s+|an\s+|your\s+|playing\s+(?:as\s+)?|dealt\s+)?{_ROLE}\b{_ROLE_ENDS}"
    rf"|\bmy\s+(?:secret\s+|own\s+|true\s+)?role\s+is\s+(?:the\s+|an?\s+)?(?P<role2>merlin|percival|(?:loyal\s+)?servant|assassin|morgana|mordred|oberon|minion)\b"
    rf"|\b(?:speaking\s+)?as\s+(?:the\s+|an?\s+|your\s+)?(?P<role3>merlin|percival|(?:loyal\s+)?servant|assassin|morgana|mordred|oberon|minion)\b\s*,?\s*(?:I\b|I'm\b|my\b|it\s+is\s+my\b)"
    rf"|\bI\s*,\s*(?:as\s+)?(?:the\s+|an?\s+)?(?P<role4>merlin|percival|assassin|morgana|mordred|oberon|minion)\b\s*,"
    rf"|\b(?:I\s+was\s+(?:dealt|given)|I\s+(?:got|drew|have))\s+(?:the\s+)?(?:role\s+of\s+)?(?:the\s+)?(?P<role5>merlin|percival|assassin|morgana|mordred|oberon)\b(?!\s+(?:on|as|in|at)\b)"
    r"|\b(?:reveal|out)(?:ing)?\s+myself\s+(?:as|to\s+be)\s+(?:the\s+)?(?P<role7>merlin|percival|assassin|morgana|mordred|oberon)\b"
    rf"|\bbeing\s+(?:the\s+|an?\s+)?(?P<role6>merlin|percival|assassin|morgana|mordred|oberon)\b\s*,\s*I\b",
    re.IGNORECASE,
)
_OWN_EVIL = re.compile(
    rf"\bI(?:'m|\s+am)\s+{_ADVERBS}(?:an?\s+|one\s+of\s+the\s+)?(?:evil\b(?!\s+eye)|spy\b|traitor\b|on\s+(?:the\s+|team\s+)?evil\b)"
    r"|\bwe(?:'re|\s+are)\s+(?:both\s+|all\s+)?(?:the\s+)?evil\b"
    r"|\bas\s+an?\s+(?:fellow\s+)?(?:evil(?:\s+player)?|spy)\b\s*,?\s*I\b"
    r"|\b(?:us|we)\s+evil\s+(?:players|ones|seats)\b",
    re.IGNORECASE,
)
_GOVERNED = re.compile(
    r"\b(?:think|thinks|thought|believes?|believed|say|says|said|saying|claim\w*|accus\w+|call\w*|assum\w+|guess\w*"
    r"|imagin\w+|suspect\w*|convinc\w+|persuad\w+|not|n't|would|could|might|may|act|acts|acting|that\s+way|tell\s+them"
    r"|suggest\w*|hint\w*|pretend\w*|makes?\s+\w+\s+think|implying|imply|rumou?r|question\w*)\b[^,:]*$",
    re.IGNORECASE,
)
_I_THINK = re.compile(r"\bI\s+(?:believe|think|guess|say)\s+(?:that\s+)?$", re.IGNORECASE)
_PARTNER_WORD = (
    r"(?:(?:evil\s+|secret\s+)?(?:partners?(?:\s+in\s+crime)?|accomplices?|co-conspirators?)"
    r"|fellow\s+(?:minions?|evil(?:\s+players?)?|sp(?:y|ies)|assassin|traitors?)|evil\s+(?:ally|allies|mates?|teammates?|friends?))"
)
_PARTNER = re.compile(
    rf"\bmy\s+{_PARTNER_WORD}\s*,?\s*(?:is\s+|are\s+|in\s+|on\s+|at\s+)?(?P<seats>{SEATS})"
    rf"|(?P<seats2>{SEATS})\s*,?\s+(?:is|are|who\s+is)\s+(?:{_ADVERBS})my\s+{_PARTNER_WORD}"
    rf"|(?P<seats3>{SEATS})\s*,?\s+and\s+(?:I|me|myself)\b\s*(?:are|we're)\s+(?:both\s+|all\s+)?(?:the\s+)?(?:evil|partners|spies|minions|traitors)\b"
    rf"|\bI\s+and\s+(?P<seats4>{SEATS})\s+are\s+(?:both\s+|all\s+)?(?:the\s+)?(?:evil|partners|spies|minions|traitors)\b"
    rf"|(?P<seats6>{SEATS})\s+(?:sides?\s+with\s+(?:me|us)|(?:is|are)\s+on\s+my\s+side)\b"
    rf"|\bI(?:'m|\s+am)\s+evil\s+(?:together\s+)?with\s+(?P<seats5>{SEATS})",
    re.IGNORECASE,
)
_SIDE_OF = re.compile(
    rf"(?P<seats>{SEATS}){_BE}\s+{_ADVERBS}(?:(?P<evil>{_EVIL_WORD})|(?P<good>{_GOOD_WORD}))\b", re.IGNORECASE
)
_EVIL_ARE = re.compile(
    r"\b(?:(?:the\s+|our\s+)?(?:two\s+|three\s+|four\s+|other\s+)?(?:evil\s+(?:players?|ones?|seats?|team|side)|sp(?:y|ies)"
    rf"|minions?|traitors?)|evil)\s*(?:is|are|:)\s*{_ADVERBS}(?P<seats>{SEATS})",
    re.IGNORECASE,
)
_MERLIN_IS = re.compile(
    rf"(?P<seats>{SEATS}){_BE}\s+{_ADVERBS}(?:our\s+|the\s+)?merlin\b(?P<morgana>\s+(?:and|or)\s+morgana)?{_ROLE_ENDS}"
    rf"|\bmerlin(?P<morgana2>\s+(?:and|or)\s+morgana)?\s+(?:is|are|must\s+be|could\s+be|might\s+be)\s+(?:definitely\s+|clearly\s+|likely\s+|probably\s+)?(?P<either>either\s+|one\s+of\s+|among\s+|between\s+)?(?P<seats2>{SEATS})"
    rf"|\bmy\s+(?:two\s+)?(?P<morgana3>merlins?|merlin\s+candidates?|merlin\s+pair)\s+(?:is|are)\s+(?P<seats3>{SEATS})"
    rf"|(?P<seats5>{SEATS})\s+(?:hides?|conceals?)\s+(?:the\s+)?merlin\b"
    rf"|\bI\s+(?:see|saw|was\s+shown|know)\s+(?P<seats4>{SEATS})\s+as\s+(?:my\s+|the\s+)?(?:possible\s+)?merlin(?P<morgana4>\s+(?:and|or)\s+morgana)?",
    re.IGNORECASE,
)
_STANCE = re.compile(
    rf"\bI\s+(?:(?:fully|completely|really|strongly|still|also|do|would)\s+)*(?:(?P<trust>trust|believe\s+in|vouch\s+for)"
    rf"|(?P<distrust>(?:do\s+not|don't|can't|cannot)\s+(?:fully\s+|really\s+)?trust|distrust|suspect|am\s+suspicious\s+of|accuse))\s+(?P<seats>{SEATS})"
    rf"|(?P<seats2>{SEATS})(?:\s+(?:is|are|seems?|looks?|sounds?|appears?)|'s)\s+{_ADVERBS}(?:to\s+be\s+)?(?P<shady>suspicious|suspect|untrustworthy|shady)",
    re.IGNORECASE,
)


def claims_in(text: str, num_players: int) -> list[Claim]:
    """Every claim of a speech at a table of so many."""
    return [claim for sentence in sentences(text) for claim in _claims_of(sentence, num_players)]


def _claims_of(sentence: str, num_players: int) -> Iterator[Claim]:
    if not asserts(sentence):
        return
    own = list(_own_claims(sentence))
    yield from own
    yield from _partner_claims(sentence, num_players)
    speaks_as_role = any(claim.kind == "own_role" and claim.role is not Role.SERVANT for claim in own)
    yield from _side_claims(sentence, num_players, speaks_as_role)
    yield from _merlin_claims(sentence, num_players, speaks_as_role)
    yield from _stances(sentence, num_players)


def _own_claims(sentence: str) -> Iterator[Claim]:
    for found in _OWN_ROLE.finditer(sentence):
        if not _is_governed(sentence[: found.start()]):
            word = next(value for name, value in found.groupdict().items() if value)
            role = _ROLE_WORDS[" ".join(word.lower().split())]
            yield Claim(kind="own_role", role=role, certainty="stated", sentence=sentence)
    for found in _OWN_EVIL.finditer(sentence):
        if not _is_governed(sentence[: found.start()]):
            yield Claim(kind="own_evil", certainty="stated", sentence=sentence)


def _is_governed(before: str) -> bool:
    """Whether a claim about oneself hangs on a verb of saying or thinking, other than one's own thinking."""
    return _GOVERNED.search(_I_THINK.sub("", before)) is not None or is_reported(before)


def _partner_claims(sentence: str, num_players: int) -> Iterator[Claim]:
    for found in _PARTNER.finditer(sentence):
        named = _named(found, sentence, num_players)
        if named and not _is_governed(sentence[: found.start()]):
            yield Claim(kind="partner", seats=named.seats, certainty="stated", sentence=sentence)


def _side_claims(sentence: str, num_players: int, speaks_as_role: bool) -> Iterator[Claim]:
    for pattern in (_SIDE_OF, _EVIL_ARE):
        for found in pattern.finditer(sentence):
            named = _named(found, sentence, num_players)
            if named is None or _is_count(found):
                continue
            yield Claim(
                kind="good" if found.groupdict().get("good") else "evil",
                seats=named.seats,
                any_of=named.any_of,
                certainty=_certainty(sentence, found, speaks_as_role),
                sentence=sentence,
            )


def _certainty(sentence: str, found: re.Match[str], speaks_as_role: bool) -> Certainty:
    """`certainty_of`, where the verb of the claim itself may hedge or argue it."""
    words = found.group(0)
    if re.search(
        r"\b(?:might|may|could|seems?|looks?|likely|probably|possibly|perhaps|almost)\b", words, re.I
    ):
        return "hedged"
    if re.search(r"\b(?:must|has|have)\b", words, re.IGNORECASE) and not speaks_as_role:
        return "argued"
    return certainty_of(sentence, found, speaks_as_role=speaks_as_role)


def _is_count(found: re.Match[str]) -> bool:
    """ "2 are Evil" counts heads; "seat 2 is Evil" and "2 and 3 are Evil" name seats."""
    seats = found.group("seats")
    is_bare_number = seats.strip().isdigit()
    return is_bare_number and re.match(r"\s+(?:are|were)\b", found.group(0)[len(seats) :]) is not None


def _merlin_claims(sentence: str, num_players: int, speaks_as_role: bool) -> Iterator[Claim]:
    for found in _MERLIN_IS.finditer(sentence):
        named = _named(found, sentence, num_players)
        if named is None:
            continue
        groups = found.groupdict()
        both = any(groups.get(name) for name in ("morgana", "morgana2", "morgana3", "morgana4"))
        several = both or named.any_of or bool(groups.get("either")) or len(named.seats) > 1
        yield Claim(
            kind="merlin_or_morgana" if several else "merlin",
            seats=named.seats,
            any_of=several,
            role=Role.MERLIN,
            certainty=_certainty(sentence, found, speaks_as_role),
            sentence=sentence,
        )


def _stances(sentence: str, num_players: int) -> Iterator[Claim]:
    for found in _STANCE.finditer(sentence):
        named = _named(found, sentence, num_players)
        if named is not None:
            yield Claim(
                kind="good" if found.group("trust") else "evil",
                seats=named.seats,
                any_of=named.any_of,
                certainty="hedged",
                sentence=sentence,
            )


def _named(found: re.Match[str], sentence: str, num_players: int) -> NamedSeats | None:
    for name in found.groupdict():
        if name.startswith("seats") and found.group(name):
            before = sentence[: found.start(name)]
            return None if is_reported(before) else seats_in(found.group(name), before, num_players)
    return None
