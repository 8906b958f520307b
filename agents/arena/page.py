"""A tournament's result as one HTML page that needs nothing else: no network, no scripts, light and dark."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.arena import wording
from agents.arena.plan import TournamentConfig, contemplations
from agents.arena.plots import lengths_plot, ratings_plot, reasons_plot
from agents.arena.standings import Cell, Difference, Standings

TEMPLATES = Path(__file__).parent / "templates"


def render_page(config: TournamentConfig, standings: Standings, *, made: str) -> str:
    """The page; `made` says by what and when it was made. Whatever names a model has are escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    formats = (
        *(wording.percent, wording.span, wording.mean_percent, wording.mean_span, wording.p_value),
        *(wording.points, wording.points_span, wording.logits, wording.logits_span),
    )
    environment.filters.update({write.__name__: write for write in formats})
    labels = [_label(config, cell) for cell in standings.cells]
    cells = {(cell.entrant, cell.opponent): cell for cell in standings.cells}
    # The template takes the plots as markup: they are ours, and matplotlib escapes the names in them.
    return environment.get_template("tournament.html.jinja").render(
        config=config,
        setup=config.read_setup(),
        standings=standings,
        matrix=[
            (entrant, [cells.get((entrant, opponent)) for opponent in config.agents])
            for entrant in config.agents
        ],
        labelled=list(zip(labels, standings.cells, strict=True)),
        contemplations=contemplations(config),
        certain=[each for each in standings.differences if _is_certain(each)],
        ratings_svg=ratings_plot(standings),
        reasons_svg=reasons_plot(standings, labels),
        lengths_svg=lengths_plot(standings, labels),
        made=made,
    )


def _label(config: TournamentConfig, cell: Cell) -> str:
    if config.design == "sides":
        return f"{cell.entrant} against {cell.opponent}"
    return f"{cell.entrant} among {cell.opponent}"


def _is_certain(difference: Difference) -> bool:
    low, high = difference.difference.low, difference.difference.high
    return low is not None and high is not None and (low > 0 or high < 0)
