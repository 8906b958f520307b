"""A report as one HTML page that needs nothing else: no network, no scripts, light and dark.

Speeches and names are whatever players and models wrote: they are escaped like everything in the page
but the pictures, which hold none of them.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agents.arena.report import Story
from agents.arena.report_agents import together
from agents.arena.report_pictures import course_plot, observers_map, public_map, svg_text
from agents.arena.report_words import percent
from games.avalon.metrics.counted import Mean, Share

TEMPLATES = Path(__file__).parent / "templates"


def render_report(stories: Sequence[Story], *, made: str) -> str:
    """The page; `made` says by what and when it was made."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent, share=share_text, mean=mean_text, number=number_text, dollars=dollars_text
    )
    return environment.get_template("report.html").render(
        games=[(story, _pictures(story, f"g{number}")) for number, story in enumerate(stories, start=1)],
        sums=together(stories),
        made=made,
    )


def _pictures(story: Story, name: str) -> dict[str, Markup]:
    drawn = {
        "course": (course_plot(story), "probability of the true Evil set and of the true Merlin over time"),
        "public": (public_map(story), "probability of being Evil by seat over time, from the table alone"),
        "observers": (
            observers_map(story),
            "probability of being Evil by seat over time, in each seat's eyes",
        ),
    }
    return {
        kind: Markup(svg_text(figure, f"{name}-{kind}", description))
        for kind, (figure, description) in drawn.items()
    }


def share_text(share: Share) -> str:
    """ "67 % (2 of 3)", "-" where nothing was counted."""
    return "-" if share.rate is None else f"{percent(share.rate)} ({share.hits} of {share.of})"


def mean_text(mean: Mean) -> str:
    return percent(mean.value)


def number_text(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def dollars_text(value: Decimal | None) -> str:
    return "unknown" if value is None else f"${value:.4f}"
