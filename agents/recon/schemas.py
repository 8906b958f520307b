"""What a model is asked to answer, as pydantic models made for one seat and one decision.

Every choice is an enumeration of the legal options, so that constrained decoding cannot leave the
rules; what a free model writes is normalised where its meaning is plain ([3, 1] for the team "1,3").
Key order is the order of thought: think, decide, speak. Making a model class is slow, so equal
questions share one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from games.avalon.actions import (
    Action,
    Bid,
    Card,
    Decision,
    DecisionKind,
    HoldFire,
    Inspect,
    Propose,
    Shoot,
    Speak,
    Vote,
)
from games.avalon.talk import MAX_BID, MAX_SPEECH

HOLD_FIRE = "nobody"


class Reply(BaseModel):
    """Any answer of a player; keys that were not asked for are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True, slots=True)
class Lengths:
    """The most characters of each kind of text."""

    think: int
    speak: int
    summary: int
    reading: int


FULL = Lengths(think=1200, speak=600, summary=600, reading=300)
BRIEF = Lengths(think=170, speak=160, summary=120, reading=60)


def clip(limit: int) -> BeforeValidator:
    """End a text that reaches its limit at its last whole sentence, or word, instead of refusing it.

    A grammar stops a text in the middle of a word when it reaches the limit, so that is cut back too.
    """

    def cut(text: Any) -> Any:
        if not isinstance(text, str) or len(text) < limit:
            return text
        kept = text[:limit]
        sentence = max(kept.rfind(mark) for mark in (". ", "! ", "? "))
        if sentence > limit // 3:
            return kept[: sentence + 1]
        return kept.rsplit(" ", 1)[0] if " " in kept else kept

    return BeforeValidator(cut)


def text_field(limit: int, description: str, *, required: bool = True) -> Any:
    """A (type, Field) pair for a text of at most this length."""
    return (
        Annotated[
            str,
            clip(limit),
            Field(min_length=1 if required else 0, max_length=limit, description=description),
        ],
        ...,
    )


@lru_cache(maxsize=256)
def draft_schema(
    kind: DecisionKind,
    options: tuple[Action, ...],
    lengths: Lengths,
    *,
    think: bool,
    speak: bool,
    changed: bool = False,
    readers: tuple[str, ...] = (),
    plain: bool = False,
) -> type[Reply]:
    """The draft, or the refined version, of one decision.

    Args:
        kind: What is decided.
        options: The legal actions; empty for speeches.
        lengths: How much text.
        think: Whether a private thought comes first.
        speak: Whether a speech is part of the answer.
        changed: Whether a list of what the refinement changed is asked for.
        readers: Whose readings of the draft come before all else, with what it gives away.
        plain: Ask for a vote as "approve": yes or no. Small models answer that by what they read; asked to
            name one of approve and reject, Qwen2.5-Coder-1.5B rejects every team.
    """
    fields: dict[str, Any] = _reading_fields(readers, lengths) if readers else {}
    if think:
        fields["think"] = text_field(lengths.think, "your private reasoning")
    fields.update(_choice_fields(kind, options, plain))
    if speak:
        limit = min(lengths.speak, MAX_SPEECH)
        fields["speak"] = text_field(limit, "what you say aloud")
    if changed:
        fields["changed"] = (
            Annotated[
                list[Annotated[str, clip(120)]],
                Field(max_length=3, description="what you changed and why, up to three short notes"),
            ],
            ...,
        )
    return create_model("Draft", __base__=Reply, **fields)


