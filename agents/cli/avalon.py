"""The command `avalon`: play The Resistance: Avalon with language-model agents, bots and people."""

import cyclopts

from agents.cli import avalon_files
from agents.cli.avalon_bench import bench_app
from agents.cli.avalon_judge import judge
from agents.cli.avalon_play import play
from agents.cli.avalon_report import report
from agents.cli.avalon_tournament import tournament
from agents.cli.front_door import enter

app = cyclopts.App(
    name="avalon",
    help="Play The Resistance: Avalon between language-model agents, bots and people.",
    version_flags=["--version"],
)
app.command(play)
app.command(avalon_files.replay)
app.command(avalon_files.verify)
app.command(avalon_files.import_, name="import")
app.command(avalon_files.rules)
app.command(tournament)
app.command(report)
app.command(judge)
app.command(bench_app)


def main() -> None:
    """Entry point."""
    enter(app)
