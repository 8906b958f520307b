"""The command `nimue`: check an installation and manage the models that run on this machine."""

import cyclopts

from agents.cli import doctor, models
from agents.cli.front_door import enter

app = cyclopts.App(
    name="nimue",
    help="The workbench: check an installation, manage local models.",
    version_flags=["--version"],
)
app.command(doctor.doctor)
app.command(models.app)


def main() -> None:
    """Entry point."""
    enter(app)
