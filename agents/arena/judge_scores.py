"""Verdicts added up: wins, ties and how far the judge can be believed.

A quality is won by the speech that both orders prefer; anything else is a tie, and ties that come from
answers that changed with the order are counted apart.

win share       wins of A / (wins of A + wins of B), with Wilson's interval; speeches of one game are alike,
                so the interval is somewhat too narrow where few games gave many pairs
preference      (wins of A + ties / 2) / pairs
consistency     pairs answered alike in both orders / pairs
first picks     choices of the speech shown first / choices of either: 0.5 for a judge without position bias
kappa           Cohen's: (agreement - agreement by chance) / (1 - agreement by chance), of the verdicts with
                human labels
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from agents.arena.judge_calls import ORDERS, Judged, Unjudged
from agents.arena.judge_prompt import QUALITIES, Choice
from agents.arena.statistics import Rate, wilson
from agents.errors import NimueError
from games.avalon.metrics.counted import Share

Labels = Mapping[tuple[str, str], Choice]
"""(pair, quality) to what a person chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityScore:
    """One quality over all pairs that were answered in both orders."""

    quality: str
    wins_a: int
    wins_b: int
    ties: int
    """All ties, those by changed answers included."""
    changed: int
    """Pairs whose answer changed with the order."""
    win_share: Rate

    @property
    def pairs(self) -> int:
        return self.wins_a + self.wins_b + self.ties

    @property
    def preference(self) -> float | None:
        return (self.wins_a + self.ties / 2) / self.pairs if self.pairs else None

    @property
    def consistency(self) -> Share:
        return Share(self.pairs - self.changed, self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the judge agrees with a person on the pairs that both judged."""

    agreed: Share
    kappa: float | None
    """None where it has no value: no common pair, or no variety in the choices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeScores:
    """The result of a judging."""

    qualities: tuple[QualityScore, ...]
    first_picks: Share
    unjudged: Mapping[str, int]
    """Orders without a usable answer, by reason."""
    incomplete: int
    """Pairs that are left out for want of an answer."""
    agreement: Mapping[str, Agreement] | None
    """By quality, and "all"; None without labels."""

    def to_json(self) -> dict[str, Any]:
        return {
            "qualities": [_quality_json(score) for score in self.qualities],
            "first_picks": self.first_picks.rate,
            "unjudged": dict(self.unjudged),
            "incomplete_pairs": self.incomplete,
            "agreement_with_labels": None
            if self.agreement is None
            else {
                name: {"labels": one.agreed.of, "agreement": one.agreed.rate, "kappa": one.kappa}
                for name, one in self.agreement.items()
            },
        }


def _quality_json(score: QualityScore) -> dict[str, Any]:
    return {
        "quality": score.quality,
        "pairs": score.pairs,
        "wins_a": score.wins_a,
        "wins_b": score.wins_b,
        "ties": score.ties,
        "changed_with_order": score.changed,
        "win_share": score.win_share.rate,
        "low": score.win_share.low,
        "high": score.win_share.high,
        "preference": score.preference,
        "swap_consistency": score.consistency.rate,
    }


def score(judged: Sequence[Judged], labels: Labels | None = None) -> JudgeScores:
    """Add up what was judged, and hold it against a person's labels if there are any."""
    complete = [one for one in judged if one.is_complete]
    failures = Counter(
        answer.reason for one in judged for answer in one.answers.values() if isinstance(answer, Unjudged)
    )
    return JudgeScores(
        qualities=tuple(_score_quality(complete, quality) for quality in QUALITIES),
        first_picks=_first_picks(judged),
        unjudged=dict(failures),
        incomplete=len(judged) - len(complete),
        agreement=None if labels is None else _agreements(complete, labels),
    )


def _score_quality(complete: Sequence[Judged], quality: str) -> QualityScore:
    winners = Counter(_winner(one, quality) for one in complete)
    wins_a, wins_b = winners["a"], winners["b"]
    return QualityScore(
        quality=quality,
        wins_a=wins_a,
        wins_b=wins_b,
        ties=winners["tie"],
        changed=sum(not one.agrees(quality) for one in complete),
        win_share=wilson(wins_a, wins_a + wins_b),
    )


def _winner(one: Judged, quality: str) -> str:
    verdict = one.verdict(quality)
    if verdict == "tie":
        return "tie"
    return "a" if (verdict == "first") is one.pair.first_is_a else "b"


def _first_picks(judged: Sequence[Judged]) -> Share:
    shown = [
        answer.choice(quality)
        for one in judged
        for order in ORDERS
        if not isinstance(answer := one.answers[order], Unjudged)
        for quality in QUALITIES
    ]
    return Share(shown.count("first"), len(shown) - shown.count("tie"))


def _agreements(complete: Sequence[Judged], labels: Labels) -> dict[str, Agreement]:
    chosen: dict[str, list[tuple[Choice, Choice]]] = {quality: [] for quality in QUALITIES}
    for one in complete:
        for quality in QUALITIES:
            label, verdict = labels.get((one.pair.id, quality)), one.verdict(quality)
            if label is not None and verdict is not None:
                chosen[quality].append((label, verdict))
    together = [pair for pairs in chosen.values() for pair in pairs]
    return {name: _agreement(pairs) for name, pairs in {**chosen, "all": together}.items() if pairs} or {
        "all": _agreement([])
    }


def _agreement(pairs: Sequence[tuple[Choice, Choice]]) -> Agreement:
    return Agreement(
        agreed=Share(sum(label == verdict for label, verdict in pairs), len(pairs)), kappa=cohens_kappa(pairs)
    )


def cohens_kappa(pairs: Sequence[tuple[Choice, Choice]]) -> float | None:
    """Agreement of two raters beyond chance; None where chance always agrees, or nothing was rated."""
    if not pairs:
        return None
    count = len(pairs)
    agreement = sum(one == other for one, other in pairs) / count
    by_one, by_other = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(by_one[choice] * by_other[choice] for choice in by_one) / count**2
    return None if by_chance == 1 else (agreement - by_chance) / (1 - by_chance)


def read_labels(path: Path) -> dict[tuple[str, str], Choice]:
    """A person's choices: JSON lines {"pair": "p0001", "logic": "first", "creativity": "tie", ...}.

    The pairs are those of the judging's `pairs.jsonl`, and first and second are meant as they stand there.

    Raises:
        NimueError: There is no such file, or a line is not of this form.
    """
    if not path.is_file():
        raise NimueError(f"There is no file of labels {path}.")
    labels: dict[tuple[str, str], Choice] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            pair = entry.pop("pair")
            choices = {quality: entry[quality] for quality in QUALITIES if quality in entry}
        except (ValueError, KeyError, AttributeError, TypeError) as problem:
            raise NimueError(
                f'{path}, line {number}: write for example {{"pair": "p0001", "logic": "first"}}.'
            ) from problem
        for quality, choice in choices.items():
            if choice not in get_args(Choice):
                raise NimueError(
                    f"{path}, line {number}: {quality} is {choice!r}; it can be first, second or tie."
                )
            labels[pair, quality] = choice
    return labels
