"""Records every answered call in a file, and answers from it: a resumed run never pays twice, a replay never
pays.

The file is JSONL, one record a call, appended in one write before the answer counts as given. A last line
torn by a crash is dropped when the file is opened. Records hold digests of the prompts, and no keys.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from agents.errors import NimueError, NimueFailure
from agents.llm.chat_wrapper import ChatWrapper, StreamedAnswer, TaggedChatModel, chunk_of, closing
from agents.llm.model import CallTag, Model, ModelOptions
from agents.llm.names import ModelName, parse_model_name
from agents.llm.usage import Usage


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What identifies a call: for what, of which model, with which messages and arguments."""

    tag: CallTag
    model: ModelName
    messages: tuple[str, ...]
    """A digest of each message."""
    arguments: str
    """A digest of the schema, the tools and the other arguments."""

    @property
    def key(self) -> str:
        return _digest([_identity(self.tag), str(self.model), self.messages, self.arguments])


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One answered call."""

    key: str
    tag: CallTag
    model: ModelName
    messages: tuple[str, ...]
    answer: AIMessage

    def to_json(self) -> str:
        """The record as one line."""
        fields = {
            "v": 1,
            "key": self.key,
            "tag": self.tag.metadata(),
            "model": str(self.model),
            "messages": self.messages,
            "answer": self.answer.model_dump(mode="json", exclude_defaults=True),
        }
        # In ASCII: a server may tear a character apart, and half a character has no UTF-8.
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read one line; raises `ValueError` or `KeyError` where it is not a record."""
        fields = json.loads(line)
        return cls(
            key=fields["key"],
            tag=CallTag.from_metadata(fields["tag"]),
            model=parse_model_name(fields["model"]),
            messages=tuple(fields["messages"]),
            answer=AIMessage.model_validate(fields["answer"]),
        )


class Journal:
    """The answered calls of one run. One process writes it; any number of calls at once may use it."""

    def __init__(self, path: Path) -> None:
        """Open or begin the file.

        Raises:
            NimueFailure: A line other than a torn last one is not a record.
        """
        self._records: dict[str, Record] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._used_by_game: dict[str, Usage] = {}
        if path.exists():
            _drop_torn_line(path)
            self._records = {record.key: record for record in read_records(path)}
        for record in self._records.values():
            self._count(record)
        # Unbuffered, one write a call: after a crash the file ends with at most one torn line.
        self._file = path.open("ab", buffering=0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._records)

    def find(self, call: Call) -> AIMessage | None:
        """The recorded answer to a call."""
        record = self._records.get(call.key)
        return record.answer if record else None

    def append(self, call: Call, answer: AIMessage) -> None:
        """Record an answer; a call that is recorded already keeps its first answer."""
        if call.key in self._records:
            return
        record = Record(
            key=call.key,
            tag=call.tag,
            model=call.model,
            messages=call.messages,
            # The id is LangChain's for this process only.
            answer=answer.model_copy(update={"id": None}),
        )
        self._file.write(record.to_json().encode() + b"\n")
        self._records[call.key] = record
        self._count(record)

    def turn(self, call: Call) -> asyncio.Lock:
        """Held while a call is asked, so that the same call made twice at once is asked once."""
        return self._turns.setdefault(call.key, asyncio.Lock())

    def usage(self) -> dict[ModelName, Usage]:
        """What the recorded calls used, by model: a resumed run counts it into its budget."""
        used: dict[ModelName, Usage] = {}
        for record in self._records.values():
            used[record.model] = used.get(record.model, Usage()) + Usage.from_message(record.answer)
        return used

    def usage_of(self, game: str) -> Usage:
        """What the calls of one game, attempt or whatever else their tags name used."""
        return self._used_by_game.get(game, Usage())

    def _count(self, record: Record) -> None:
        before = self._used_by_game.get(record.tag.game, Usage())
        self._used_by_game[record.tag.game] = before + Usage.from_message(record.answer)


