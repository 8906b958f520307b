"""`nimue ask`: put a question to the assistant, or go on with a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError

Flag = Annotated[bool, Parameter(negative="")]
_MODEL = Group("The model", sort_key=1)


@dataclass(frozen=True, kw_only=True)
class AskModelFlags(ModelFlags):
    """The model that answers."""


NO_MODEL_FLAGS = AskModelFlags()


def ask(
    *words: str,
    yes: Flag = False,
    resume: str | None = None,
    json: Flag = False,
    max_steps: int | None = None,
    form: Literal["native", "json"] | None = None,
    out: Path = Path("runs"),
    memory: Path = Path("nimue-memory"),
    models: Annotated[AskModelFlags, Parameter(name="*", group=_MODEL)] = NO_MODEL_FLAGS,
) -> int:
    """Ask the assistant, who uses the laboratory, the memory, pictures and Avalon as its tools.

    Args:
        words: The question. With --resume alone, the turn that was cut short goes on.
        yes: Allow everything it wants to do; otherwise it asks before anything long or costly.
        resume: A conversation's folder or id, to go on with it.
        json: Print the events as JSON lines; what would have to be asked is refused.
        max_steps: Model calls for this question (default: 12).
        form: How the model uses tools (default: its own way, json for embedded models).
        out: The folder that holds the runs.
        memory: The folder of the memory that is looked into.
    """
    from agents.cli.ask_session import AskedFor, run_ask

    question = " ".join(words).strip()
    if not question and resume is None:
        raise NimueError('What do you want to know? nimue ask "..."')
    if resume is not None and (form is not None or max_steps is not None or models.model is not None):
        raise NimueError("A conversation goes on as it was begun: leave out --model, --form and --max-steps.")
    return run_ask(
        AskedFor(
            question=question,
            yes=yes,
            resume=resume,
            json=json,
            max_steps=12 if max_steps is None else max_steps,
            form=form,
            out=out,
            memory=memory,
            models=models,
        )
    )
