"""ExpeL: start a training by a form, or look at one that is there."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.forms import Form
from tui.screens.form_place import FormPlace
from tui.train_form import TrainForm


class ExpelPlace(FormPlace):
    """The form on top; trainings on disk below."""

    PLACE = "expel"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "start", "Start the training")]

    TITLE_OF_FORM = "A training"
    TITLE_OF_RUNS = "Trainings on disk"
    NO_RUNS = "No trainings here yet: Start (^s) begins one, as the form above says."
    KINDS = frozenset({"expel"})

    def form(self) -> TrainForm:
        return TrainForm(model=self.nimue.settings.model)

    def action_start(self) -> None:
        asked = self.query_one(Form).read()
        if isinstance(asked, TrainForm):
            self.notify("Starting; this takes a moment.", markup=False)
            self.nimue.start_command(asked.words(self.nimue.settings))
