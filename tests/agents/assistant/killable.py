"""A conversation in a process of its own that can be killed: it runs a slow job, then tells its state."""

import asyncio
import sys
from pathlib import Path

from agents.runs.folder import RunFolder
from tests.agents.assistant.conversations import Script, conversing, heard, observation, use


def script() -> Script:
    """The model's side: one job, then the answer."""
    return Script(
        use("avalon_rules", players=5),
        use("run_job", system="toy.line_fit", job="train", params={"steps": 150, "pause": 0.01}),
        lambda read: f"{observation(read)['result']['slope']:.6f}",
    )


async def _converse(folder: Path, run: RunFolder) -> None:
    async with conversing(folder, script(), run=run) as session:
        await heard(session.ask("Fit a line."))


if __name__ == "__main__":
    asyncio.run(_converse(Path(sys.argv[1]), RunFolder(Path(sys.argv[2]))))
