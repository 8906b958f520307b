"""The command `nimue`: check an installation and manage the models that run on this machine."""

import cyclopts

from agents.cli.doctor import doctor
from agents.cli.front_door import enter
from agents.cli.models import app as models

app = cyclopts.App(
    name="nimue",
    help="The workbench: check an installation, manage local models.",
    version_flags=["--version"],
)
app.command(doctor)
app.command(models)


def main() -> None:
    """Entry point."""
    enter(app)
