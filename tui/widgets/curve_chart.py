"""One measured value over steps, as large as the room for it."""

from collections.abc import Mapping

from rich.text import Text
from textual.widget import Widget

from tui.curve import Curve
from tui.lab_panels import curves_text


class CurveChart(Widget):
    """Draws the curves that it was shown last."""

    DEFAULT_CSS = "CurveChart { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._curves: Mapping[str, Curve] = {}

    def show(self, curves: Mapping[str, Curve]) -> None:
        """Draw these curves, by stage; they are kept, not copied."""
        self._curves = curves
        self.refresh()

    def render(self) -> Text:
        return curves_text(self._curves, self.size.width, self.size.height)
