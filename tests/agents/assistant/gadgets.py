"""Tools that a test can watch: they cost nothing and remember how they were used."""

import contextlib
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from agents.llm.model import Model
from agents.tools.tool import Advance, Call, Tool, ToolFailure
from agents.tools.toolbox import Toolbox


class Amount(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: int = Field(ge=0, le=100, description="How much.")


class Done(BaseModel):
    made: int


class Gadgets:
    """`make` is quick, `build` wants to be allowed from 10 on, `wait` never ends, `break` fails."""

    def __init__(self) -> None:
        self.used: list[tuple[str, int]] = []
        self.is_waiting = False
        self.was_stopped = False

    async def make(self, request: Amount, call: Call) -> Done:
        self.used.append(("make", request.amount))
        call.tell(Advance(text="making", done=1, total=2))
        return Done(made=request.amount)

    async def build(self, request: Amount, call: Call) -> Done:
        self.used.append(("build", request.amount))
        return Done(made=10 * request.amount)

    async def wait(self, request: Amount, call: Call) -> Done:
        import asyncio

        self.used.append(("wait", request.amount))
        call.begun("run-1")
        call.tell(Advance(text="waiting"))
        self.is_waiting = True
        if call.earlier == "run-1":
            return Done(made=1)
        try:
            await asyncio.Event().wait()
        finally:
            self.was_stopped = True
        raise AssertionError("an event that nobody sets")

    async def fail(self, request: Amount, call: Call) -> Done:
        self.used.append(("break", request.amount))
        raise ToolFailure("failed", "The axle is broken.", "Use make instead.")

    @contextlib.contextmanager
    def box(self, model: Model) -> Iterator[Toolbox]:
        yield Toolbox(
            (
                Tool(name="make", summary="Makes something.", request=Amount, use=self.make),
                Tool(
                    name="build",
                    summary="Builds something large.",
                    request=Amount,
                    use=self.build,
                    reason_to_ask=lambda asked: "It is large." if asked.amount >= 10 else None,
                    changes=True,
                ),
                Tool(name="wait", summary="Waits.", request=Amount, use=self.wait),
                Tool(name="break", summary="Breaks.", request=Amount, use=self.fail),
            )
        )
