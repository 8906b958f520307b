"""The command `nimue`: pictures, the laboratory, this installation, and models that run on this machine."""

import cyclopts

from agents.cli.doctor import doctor
from agents.cli.front_door import enter
from agents.cli.models import app as models
from agents.cli.nimue_lab import app as lab
from agents.cli.nimue_see import see

app = cyclopts.App(
    name="nimue",
    help="The workbench: look at pictures, run the laboratory, check an installation, manage local models.",
    version_flags=["--version"],
)
app.command(see)
app.command(lab)
app.command(doctor)
app.command(models)


def main() -> None:
    """Entry point."""
    enter(app)
