"""The embedded engine through the real `openai` and `anthropic` clients: the 135M model on loopback."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anthropic
import openai
import pytest
from anthropic.types import MessageParam, ToolParam, ToolUseBlockParam
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from agents.errors import NimueFailure
from agents.llm.engine import Engine, EngineSettings, close_engine, open_engine
from agents.llm.json_grammar import json_grammar
from agents.llm.slot_store import EngineSlotStore

pytestmark = pytest.mark.real_model

RULES = "You sit at a table of six and play a game of hidden roles. Answer in one short sentence. " * 6
VOTE = {
    "type": "object",
    "properties": {"why": {"type": "string", "maxLength": 60}, "approve": {"type": "boolean"}},
    "required": ["why", "approve"],
}
TEAM: dict[str, object] = {
    "type": "object",
    "properties": {"seats": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}},
    "required": ["seats"],
}


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
EXAMPLES = ([3, 4], [5, 6], [2, 3])


def proposal(seats: list[int]) -> str:
    return f"Propose seats {seats[0]} and {seats[1]}."


def chat(question: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "system", "content": RULES}, {"role": "user", "content": question}]


@pytest.fixture(scope="module")
def engine(smollm2_path: Path) -> Iterator[Engine]:
    running = open_engine(EngineSettings(path=smollm2_path, slots=2, context=1024))
    yield running
    close_engine(running)


@pytest.fixture(scope="module")
def openai_client(engine: Engine) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{engine.url}/v1", api_key=engine.key, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def anthropic_client(engine: Engine) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=engine.url, api_key=engine.key, max_retries=0) as client:
        yield client


def test_openais_client_gets_an_answer_and_counts_what_was_cached(openai_client: openai.OpenAI) -> None:
    usages = []
    for question in ("Do you trust seat 3?", "Do you trust seat 4?"):
        answer = openai_client.chat.completions.create(model="any", messages=chat(question), max_tokens=8)
        assert answer.choices[0].message.content
        assert answer.usage is not None
        usages.append(answer.usage)
    details = usages[1].prompt_tokens_details
    assert details is not None
    assert details.cached_tokens is not None
    assert usages[1].prompt_tokens > details.cached_tokens > 0.8 * usages[1].prompt_tokens


def test_openais_client_streams_what_it_would_get_at_once(openai_client: openai.OpenAI) -> None:
    messages = chat("Who leads?")
    whole = openai_client.chat.completions.create(model="any", messages=messages, max_tokens=8, temperature=0)
    stream = openai_client.chat.completions.create(
        model="any",
        messages=messages,
        max_tokens=8,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8


def test_openais_client_gets_tool_calls_in_their_form(openai_client: openai.OpenAI) -> None:
    """The 135M model calls a tool when it has seen that done; what is tested is the form it comes in."""
    tool: ChatCompletionToolParam = {
        "type": "function",
        "function": {"name": "propose_team", "description": "Propose two seats.", "parameters": TEAM},
    }
    messages: list[ChatCompletionMessageParam] = []
    for seats in EXAMPLES:
        arguments = json.dumps({"seats": seats})
        messages += [
            {"role": "user", "content": proposal(seats)},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "c",
                        "type": "function",
                        "function": {"name": "propose_team", "arguments": arguments},
                    }
                ],
            },
        ]
    messages.append({"role": "user", "content": proposal([1, 2])})
    answer = openai_client.chat.completions.create(
        model="any", messages=messages, tools=[tool], max_tokens=60, temperature=0
    )
    assert answer.choices[0].finish_reason == "tool_calls"
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert calls[0].function.name == "propose_team"
    assert json.loads(calls[0].function.arguments) == {"seats": [1, 2]}


def test_a_schema_is_kept_to_in_compact_json(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(
        model="any",
        messages=chat("Do you approve? Why?"),
        max_tokens=60,
        extra_body={"grammar": json_grammar(VOTE)},
    )
    text = answer.choices[0].message.content
    assert text is not None
    value = json.loads(text)
    assert list(value) == ["why", "approve"]
    assert isinstance(value["approve"], bool)
    assert len(value["why"]) <= 60
    assert text == json.dumps(value, ensure_ascii=False)


def test_anthropics_client_gets_an_answer_and_counts_what_was_cached(
    anthropic_client: anthropic.Anthropic,
) -> None:
    usages = []
    for question in ("Do you trust seat 5?", "Do you trust seat 6?"):
        messages: list[MessageParam] = [{"role": "user", "content": question}]
        answer = anthropic_client.messages.create(model="any", system=RULES, messages=messages, max_tokens=8)
        assert answer.content[0].type == "text"
        assert answer.stop_reason in ("max_tokens", "end_turn")
        usages.append(answer.usage)
    assert (usages[1].cache_read_input_tokens or 0) > usages[1].input_tokens > 0


def test_anthropics_client_streams(anthropic_client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "Who leads?"}]
    with anthropic_client.messages.stream(
        model="any", system=RULES, messages=messages, max_tokens=8
    ) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 1
    assert final.content[0].type == "text"
    assert "".join(pieces) == final.content[0].text
    assert 0 < final.usage.output_tokens <= 8


def test_anthropics_client_gets_tool_calls_in_their_form(anthropic_client: anthropic.Anthropic) -> None:
    tool: ToolParam = {"name": "propose_team", "description": "Propose two seats.", "input_schema": TEAM}
    messages: list[MessageParam] = []
    for seats in EXAMPLES:
        call: ToolUseBlockParam = {
            "type": "tool_use",
            "id": "c",
            "name": "propose_team",
            "input": {"seats": seats},
        }
        messages += [{"role": "user", "content": proposal(seats)}, {"role": "assistant", "content": [call]}]
    messages.append({"role": "user", "content": proposal([1, 2])})
    answer = anthropic_client.messages.create(
        model="any", messages=messages, tools=[tool], max_tokens=60, extra_body={"temperature": 0}
    )
    assert answer.stop_reason == "tool_use"
    block = answer.content[-1]
    assert block.type == "tool_use"
    assert (block.name, block.input) == ("propose_team", {"seats": [1, 2]})


def test_other_users_of_the_machine_are_refused(engine: Engine) -> None:
    with (
        openai.OpenAI(base_url=f"{engine.url}/v1", api_key="guess", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.chat.completions.create(model="any", messages=chat("Hello?"), max_tokens=1)
    with (
        anthropic.Anthropic(base_url=engine.url, api_key="guess", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError),
    ):
        stranger.messages.create(model="any", messages=[{"role": "user", "content": "Hello?"}], max_tokens=1)


def test_one_slots_cache_serves_another(engine: Engine, openai_client: openai.OpenAI) -> None:
    def cached_at(slot: int) -> int:
        answer = openai_client.chat.completions.create(
            model="any",
            messages=chat(f"A question of its own for slot {slot}: who is Merlin?"),
            max_tokens=1,
            extra_body={"id_slot": slot},
        )
        assert answer.usage is not None
        assert answer.usage.prompt_tokens_details is not None
        return answer.usage.prompt_tokens_details.cached_tokens or 0

    async def copy() -> None:
        store = EngineSlotStore(engine)
        assert await store.save(0, "shared.bin") == (engine.snapshots / "shared.bin").stat().st_size
        assert not await store.restore(1, "never-saved.bin")
        assert await store.restore(1, "shared.bin")
        store.delete("shared.bin")
        assert list(engine.snapshots.iterdir()) == []

    cached_at(0)
    asyncio.run(copy())
    assert cached_at(1) > 50


def test_the_same_settings_share_one_engine(engine: Engine) -> None:
    again = open_engine(engine.settings)
    assert again is engine
    close_engine(again)
    with openai.OpenAI(base_url=f"{engine.url}/v1", api_key=engine.key, max_retries=0) as client:
        assert client.models.list().data


def test_a_damaged_model_is_refused_with_its_path(smollm2_path: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    with smollm2_path.open("rb") as whole:
        damaged.write_bytes(whole.read(3_000_000))
    with pytest.raises(NimueFailure, match=r"damaged\.gguf"):
        open_engine(EngineSettings(path=damaged, slots=1, context=256))


def test_the_engine_prints_nothing_and_leaves_nothing_behind(smollm2_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from agents.llm.engine import EngineSettings, close_engine, open_engine\n"
        "import openai\n"
        "engine = open_engine(EngineSettings(path=pathlib.Path(sys.argv[1]), slots=1, context=256))\n"
        "client = openai.OpenAI(base_url=engine.url + '/v1', api_key=engine.key)\n"
        "messages = [{'role': 'user', 'content': 'Hi'}]\n"
        "client.chat.completions.create(model='x', messages=messages, max_tokens=2)\n"
        "folder = engine.snapshots\n"
        "if sys.argv[2] == 'closed':\n"
        "    close_engine(engine)\n"
        "    assert not folder.exists()\n"
    )
    before = engine_folders()
    for how in ("closed", "left open"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(smollm2_path), how],
            capture_output=True,
            text=True,
            timeout=60,
            env=ENVIRONMENT,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert engine_folders() <= before


def engine_folders() -> set[Path]:
    return {
        path
        for home in (Path("/dev/shm"), Path(tempfile.gettempdir()))
        for path in home.glob("nimue-engine-*")
    }


def test_what_a_killed_engine_left_in_memory_is_removed(smollm2_path: Path) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from agents.llm.engine import EngineSettings, open_engine\n"
        "engine = open_engine(EngineSettings(path=pathlib.Path(sys.argv[1]), slots=1, context=256))\n"
        "print(engine.snapshots, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(smollm2_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=ENVIRONMENT,
    )
    left = Path(killed.stdout.strip())
    if left.parent != Path("/dev/shm"):
        pytest.skip("saved caches lie on the disk here, where the system cleans up")
    assert left.exists()
    close_engine(open_engine(EngineSettings(path=smollm2_path, slots=1, context=256)))
    assert not left.exists()


def test_a_closed_engine_no_longer_listens(smollm2_path: Path) -> None:
    engine = open_engine(EngineSettings(path=smollm2_path, slots=1, context=256))
    close_engine(engine)
    with (
        openai.OpenAI(base_url=f"{engine.url}/v1", api_key=engine.key, max_retries=0) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.models.list()
