"""The command `nimue`: pictures, the laboratory, this installation, and models that run on this machine."""

import cyclopts

from agents.cli.ask import ask
from agents.cli.doctor import doctor
from agents.cli.front_door import enter
from agents.cli.models import app as models
from agents.cli.nimue_lab import app as lab
from agents.cli.nimue_see import see
from agents.cli.serve import serve

app = cyclopts.App(
    name="nimue",
    help="The workbench: ask the assistant, look at pictures, run the laboratory, serve its tools.",
    version_flags=["--version"],
)
app.command(ask)
app.command(see)
app.command(lab)
app.command(serve)
app.command(doctor)
app.command(models)


def main() -> None:
    """Entry point."""
    enter(app)
