"""Pictures of profiles: cost and time over resolution, one line a model."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from backends.lab.profile.profiler import Profile


def plot_scaling(profiles: Sequence[Profile], path: Path) -> None:
    """Draw the curves of the profiles that have some, with their exponents in the legend."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    macs, time = figure.subplots(1, 2)
    for profile in profiles:
        if (scaling := profile.scaling) is None:
            continue
        pixels = [point.side**2 for point in scaling.points]
        macs.loglog(
            pixels,
            [point.macs / 1e9 for point in scaling.points],
            marker="o",
            label=f"{profile.model}, exponent {scaling.macs_exponent:.2f}",
        )
        time.loglog(
            pixels,
            [point.milliseconds for point in scaling.points],
            marker="o",
            label=f"{profile.model}, exponent {scaling.time_exponent:.2f}",
        )
    macs.set(xlabel="pixels", ylabel="GMACs")
    time.set(xlabel="pixels", ylabel=f"ms on {profiles[0].device}, batch {profiles[0].batch}")
    for axes in (macs, time):
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)
