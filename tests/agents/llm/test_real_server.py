"""The hosted providers' client code against a real server on loopback: llama.cpp with the 135M model."""

from collections.abc import Iterator

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from agents.errors import NimueError
from agents.llm.ask import Unanswered, ask
from agents.llm.engine import Engine, EngineSettings, close_engine, open_engine
from agents.llm.local_names import local_model_path
from agents.llm.model import CallTag, Model, ModelOptions, open_model
from agents.llm.model_files import models_folder
from agents.llm.names import ModelName
from agents.llm.stream_fields import Delta

pytestmark = pytest.mark.real_model

TAG = CallTag(decision="q1a1/vote/3")
QUESTION: list[BaseMessage] = [
    SystemMessage("You play a party game."),
    HumanMessage("Seats 1, 2 and 3 are proposed. Do you approve, and why?"),
]


class Vote(BaseModel):
    approve: bool
    reason: str = Field(max_length=60)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        path = local_model_path("smollm2-135m", models_folder())
    except NimueError as missing:
        pytest.skip(str(missing))
    running = open_engine(EngineSettings(path=path, slots=2, context=1024))
    yield running
    close_engine(running)


def _model(engine: Engine, provider: str, name: str = "any") -> Model:
    base_url = f"{engine.url}/v1" if provider == "openai" else engine.url
    return open_model(
        ModelName(provider, name), ModelOptions(base_url=base_url, temperature=0, max_retries=0)
    )


@pytest.fixture(autouse=True)
def _keys(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", engine.key)
    monkeypatch.setenv("ANTHROPIC_API_KEY", engine.key)


async def test_openais_client_gets_constrained_streamed_counted_answers(engine: Engine) -> None:
    told: list[Delta] = []
    model = _model(engine, "openai", "default")
    assert model.name.name.endswith(".gguf")
    first = await ask(model, QUESTION, Vote, tag=TAG, max_tokens=90, on_delta=told.append)
    again = await ask(model, QUESTION, Vote, tag=TAG, max_tokens=90)
    assert first.steps == ("native",)
    assert "".join(delta.text for delta in told) == first.value.reason
    assert first.value == again.value
    assert again.usage.input_tokens == first.usage.input_tokens
    assert again.usage.cached_tokens > 0.8 * again.usage.input_tokens


async def test_openais_client_reports_a_truncated_answer(engine: Engine) -> None:
    with pytest.raises(Unanswered) as failure:
        await ask(_model(engine, "openai"), QUESTION, Vote, tag=TAG, max_tokens=4, max_reasks=0)
    assert failure.value.reason == "truncated"


async def test_anthropics_client_gets_streamed_counted_answers(engine: Engine) -> None:
    answer = await _model(engine, "anthropic").chat.ainvoke(QUESTION, max_tokens=12)
    assert answer.text
    assert answer.response_metadata["stop_reason"] in ("max_tokens", "end_turn")
    assert answer.usage_metadata is not None
    assert 0 < answer.usage_metadata["output_tokens"] <= 12


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_a_wrong_key_is_refused(engine: Engine, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", "sk-wrong-wrong")
    with pytest.raises(NimueError, match=f"refused the key.*{provider.upper()}_API_KEY"):
        await ask(_model(engine, provider), QUESTION, Vote, tag=TAG)
