"""Hallucination rate: statements about what happened that the record contradicts (specification 4.4).

    hallucination rate = false statements / statements that can be checked

Checked are, as the table stood when the speech was made:
- "quest 2 failed", "the first quest succeeded" (a quest that has not been played did neither);
- "quest 3 had 2 fails";
- "seat 3 was on quest 1", "seat 3 was on the failed quest" (any failed one; "both failed quests": all);
- "seat 4 rejected the last team", "seat 4 approved on quest 2", "seat 4 rejected" (ever).
"I" and "my" speak of the speaker. Questions, suppositions, plans and reports of others' words state nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from games.avalon.metrics.counted import Share
from games.avalon.metrics.exposure import speeches_of
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.metrics.speech_text import SEATS, asserts, is_reported, seats_in, sentences
from games.avalon.table import Proposal, Table, TableWatcher

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_NUMBER_WORDS = {"no": 0, "zero": 0, "one": 1, "a": 1, "two": 2, "three": 3, "four": 4}
_QUEST = (
    r"(?:(?:quest|mission|round)\s*#?(?P<qn>[1-5])\b"
    r"|(?:the\s+)?(?P<qo>first|second|third|fourth|fifth|last|previous)\s+(?:quest|mission))"
)
_NOT_YET = re.compile(
    r"\b(?:will|would|should|could|might|may|can|going\s+to|want|let|let's|needs?|must|to\s+be)\b", re.I
)

_OUTCOME = re.compile(
    _QUEST + r"(?:\s+(?:team|had|has|was|was\s+a|is|got|clearly|already|did))*"
    r"\s+(?P<did>failed|a\s+fail(?:ure)?|sabotaged|succeeded|passed|a\s+success|successful)\b",
    re.IGNORECASE,
)
_FAILS = re.compile(
    _QUEST + r"\s+(?:had|got|showed|saw|received|with)\s+(?:exactly\s+|only\s+)?"
    r"(?P<fails>\d|no|zero|one|a|two|three|four)\s+fails?(?:\s+cards?|\s+votes?)?\b",
    re.IGNORECASE,
)
_SUBJECT = rf"(?P<seats>{SEATS}|\bI\b)"
_WAS_ON = re.compile(
    rf"{_SUBJECT}\s+(?:was|were|went|has\s+been|have\s+been)\s+(?:also\s+|both\s+)?(?P<neg>not\s+|never\s+)?(?:on|part\s+of|in)\s+"
    rf"(?:the\s+team\s+(?:of|on|for|that\s+went\s+on)\s+)?"
    rf"(?:(?P<all>both|all|every)\s+(?:the\s+|of\s+the\s+)?|(?:the|a|that|an?)\s+)?"
    rf"(?:(?P<result>failed|failing|successful|sabotaged)\s+(?:quests?|missions?|teams?)|team\s+that\s+(?P<result2>failed|succeeded)|{_QUEST})",
    re.IGNORECASE,
)
_VOTED = re.compile(
    rf"{_SUBJECT}\s+(?:also\s+|both\s+|just\s+|all\s+)?(?P<neg>did\s+not\s+|didn't\s+|never\s+)?"
    rf"(?:(?P<yes>approved?|voted\s+(?:for|yes|to\s+approve|in\s+favou?r))|(?P<no>rejected|reject|voted\s+(?:against|no|to\s+reject)))\b"
    rf"(?P<object>(?:\s+(?:of|on|in|for|it|that|this|the|my|your|his|her|our|their|team|proposal|vote|one))*"
    rf"(?:\s*\b(?P<last>last|previous)\b)?(?:\s+(?:team|proposal|vote|one))?(?:\s*(?:on|of|in|for)?\s*(?:the\s+)?{_QUEST})?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One checked statement; `event` is the speech's place among the game's events."""

    event: int
    seat: int
    text: str
    true: bool


def statements_in_speech(text: str, speaker: int, table: Table, num_players: int) -> list[tuple[str, bool]]:
    """The statements of a speech that the table can check, each with whether it is true."""
    checked: list[tuple[str, bool]] = []
    for sentence in sentences(text):
        if not asserts(sentence):
            continue
        for statement in (
            *_outcomes(sentence, table),
            *_fail_counts(sentence, table),
            *_memberships(sentence, speaker, table, num_players),
            *_votes(sentence, speaker, table, num_players),
        ):
            if statement not in checked:
                checked.append(statement)
    return checked


def statements_of(game: RecordedGame) -> list[Statement]:
    """Every checked statement of a game, in order."""
    watcher = TableWatcher()
    speeches = {place for place, _ in speeches_of(game)}
    found = []
    for place, event in enumerate(game.events):
        watcher.observe(event)
        if place in speeches and event.seat is not None:
            checked = statements_in_speech(
                event.data["text"], event.seat, watcher.table(), game.setup.num_players
            )
            found += [Statement(place, event.seat, text, true) for text, true in checked]
    return found


