"""One model for a run outside a game: budgeted, and journalled so that nothing is paid for twice."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from agents.llm.budget import Budget, BudgetedChatModel
from agents.llm.journal import Journal, JournaledChatModel
from agents.llm.model import Model, ModelOptions, wrap
from agents.llm.names import PROVIDERS, ModelName
from agents.recon.game import Limits
from agents.runs.folder import RunFolder


@contextmanager
def paid_model(
    run: RunFolder,
    name: ModelName,
    limits: Limits,
    options: ModelOptions,
    open_models: Callable[[ModelName, ModelOptions], Model],
) -> Iterator[tuple[Model, Budget]]:
    """The model and the budget that its calls count against, with what the run has spent before."""
    with closing(Journal(run.calls)) as journal:
        budget = Budget(limits.max_cost, limits.max_tokens)
        for known, usage in journal.usage().items():
            budget.count(known, usage)
        opened = open_models(name, options)
        limited = wrap(opened, lambda chat: BudgetedChatModel(inner=chat, model=name, budget=budget))
        try:
            yield (
                wrap(limited, lambda chat: JournaledChatModel(inner=chat, model=name, journal=journal)),
                budget,
            )
        finally:
            opened.close()


def calls_at_once(name: ModelName, options: ModelOptions) -> int:
    """Hosted models answer side by side; the embedded engine works on one prompt at a time."""
    return options.concurrency if PROVIDERS[name.provider].hosted else 1
