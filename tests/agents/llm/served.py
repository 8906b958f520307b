"""Models of both hosted providers, answered by a server on loopback; and what is asked of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from agents.llm.fake_protocols import (
    Behaviour,
    Says,
)
from agents.llm.fake_server import FakeServer
from agents.llm.model import CallTag, Model, ModelOptions, open_model
from agents.llm.names import ModelName
from agents.llm.rate_limit import RateLimitedChatModel
from agents.llm.retry import RetryingChatModel

PROVIDERS = ("openai", "anthropic")
NAMES = {"openai": "fake", "anthropic": "fake"}
KEY = "sk-loopback-1234567890"
PATIENCE = 60.0  # seconds that no answer takes on any machine


class Vote(BaseModel):
    """A vote on a team."""

    approve: bool
    reason: str = Field("", max_length=60)


class Team(BaseModel):
    seats: Annotated[list[Literal[1, 2, 3, 4, 5]], Field(min_length=2, max_length=2)]
    leader: int | None = None


class Beliefs(BaseModel):
    by_seat: dict[int, float]


GOOD = '{"approve": true, "reason": "trust"}'
YES = Vote(approve=True, reason="trust")
TAG = CallTag(decision="q1a1/vote/3")
QUESTION: list[BaseMessage] = [
    SystemMessage("The rules."),
    HumanMessage("What was said."),
    HumanMessage("Your vote?"),
]


@asynccontextmanager
async def served(
    provider: str,
    script: list[Behaviour],
    *,
    max_retries: int = 2,
    timeout_s: float = PATIENCE,
    concurrency: int = 8,
    delay_s: float = 0,
) -> AsyncIterator[tuple[Model, FakeServer]]:
    """A model of one provider and the server it calls.

    Pauses between attempts take no time. After the first attempt there is time for an answer, however
    little the first one had.
    """
    server = FakeServer(script, otherwise=lambda request: Says(text=GOOD), delay_s=delay_s)
    async with server.running():
        base_url = server.openai_url if provider == "openai" else server.anthropic_url
        settings = ModelOptions(
            base_url=base_url, max_retries=max_retries, timeout_s=timeout_s, concurrency=concurrency
        )
        model = open_model(ModelName(provider, NAMES[provider]), settings)
        assert isinstance(model.chat, RateLimitedChatModel)
        assert isinstance(model.chat.inner, RetryingChatModel)
        retrying: RetryingChatModel = model.chat.inner

        async def no_pause(seconds: float) -> None:
            retrying.timeout_s = max(timeout_s, PATIENCE)

        retrying.sleep = no_pause
        yield model, server
        model.close()
