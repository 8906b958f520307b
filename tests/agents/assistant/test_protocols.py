"""The loop over real clients: tools reach a server by each protocol, and their results come back to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.assistant.events import CostChanged, TextDelta, Thought
from agents.assistant.session import AssistantSession, Limits, open_session
from agents.assistant.settings import RUN_KIND, AssistantSettings
from agents.llm.fake_protocols import Behaviour, Fails, Says
from agents.llm.fake_server import FakeServer
from agents.llm.model import ModelOptions
from agents.runs.folder import create_run
from tests.agents.assistant.conversations import answer, endings, heard
from tests.agents.assistant.gadgets import Gadgets


@asynccontextmanager
async def served(
    folder: Path, monkeypatch: pytest.MonkeyPatch, model: str, gadgets: Gadgets, *script: Behaviour
) -> AsyncIterator[tuple[AssistantSession, FakeServer]]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    async with FakeServer(script).running() as server:
        url = server.anthropic_url if model.startswith("anthropic") else server.openai_url
        settings = AssistantSettings(model=model)
        run = create_run(folder / "runs", RUN_KIND, settings.model_dump(mode="json"))
        async with open_session(
            run,
            settings,
            limits=Limits(),
            options=ModelOptions(base_url=url, max_retries=1),
            tools=gadgets.box,
        ) as session:
            yield session, server


@pytest.mark.parametrize("model", ["openai:fake", "anthropic:claude-haiku-5-5"])
async def test_a_tool_is_used_and_the_answer_streams(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gadgets = Gadgets()
    first = Says(text="Let me make two.", tool_calls=(("make", {"amount": 1}), ("make", {"amount": 2})))
    last = Says(text="Both were made.")
    async with served(tmp_path, monkeypatch, model, gadgets, first, last) as (session, server):
        events = await heard(session.ask("Make one and two."))
        bodies: list[dict[str, Any]] = [request.body for request in server.requests]
    assert gadgets.used == [("make", 1), ("make", 2)]
    assert [event.text for event in events if isinstance(event, Thought)] == ["Let me make two."]
    assert answer(events).text == "Both were made."
    assert "".join(one.text for one in events if isinstance(one, TextDelta)).endswith("Both were made.")
    assert "Makes something." in json.dumps(bodies[0]["tools"])
    for call, result in (("t1s1c1", "1"), ("t1s1c2", "2")):
        told = json.dumps(bodies[1]["messages"])
        assert told.count(call) == 2 and f'\\"made\\": {result}' in told
    costs = [event for event in events if isinstance(event, CostChanged)]
    assert costs[-1].calls == 2 and costs[-1].input_tokens > 0


@pytest.mark.parametrize("model", ["openai:fake", "anthropic:claude-haiku-5-5"])
async def test_a_lost_server_fails_the_turn_and_the_same_question_goes_on(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gadgets = Gadgets()
    script = (
        Says(text="", tool_calls=(("make", {"amount": 7}),)),
        Fails(status=401, message="no such key"),
        Says(text="Seven were made."),
    )
    async with served(tmp_path, monkeypatch, model, gadgets, *script) as (session, server):
        failed = await heard(session.ask("Make seven."))
        assert answer(failed).ending == "failed" and session.failure is not None
        assert endings(failed)[0].ok and await session.is_unfinished()
        events = await heard(session.resume())
    assert answer(events).text == "Seven were made." and gadgets.used == [("make", 7)]
    assert len(server.requests) == 3
