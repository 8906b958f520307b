"""One measured value over steps, as large as the room for it."""

from collections.abc import Mapping, Sequence

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tui.curve import Curve
from tui.lab_panels import curve_lines


class CurveChart(Widget):
    """Draws the curves that it was shown last."""

    DEFAULT_CSS = "CurveChart { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._curves: Mapping[str, Curve] = {}
        self._drawn_for: Size | None = None
        self._drawn: Sequence[Strip] = ()

    def show(self, curves: Mapping[str, Curve]) -> None:
        """Draw these curves, by stage; they are kept, not copied."""
        self._curves = curves
        self._drawn_for = None
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn_for = None

    def render_line(self, y: int) -> Strip:
        if self.size != self._drawn_for:
            self._draw()
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(self.size.width, self.rich_style)

    def _draw(self) -> None:
        """Make the strips at one go: they remember how they were cut, so they are cheap to show again."""
        self._drawn_for = size = self.size
        style, console = self.rich_style, self.app.console
        self._drawn = [
            Strip(line.render(console)).adjust_cell_length(size.width).apply_style(style)
            for line in curve_lines(self._curves, size.width, size.height)
        ]
