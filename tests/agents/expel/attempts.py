"""Attempts made up for tests."""

from memory.records import Experience, Outcome, Phase, Step


def experience(
    task: str,
    *,
    trial: int = 0,
    outcome: Outcome = "success",
    fold: int | None = None,
    kind: str = "river",
    phase: Phase = "gather",
    run_id: str = "run",
    words: str = "a word",
    text: str | None = None,
    seed: int = 0,
) -> Experience:
    return Experience(
        run_id=run_id,
        domain="hotpotqa",
        env_name=kind,
        task_id=task,
        task=text or f"Question: What of {task}?",
        trial=trial,
        seed=seed,
        phase=phase,
        arm="gather" if phase == "gather" else "expel",
        fold=fold,
        outcome=outcome,
        reward=float(outcome == "success"),
        steps=(
            Step("thought", f"I think of {task}."),
            Step("action", f"Search[{task}]"),
            Step("observation", words),
            Step("action", "Finish[it]"),
            Step("observation", "Answer is CORRECT" if outcome == "success" else "Answer is INCORRECT"),
        ),
    )