def _choice_fields(kind: DecisionKind, options: tuple[Action, ...], plain: bool) -> dict[str, Any]:
    match kind:
        case "speak" | "evil_talk":
            return {}
        case "propose":
            teams = tuple(team_text(option.team) for option in options if isinstance(option, Propose))
            return {"team": _enumeration(teams, "the seats of the team", _read_team)}
        case "vote" if plain:
            return {"approve": _enumeration(("yes", "no"), "your open vote", _read_yes)}
        case "vote":
            return {"vote": _enumeration(("approve", "reject"), "your open vote", _read_vote)}
        case "card":
            return {"card": _enumeration(("success", "fail"), "your secret card", _read_word)}
        case "bid":
            return {"eagerness": (Annotated[int, Field(ge=0, le=MAX_BID, description="0 to 4")], ...)}
        case "inspect":
            targets = tuple(str(option.target) for option in options if isinstance(option, Inspect))
            return {"target": _enumeration(targets, "the seat to look at", _read_seat)}
        case "shoot":
            seats = tuple(str(option.target) for option in options if isinstance(option, Shoot))
            hold = (HOLD_FIRE,) if any(isinstance(option, HoldFire) for option in options) else ()
            return {"target": _enumeration((*seats, *hold), "the seat you take for Merlin", _read_seat)}


def _enumeration(values: tuple[str, ...], description: str, read: Any) -> Any:
    return (Annotated[Literal[values], BeforeValidator(read), Field(description=description)], ...)


def team_text(team: Sequence[int]) -> str:
    return ",".join(str(seat) for seat in sorted(team))


def _read_team(value: Any) -> Any:
    """[3, 1], "3, 1", "seats 1 and 3" and "1,3" are the same team."""
    seats = (
        value if isinstance(value, list) else re.findall(r"\d+", value) if isinstance(value, str) else None
    )
    if seats is None or not all(str(seat).strip().isdecimal() for seat in seats):
        return value
    return team_text([int(seat) for seat in seats])