def hallucination_rates(game: RecordedGame) -> dict[int, Share]:
    """False statements among the checked statements of each seat."""
    statements = statements_of(game)
    return {
        seat: Share(
            sum(statement.seat == seat and not statement.true for statement in statements),
            sum(statement.seat == seat for statement in statements),
        )
        for seat in game.setup.seats
    }


def _outcomes(sentence: str, table: Table) -> Iterator[tuple[str, bool]]:
    for found in _OUTCOME.finditer(sentence):
        quest = _quest_of(found, table)
        if (
            quest is None
            or _NOT_YET.search(sentence[: found.end()])
            or is_reported(sentence[: found.start()])
        ):
            continue
        said_success = found.group("did").lower().split()[-1] in (
            "succeeded",
            "passed",
            "success",
            "successful",
        )
        result = next((result for result in table.quests if result.quest == quest), None)
        yield found.group(0), result is not None and result.success is said_success


def _fail_counts(sentence: str, table: Table) -> Iterator[tuple[str, bool]]:
    for found in _FAILS.finditer(sentence):
        quest = _quest_of(found, table)
        if (
            quest is None
            or _NOT_YET.search(sentence[: found.end()])
            or is_reported(sentence[: found.start()])
        ):
            continue
        word = found.group("fails").lower()
        said = int(word) if word.isdigit() else _NUMBER_WORDS[word]
        yield found.group(0), any(result.quest == quest and result.fails == said for result in table.quests)


def _memberships(sentence: str, speaker: int, table: Table, num_players: int) -> Iterator[tuple[str, bool]]:
    for found in _WAS_ON.finditer(sentence):
        seats = _seats_of(found, sentence, speaker, num_players)
        if seats is None or _NOT_YET.search(sentence[: found.start()].rsplit(",", 1)[-1]):
            continue
        outcome = found.group("result") or found.group("result2")
        if outcome is not None:
            wanted = outcome.lower() in ("successful", "succeeded")
            teams = [result.team for result in table.quests if result.success is wanted]
            needs_all = found.group("all") is not None
        else:
            quest = _quest_of(found, table)
            teams = [result.team for result in table.quests if result.quest == quest]
            needs_all = True
        went = [_were_on(seats, teams, needs_all)] if teams else [False]
        yield found.group(0), went[0] is not bool(found.group("neg"))


def _were_on(seats: frozenset[int], teams: list[tuple[int, ...]], needs_all: bool) -> bool:
    on = [seats <= set(team) for team in teams]
    return all(on) if needs_all else any(on)


def _votes(sentence: str, speaker: int, table: Table, num_players: int) -> Iterator[tuple[str, bool]]:
    for found in _VOTED.finditer(sentence):
        seats = _seats_of(found, sentence, speaker, num_players)
        verb = (found.group("yes") or found.group("no")).lower()
        is_wish = verb in ("approve", "reject") and not found.group("neg")
        if seats is None or is_wish or _NOT_YET.search(sentence[: found.start()].rsplit(",", 1)[-1]):
            continue
        wanted = found.group("yes") is not None
        concerned = _proposals_meant(found, table)
        if concerned is None:
            continue
        did = all(any(proposal.votes.get(seat) is wanted for proposal in concerned) for seat in seats)
        yield found.group(0).strip(), did is not bool(found.group("neg"))


def _proposals_meant(found: re.Match[str], table: Table) -> list[Proposal] | None:
    """The votes a statement may be about; None where it speaks of a quest without naming it."""
    voted = [proposal for proposal in table.proposals if not proposal.forced]
    if found.group("qn") or found.group("qo"):
        quest = _quest_of(found, table)
        return None if quest is None else [proposal for proposal in voted if proposal.quest == quest]
    if found.group("last"):
        return voted[-1:]
    return voted


def _quest_of(found: re.Match[str], table: Table) -> int | None:
    if found.group("qn"):
        return int(found.group("qn"))
    word = found.group("qo").lower()
    if word in ("last", "previous"):
        return table.quests[-1].quest if table.quests else None
    return _ORDINALS[word]


def _seats_of(found: re.Match[str], sentence: str, speaker: int, num_players: int) -> frozenset[int] | None:
    text, before = found.group("seats"), sentence[: found.start("seats")]
    if is_reported(before):
        return None
    if text.strip().lower() == "i":
        return frozenset({speaker})
    named = seats_in(text, before, num_players)
    return None if named is None or named.any_of else named.seats
