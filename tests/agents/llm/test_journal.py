"""What was answered once is never asked again, and can be replayed without a model."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel

from agents.errors import NimueError, NimueFailure
from agents.llm.ask import ask
from agents.llm.budget import Budget, BudgetedChatModel
from agents.llm.journal import Journal, JournaledChatModel, read_records
from agents.llm.model import CallTag, Model, ModelOptions, open_model, wrap
from agents.llm.names import ModelName, parse_model_name
from agents.llm.scripted import ScriptedChatModel
from agents.llm.stream_fields import Delta
from agents.llm.usage import Usage
from tests.agents.llm.flaky_model import FlakyChatModel

GPT = ModelName("openai", "gpt-4o")
VOTE = CallTag(game="g1", decision="q1a1/vote/3", stage="vote")
QUESTION = [SystemMessage("You play."), HumanMessage("Vote.")]


class Vote(BaseModel):
    approve: bool
    reason: str = ""


GOOD = '{"approve": true, "reason": "trust"}'


_opened: list[Journal] = []


@pytest.fixture(autouse=True)
def _close_journals() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def _journal(path: Path) -> Journal:
    _opened.append(Journal(path))
    return _opened[-1]


def _config(tag: CallTag = VOTE) -> RunnableConfig:
    return {"metadata": tag.metadata()}


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True) if path.exists() else []


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _journaled(path: Path, inner: FlakyChatModel, model: ModelName = GPT) -> JournaledChatModel:
    return JournaledChatModel(inner=inner, model=model, journal=_journal(path))


def _flaky(*texts: str) -> FlakyChatModel:
    return FlakyChatModel(plans=[[text] for text in texts])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


async def test_a_recorded_call_is_not_asked_again(path: Path) -> None:
    inner = _flaky("first", "second")
    chat = _journaled(path, inner)
    answers = [await chat.ainvoke(QUESTION, config=_config()) for _ in range(3)]
    assert [answer.text for answer in answers] == ["first"] * 3
    assert inner.calls == 1
    assert len(_lines(path)) == 1


async def test_a_resumed_process_answers_from_the_file_with_everything_the_model_said(path: Path) -> None:
    said = AIMessage(
        "Ünïcode 😀",
        tool_calls=[{"name": "look", "args": {"seat": 3}, "id": "c1", "type": "tool_call"}],
        usage_metadata={
            "input_tokens": 9,
            "output_tokens": 2,
            "total_tokens": 11,
            "input_token_details": {"cache_read": 4},
        },
        response_metadata={"finish_reason": "tool_calls"},
    )
    first = JournaledChatModel(
        inner=ScriptedChatModel(lambda messages, tag, schema: said), model=GPT, journal=_journal(path)
    )
    original = await first.ainvoke(QUESTION, config=_config())
    again = await _journaled(path, _flaky("other")).ainvoke(QUESTION, config=_config())
    assert again.model_dump(exclude={"id"}) == original.model_dump(exclude={"id"})
    assert again.text == "Ünïcode 😀"


@pytest.mark.parametrize(
    ("tag", "messages", "arguments"),
    [
        (CallTag(game="g2", decision=VOTE.decision, stage="vote"), QUESTION, {}),
        (CallTag(game="g1", decision="q1a1/vote/4", stage="vote"), QUESTION, {}),
        (CallTag(game="g1", decision=VOTE.decision, stage="refine"), QUESTION, {}),
        (CallTag(game="g1", decision=VOTE.decision, stage="vote", attempt=1), QUESTION, {}),
        (VOTE, [*QUESTION, HumanMessage("Now.")], {}),
        (VOTE, [SystemMessage("You  play."), HumanMessage("Vote.")], {}),
        (VOTE, [HumanMessage("You play."), HumanMessage("Vote.")], {}),
        (VOTE, QUESTION, {"max_tokens": 5}),
        (VOTE, QUESTION, {"extra_body": {"schema": {"a": 1}}}),
    ],
)
async def test_another_purpose_prompt_or_argument_is_another_call(
    path: Path, tag: CallTag, messages: list[BaseMessage], arguments: dict[str, Any]
) -> None:
    chat = _journaled(path, _flaky("first", "second"))
    await chat.ainvoke(QUESTION, config=_config())
    assert (await chat.ainvoke(messages, config=_config(tag), **arguments)).text == "second"


async def test_another_model_is_another_call_but_another_lane_is_not(path: Path) -> None:
    await _journaled(path, _flaky("first")).ainvoke(QUESTION, config=_config())
    other = _journaled(path, _flaky("second"), ModelName("openai", "gpt-4o-mini"))
    assert (await other.ainvoke(QUESTION, config=_config())).text == "second"
    lane = CallTag(game="g1", decision=VOTE.decision, stage="vote", lane="seat-3")
    same = _journaled(path, _flaky("third"))
    assert (await same.ainvoke(QUESTION, config=_config(lane))).text == "first"


async def test_message_ids_do_not_matter(path: Path) -> None:
    chat = _journaled(path, _flaky("first", "second"))
    for identity in ("a", "b"):
        question = [HumanMessage("Vote.", id=identity), AIMessage("I did.", id=identity), HumanMessage("So?")]
        assert (await chat.ainvoke(question, config=_config())).text == "first"


async def test_the_same_call_made_twice_at_once_is_asked_once(path: Path) -> None:
    asked = 0

    async def slow(messages: list[BaseMessage], tag: object, schema: object) -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return f"answer {asked}"

    chat = JournaledChatModel(inner=ScriptedChatModel(slow), model=GPT, journal=_journal(path))
    answers = await asyncio.gather(*(chat.ainvoke(QUESTION, config=_config()) for _ in range(5)))
    assert {answer.text for answer in answers} == {"answer 1"}
    assert asked == 1


async def test_many_calls_at_once_leave_whole_lines_each_key_once(path: Path) -> None:
    chat = _journaled(path, _flaky("x" * 5000))
    tags = [CallTag(decision=str(number % 30)) for number in range(90)]
    await asyncio.gather(*(chat.ainvoke(QUESTION, config=_config(tag)) for tag in tags))
    keys = [json.loads(line)["key"] for line in _lines(path)]
    assert len(keys) == len(set(keys)) == 30


@pytest.mark.parametrize("cut", [1, 40, -1])
async def test_a_torn_last_line_is_dropped_and_asked_again(path: Path, cut: int) -> None:
    chat = _journaled(path, _flaky("first", "second"))
    await chat.ainvoke(QUESTION, config=_config())
    await chat.ainvoke(QUESTION, config=_config(CallTag(decision="other")))
    first, second = _lines(path)
    _write(path, first + second[:cut])

    resumed = _journaled(path, _flaky("again"))
    assert (await resumed.ainvoke(QUESTION, config=_config())).text == "first"
    assert (await resumed.ainvoke(QUESTION, config=_config(CallTag(decision="other")))).text == "again"
    assert [record.answer.text for record in read_records(path)] == ["first", "again"]


async def test_a_damaged_line_in_the_middle_is_told_with_its_number(path: Path) -> None:
    chat = _journaled(path, _flaky("first"))
    await chat.ainvoke(QUESTION, config=_config())
    (line,) = _lines(path)
    _write(path, line + b"garbage\n" + line)
    with pytest.raises(NimueFailure, match=r"calls\.jsonl, line 2"):
        _journal(path)


async def test_an_answer_that_was_not_finished_is_not_recorded(path: Path) -> None:
    inner = FlakyChatModel(plans=[["half", ValueError("lost")], ["whole"]])
    chat = _journaled(path, inner)
    with pytest.raises(ValueError, match="lost"):
        await chat.ainvoke(QUESTION, config=_config())
    stream = chat.astream(QUESTION, config=_config())
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert _lines(path) == []
    assert (await chat.ainvoke(QUESTION, config=_config())).text == "whole"


async def test_a_recorded_answer_is_streamed_too(path: Path) -> None:
    model = Model(
        name=GPT, chat=_journaled(path, _flaky(GOOD)), constrain=lambda schema: {}, close=lambda: None
    )
    told: list[list[Delta]] = [[], []]
    answers = [await ask(model, QUESTION, Vote, tag=VOTE, on_delta=each.append) for each in told]
    assert told == [[Delta("reason", "trust")]] * 2
    assert answers[0] == answers[1]


async def test_a_reasked_question_is_two_records_and_replays_as_two(path: Path) -> None:
    model = Model(
        name=GPT, chat=_journaled(path, _flaky("no", GOOD)), constrain=lambda schema: {}, close=lambda: None
    )
    first = await ask(model, QUESTION, Vote, tag=VOTE)
    again = await ask(model, QUESTION, Vote, tag=VOTE)
    assert first == again
    assert first.steps == ("reasked", "json")
    assert [record.tag.attempt for record in read_records(path)] == [0, 1]


async def test_recorded_calls_cost_nothing_and_tell_what_they_had_cost(path: Path) -> None:
    budget = Budget(max_cost=None, max_tokens=110)

    def chat() -> JournaledChatModel:
        paid = BudgetedChatModel(inner=_flaky("x"), model=GPT, budget=budget)
        return JournaledChatModel(inner=paid, model=GPT, journal=_journal(path))

    await chat().ainvoke(QUESTION, config=_config())
    await chat().ainvoke(QUESTION, config=_config())
    assert budget.usage.calls == 1
    assert _journal(path).usage() == {GPT: Usage(1, 100, 60, 10)}


async def test_half_a_character_does_not_spoil_the_file(path: Path) -> None:
    chat = _journaled(path, _flaky("half: \ud83d"))
    answers = [await chat.ainvoke([HumanMessage("\ud83d")], config=_config()) for _ in range(2)]
    assert answers[0].text == answers[1].text == "half: \ud83d"


async def test_the_file_holds_neither_prompts_nor_keys(path: Path) -> None:
    chat = _journaled(path, _flaky("answer"))
    await chat.ainvoke([HumanMessage("secret prompt")], config=_config(), extra_headers={"k": "sk-secret"})
    assert b"secret" not in b"".join(_lines(path))


# --- replay -------------------------------------------------------------------------------------------------


def _replay(path: Path) -> Model:
    return open_model(parse_model_name(f"replay:{path}"), ModelOptions())


async def test_a_recording_is_replayed_without_its_model(path: Path) -> None:
    scripted = open_model(parse_model_name("scripted"), ModelOptions())
    recording = wrap(
        scripted, lambda chat: JournaledChatModel(inner=chat, model=scripted.name, journal=_journal(path))
    )
    tags = [CallTag(decision=f"q1a1/vote/{seat}") for seat in range(5)]
    original = [await ask(recording, QUESTION, Vote, tag=tag) for tag in tags]
    replayed = [await ask(_replay(path), QUESTION, Vote, tag=tag) for tag in reversed(tags)]
    assert [answer.value for answer in reversed(replayed)] == [answer.value for answer in original]
    assert [answer.usage for answer in reversed(replayed)] == [answer.usage for answer in original]


async def test_a_replayed_prompt_that_differs_is_told_with_the_message(path: Path) -> None:
    await _journaled(path, _flaky("x")).ainvoke(QUESTION, config=_config())
    changed = [QUESTION[0], HumanMessage("Vote now.")]
    with pytest.raises(
        NimueError, match=r"g1 q1a1/vote/3 vote as number 1 of 1.*message 2 \(human.*'Vote now\.'"
    ):
        await _replay(path).chat.ainvoke(changed, config=_config())


async def test_a_call_that_was_never_recorded_is_told_by_name(path: Path) -> None:
    await _journaled(path, _flaky("x")).ainvoke(QUESTION, config=_config())
    with pytest.raises(NimueError, match=r"no answer for the call q9/card/1 among its 1 calls"):
        await _replay(path).chat.ainvoke(QUESTION, config=_config(CallTag(decision="q9/card/1")))


def test_a_recording_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NimueError, match=r"there is no such file.*calls\.jsonl"):
        _replay(tmp_path / "none.jsonl")


async def test_a_replayed_model_takes_tools(path: Path) -> None:
    def look(seat: int) -> str:
        """Look."""
        return ""

    await _journaled(path, _flaky("x")).ainvoke(QUESTION, config=_config())
    answer = await _replay(path).chat.bind_tools([look]).ainvoke(QUESTION, config=_config())
    assert answer.text == "x"