def _read_seat(value: Any) -> Any:
    """4, "4", "seat 4" and "Player 4" are the same seat."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    found = re.findall(r"\d+", value) if isinstance(value, str) else []
    return found[0] if len(found) == 1 else value


_VOTE_WORDS = {
    "approve": "approve", "approved": "approve", "yes": "approve", "true": "approve", "accept": "approve",
    "reject": "reject", "rejected": "reject", "no": "reject", "false": "reject", "disapprove": "reject",
}  # fmt: skip


def _read_vote(value: Any) -> Any:
    word = str(value).strip().strip("[].").lower()
    return _VOTE_WORDS.get(word, value)


def _read_yes(value: Any) -> Any:
    read = _read_vote(value)
    return {"approve": "yes", "reject": "no"}.get(read, value) if isinstance(read, str) else value


def _read_word(value: Any) -> Any:
    return value.strip().strip("[].").lower() if isinstance(value, str) else value


def action_of(decision: Decision, reply: Mapping[str, Any], speech: str) -> Action:
    """The action that an accepted answer, by field, stands for."""
    match decision.kind:
        case "speak" | "evil_talk":
            return Speak(speech)
        case "propose":
            return Propose(tuple(int(seat) for seat in reply["team"].split(",")), speech)
        case "vote":
            return Vote(_approves(reply))
        case "card":
            return Card(reply["card"] == "fail")
        case "bid":
            return Bid(reply["eagerness"])
        case "inspect":
            return Inspect(int(reply["target"]))
        case "shoot":
            target = reply["target"]
            return HoldFire() if target == HOLD_FIRE else Shoot(int(target))


def _approves(reply: Mapping[str, Any]) -> bool:
    return bool(reply["approve"] == "yes" if "approve" in reply else reply["vote"] == "approve")


def choice_text(reply: Mapping[str, Any]) -> str:
    """The decided part of an answer in words; empty for speeches."""
    if "approve" in reply:
        return f"vote {'approve' if _approves(reply) else 'reject'}"
    for name in ("team", "vote", "card", "target", "eagerness"):
        if name in reply:
            return f"{name} {reply[name]}"
    return ""


# -- notes and readings ------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def note_schema(
    others: tuple[int, ...], roles: tuple[str, ...], lengths: Lengths, *, brief: bool
) -> type[Reply]:
    """A first-order note: for every other seat how likely it is Evil (percent), a role if certain, and why.

    The brief form asks for the likelihoods and one summary.
    """
    percent = Annotated[int, BeforeValidator(read_percent), Field(ge=0, le=100, description="0 to 100")]
    seat_type: Any = percent
    if not brief:
        read_fields: dict[str, Any] = {
            "evil": (percent, ...),
            "role": (Literal[("unknown", *roles)], ...),
            "why": text_field(200, "the evidence from the record"),
        }
        seat_type = create_model("SeatRead", __base__=Reply, **read_fields)
    fields: dict[str, Any] = {f"seat_{seat}": (seat_type, ...) for seat in others}
    fields["summary"] = text_field(lengths.summary, "what you now believe, for later")
    return create_model("Note", __base__=Reply, **fields)


def read_percent(value: Any) -> Any:
    """ "70%" and 0.7 mean 70; 1 stays 1."""
    if isinstance(value, str):
        value = value.strip().rstrip("%").strip()
        return int(value) if value.isdecimal() else value
    if isinstance(value, float):
        return round(value * 100) if 0 < value < 1 else round(value)
    return value


def note_data(reply: Any, others: Sequence[int]) -> dict[str, Any]:
    """A note as the data of its event."""
    players = []
    for seat in others:
        read = getattr(reply, f"seat_{seat}")
        if isinstance(read, int):
            players.append({"seat": seat, "evil": read})
        else:
            players.append({"seat": seat, "evil": read.evil, "role": read.role, "why": read.why})
    return {"players": players, "summary": reply.summary}


@lru_cache(maxsize=256)
def readings_schema(readers: tuple[str, ...], lengths: Lengths) -> type[Reply]:
    """Second-order readings of a draft, one for each reader, and what the draft gives away."""
    return create_model("Readings", __base__=Reply, **_reading_fields(readers, lengths))


def _reading_fields(readers: tuple[str, ...], lengths: Lengths) -> dict[str, Any]:
    fields: dict[str, Any] = {
        reader: text_field(lengths.reading, f"what {reader.replace('_', ' ')} would now believe about you")
        for reader in readers
    }
    return {**fields, **_leak_fields(lengths)}


@lru_cache(maxsize=32)
def reading_schema(lengths: Lengths) -> type[Reply]:
    """The reading of a single role."""
    fields: dict[str, Any] = {
        "reading": text_field(lengths.reading, "what that player would now believe about you")
    }
    return create_model("Reading", __base__=Reply, **fields, **_leak_fields(lengths))


def _leak_fields(lengths: Lengths) -> dict[str, Any]:
    return {
        "leak": text_field(lengths.reading, "the clue that gives you away, or none"),
        "leak_risk": (
            Annotated[int, BeforeValidator(read_percent), Field(ge=0, le=100, description="0 to 100")],
            ...,
        ),
    }


@lru_cache(maxsize=32)
def pick_schema(count: int) -> type[Reply]:
    """One of `count` numbered options."""
    numbers = tuple(str(number) for number in range(1, count + 1))
    return create_model("Pick", __base__=Reply, choice=_enumeration(numbers, "the best option", _read_seat))


@lru_cache(maxsize=32)
def plan_schema(lengths: Lengths) -> type[Reply]:
    """One plan of a tree of thoughts."""
    return create_model("Plan", __base__=Reply, think=text_field(lengths.think, "a plan, and why"))


def keys_text(schema: type[BaseModel], *, brief: bool) -> str:
    """The form of an answer in words: also for models that no grammar holds to the schema.

    The brief form says no more of a text or a number than its key: small models recite such descriptions, and
    reading them takes seconds.
    """
    return f"Answer: {_form_of_model(schema, brief=brief)}"


def _form_of_model(schema: type[BaseModel], *, brief: bool) -> str:
    parts = [
        f'"{name}"' if brief and field.annotation in (str, int) else f'"{name}": {_form_of(field)}'
        for name, field in schema.model_fields.items()
    ]
    return f"{{{', '.join(parts)}}}"


def _form_of(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        choices = [f'"{choice}"' for choice in get_args(field.annotation)]
        return " | ".join(choices if len(choices) <= 6 else [*choices[:2], "...", choices[-1]])
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
        return _form_of_model(field.annotation, brief=False)
    return str(field.description) if field.annotation is int else f'"({field.description})"'