class JournaledChatModel(ChatWrapper):
    """A chat model that answers from a journal, and records what it had to ask."""

    model: ModelName
    journal: Journal

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = Call(
            tag=CallTag.from_metadata(metadata),
            model=self.model,
            messages=digests(messages),
            arguments=_digest({"stop": stop, **kwargs}),
        )
        async with self.journal.turn(call):
            recorded = self.journal.find(call)
            if recorded is not None:
                yield chunk_of(recorded)
                return
            answer = StreamedAnswer()
            async with closing(self._pass_on(messages, metadata, stop, **kwargs)) as chunks:
                async for chunk in chunks:
                    answer.add(chunk)
                    yield chunk
            self.journal.append(call, answer.message())


class ReplayingChatModel(TaggedChatModel):
    """Answers from a journal alone. What the calls are for and their messages must be as recorded."""

    path: Path
    records: list[Record]

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        tag = CallTag.from_metadata(metadata)
        asked = digests(messages)
        same_purpose = [record for record in self.records if _identity(record.tag) == _identity(tag)]
        for record in same_purpose:
            if record.messages == asked:
                yield chunk_of(record.answer)
                return
        raise NimueError(self._miss(tag, messages, asked, same_purpose))

    def _miss(
        self, tag: CallTag, messages: list[BaseMessage], asked: tuple[str, ...], same_purpose: list[Record]
    ) -> str:
        purpose = " ".join(part for part in (tag.game, tag.decision, tag.stage) if part) or "without a tag"
        advice = (
            "The recording is of another game, seed or version; record it again with --model PROVIDER:NAME."
        )
        if not same_purpose:
            count = len(self.records)
            return f"{self.path} has no answer for the call {purpose} among its {count} calls. {advice}"
        recorded = same_purpose[0].messages
        differing = next(
            (place for place, pair in enumerate(zip(recorded, asked, strict=False)) if pair[0] != pair[1]),
            min(len(recorded), len(asked)),
        )
        which = f"its message {differing + 1}"
        if differing < len(messages):
            which += f" ({messages[differing].type}, beginning {messages[differing].text[:60]!r})"
        return (
            f"{self.path} has the call {purpose} as number {self.records.index(same_purpose[0]) + 1} of "
            f"{len(self.records)}, but asked otherwise: {which} is not the recorded one. {advice}"
        )

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind()

    @property
    def _llm_type(self) -> str:
        return "replay"


def open_model(name: str, options: ModelOptions) -> Model:
    """Open `replay:PATH`.

    Raises:
        NimueError: There is no such file.
        NimueFailure: It is not a journal.
    """
    path = Path(name)
    if not path.is_file():
        raise NimueError(f"replay:{name}: there is no such file. Give the calls.jsonl of a run's folder.")
    chat = ReplayingChatModel(path=path, records=read_records(path))
    return Model(name=ModelName("replay", name), chat=chat, constrain=lambda schema: {}, close=lambda: None)


def read_records(path: Path) -> list[Record]:
    """The records of a journal file in order; a torn last line is left out.

    Raises:
        NimueFailure: Another line is not a record.
    """
    *lines, _torn = path.read_bytes().split(b"\n")
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(Record.from_json(line.decode()))
        except (ValueError, KeyError, TypeError, NimueError) as error:
            raise NimueFailure(
                f"{path}, line {number}: not a recorded call. The file is damaged; move it away to ask again."
            ) from error
    return records


def digests(messages: Sequence[BaseMessage]) -> tuple[str, ...]:
    """A digest of each message: of what a model is told, not of LangChain's ids and bookkeeping."""
    return tuple(
        _digest(
            [
                message.type,
                message.content,
                message.name,
                getattr(message, "tool_calls", None),
                getattr(message, "tool_call_id", None),
            ]
        )
        for message in messages
    )


def _identity(tag: CallTag) -> list[str | int]:
    """The tag without its lane, which only says where a prompt is cached."""
    return [tag.game, tag.decision, tag.stage, tag.attempt]


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _drop_torn_line(path: Path) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
