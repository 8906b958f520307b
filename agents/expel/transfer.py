"""Transfer: insights of one environment rewritten for another (ExpeL section 4.4, specification B.7).

A model that knows the source's insights with their importance writes for an agent that faces the target: one
paragraph of instruction, and the same as a list whose items name the insights they come from. The list is
kept as an insight set of its own; either form can be used in the prompts.
"""

from typing import TYPE_CHECKING, Literal

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, Field

from agents.errors import NimueError
from agents.expel.session import Session
from agents.llm.ask import Unanswered, ask
from agents.llm.model import CallTag
from agents.react.benchmarks import find_benchmark
from agents.react.prompt import Example, PromptSettings, example_text
from memory.insights import Event, Insight, active, birth, insight_id

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

Style = Literal["paragraph", "list"]
_MAX_TOKENS = 1_200


class AdaptedItem(BaseModel):
    """One piece of advice for the target."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str = Field(min_length=1, description="the advice, in a sentence or two")
    sources: list[int] = Field(default_factory=list, description="numbers of the insights it comes from")


class Adapted(BaseModel):
    """What the teacher writes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    paragraph: str = Field(min_length=1, description="the whole instruction as one paragraph")
    items: list[AdaptedItem] = Field(description="the same as a list")


def transferred_set(run_id: str) -> str:
    """The insight set that a transfer makes."""
    return f"{run_id}-transfer"


async def transfer(session: Session, saver: "BaseCheckpointSaver[str]") -> None:
    """Adapt the source set to this run's environment, and deal all its tasks into one fold.

    Raises:
        NimueError: the source set is unknown or empty, or the model gave no usable answer.
    """
    if any(event.kind == "transferred" for event in session.events()):
        return
    settings = session.settings
    assert settings.transfer_from is not None
    source = session.insights.describe(settings.transfer_from)
    rules = active(session.insights.insights(source.set_id))
    if not rules:
        raise NimueError(f"Insight set {source.set_id} is empty: there is nothing to transfer.")
    prompt = adaptation_prompt(session, source.domain, rules)
    tag = CallTag(game="transfer", decision="adapt")
    try:
        answer = await ask(session.insight_model, prompt, Adapted, tag=tag, max_tokens=_MAX_TOKENS)
    except Unanswered as failure:
        raise NimueError(
            f"{settings.insight_model} wrote no usable instruction ({failure.problem}): try another "
            "--insight-model."
        ) from failure
    set_id = transferred_set(session.run_id)
    ids = _keep(session, set_id, source.set_id, rules, answer.value)
    listed = settings.transfer_style == "list"
    session.record("folds", "folds", {"folds": dict.fromkeys(sorted(session.tasks), 0)})
    used = {
        "fold": 0,
        "set": set_id,
        "ids": ids,
        "texts": [one.text for one in answer.value.items] if listed else [],
        "guidance": "" if listed else answer.value.paragraph,
    }
    session.record("evaluate:insights:0", "insights_used", used)
    session.record(
        "transferred", "transferred", {"from": source.set_id, "set": set_id, **answer.value.model_dump()}
    )


def adaptation_prompt(session: Session, source_domain: str, rules: tuple[Insight, ...]) -> list[BaseMessage]:
    """What the teacher is told: both tasks, the insights with their importance, examples of the target."""
    source, target = find_benchmark(source_domain), session.benchmark
    listed = "\n".join(
        f"{number}. {rule.text} (importance {rule.count})" for number, rule in enumerate(rules, start=1)
    )
    layout = PromptSettings(form="lines", max_steps=session.settings.max_steps or target.max_steps)
    examples = [
        example_text(target, layout, Example.of(one))
        for one in session.suite.demonstrations[: session.settings.num_examples or 0]
    ]
    parts = [
        f"You have solved tasks of this kind:\n{source.described}",
        f"These insights, each with its importance at the end, helped you:\n{listed}",
        f"A student now faces tasks of another kind:\n{target.described}",
    ]
    if session.settings.transfer_examples and examples:
        parts.append("Examples of the student's tasks:\n\n" + "\n\n".join(examples))
    parts.append(
        "Write for the student one short paragraph of instruction that is easy to follow. Keep what carries "
        "over to the new tasks, put it in their terms, and leave out what does not. Do not say in the "
        "paragraph which sentence comes from which insight. Then give the same advice as a list; there, name "
        "for each item the numbers of the insights it comes from."
    )
    system = "You are a teacher who passes on what you have learned to a student with other tasks."
    return [SystemMessage(system), HumanMessage("\n\n".join(parts))]


def _keep(
    session: Session, set_id: str, parent: str, rules: tuple[Insight, ...], adapted: Adapted
) -> list[str]:
    """Keep the items as an insight set with their provenance; the ids."""
    session.insights.create_set(set_id, session.settings.env, parent_set=parent)
    if not session.insights.log(set_id):

        def events(_: tuple[Insight, ...], origin: str) -> list[Event]:
            return [
                birth(
                    Insight(id=insight_id(origin, place), text=item.text),
                    reason="from " + ", ".join(_sources(item, rules)),
                )
                for place, item in enumerate(adapted.items)
            ]

        session.insights.commit(set_id, events, actor="transfer")
    return [one.id for one in session.insights.insights(set_id)]


def _sources(item: AdaptedItem, rules: tuple[Insight, ...]) -> list[str]:
    named = [rules[number - 1].id for number in item.sources if 1 <= number <= len(rules)]
    return named or ["no insight that it names"]
