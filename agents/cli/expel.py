"""The command `expel`: agents that learn from experience (ExpeL)."""

import cyclopts

from agents.cli import expel_curate, expel_games, expel_insights, expel_report, expel_train
from agents.cli.front_door import enter

app = cyclopts.App(
    name="expel",
    help="Agents that learn from experience: gather it, distil insights, recall them, measure the gain.",
    version_flags=["--version"],
)
app.command(expel_train.train)
app.command(expel_train.gather)
app.command(expel_train.extract)
app.command(expel_train.evaluate, name="eval")
app.command(expel_train.transfer)
app.command(expel_report.report)
app.command(expel_report.replay)
app.command(expel_insights.insights_app)
for name, change in expel_curate.COMMANDS.items():
    expel_insights.insights_app.command(change, name=name)
app.command(expel_games.games_app)


def main() -> None:
    """Entry point."""
    enter(app)
