"""`avalon report`: what happened in a game, who believed what when, what it cost, to be read."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from agents.errors import NimueError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from agents.arena.report import PlayerLine, Story
    from games.avalon.metrics.counted import Share

Flag = Annotated[bool, Parameter(negative="")]

MAX_GAMES = 40


def report(*games: Path, html: Path | None = None, json: Flag = False) -> None:
    """Tell games: what happened, the turning points, leaks, and each player's figures and cost.

    Args:
        games: Runs (also unfinished ones), folders of them, or transcripts.
        html: Also write one self-contained page with the belief maps.
        json: Print one JSON object a game, and one of all together, instead of the summary.
    """
    from agents.arena.report import story_json, story_of
    from agents.arena.report_agents import together, together_json
    from agents.arena.report_games import find_games

    if not games:
        raise NimueError("Name a run or a transcript, for example: avalon report runs/RUN --html game.html")
    found = find_games(games)
    if len(found) > MAX_GAMES:
        raise NimueError(
            f"There are {len(found)} games; a report tells at most {MAX_GAMES}, to be read. "
            "Name single runs or transcripts."
        )
    if html is not None and not html.parent.is_dir():
        raise NimueError(f"--html {html}: there is no folder {html.parent}.")
    stories = [story_of(each) for each in found]
    if json:
        for story in stories:
            print(dumps(story_json(story), ensure_ascii=False))
        sums = together(stories)
        if sums is not None:
            print(dumps({"all_games": together_json(sums)}, ensure_ascii=False))
    else:
        _print_stories(stories)
    if html is not None:
        _write_page(html, stories, quiet=json)


def _write_page(html: Path, stories: list[Story], *, quiet: bool) -> None:
    from datetime import UTC, datetime

    from agents.arena.report_page import render_report

    made = f"made by nimue, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    try:
        html.write_text(render_report(stories, made=made), encoding="utf-8")
    except OSError as problem:
        raise NimueError(f"--html {html} cannot be written: {problem.strerror}.") from problem
    if not quiet:
        print(f"page {html}")


def _print_stories(stories: list[Story]) -> None:
    from rich.console import Console

    from agents.arena.report_agents import together
    from agents.arena.report_page import share_text

    console = Console(highlight=False)
    for story in stories:
        _print_story(console, story)
    sums = together(stories)
    if sums is not None:
        rates = sums.rates
        console.print(
            f"{len(stories)} games: Good wins {share_text(rates.good_wins)}, three successes "
            f"{share_text(rates.mission_wins)}, shots that hit {share_text(rates.hits)}",
            markup=False,
            soft_wrap=True,
        )


def _print_story(console: Console, story: Story) -> None:
    from rich.text import Text

    from agents.cli.table_text import plain

    def say(text: str = "", style: str = "", *, indent: str = "") -> None:
        console.print(Text(indent + plain(text, console.encoding), style=style), soft_wrap=True)

    say(f"{story.found.name}: {story.ending}", "bold")
    say(f"{story.game.setup.name}, {story.found.path}", "dim")
    for chapter in story.chapters:
        for line in chapter.lines:
            say(line, indent="  ")
    if story.turns:
        say("Turning points", "bold")
        for turn in story.turns:
            say(turn.text, indent="  ")
    if story.leaks:
        say("Leaks", "bold")
        for leak in story.leaks:
            what = f"{leak.quest}.{leak.attempt} seat {leak.seat} ({leak.kind.replace('_', ' ')})"
            say(f"{what}: {leak.sentence}", indent="  ")
    say("Players", "bold")
    for row in _rows(console, story.players):
        console.print(row, soft_wrap=True)
    say()


def _rows(console: Console, players: tuple[PlayerLine, ...]) -> list[Text]:
    from rich.text import Text

    from agents.arena.report_page import dollars_text, number_text
    from agents.cli.table_text import EVIL_STYLE, GOOD_STYLE, columns, plain

    heads = (
        "seat",
        "role",
        "agent",
        "right votes",
        "clean teams",
        "leaks",
        "false",
        "calls",
        "tokens in",
        "out",
        "cost",
    )
    rows = [[Text(head, style="dim") for head in heads]]
    for player in players:
        spending = player.spending
        rows.append(
            [
                Text(str(player.seat)),
                Text(player.role, style=EVIL_STYLE if player.is_evil else GOOD_STYLE),
                Text(plain(player.agent, console.encoding)),
                Text(_of(player.conduct.right_votes)),
                Text(_of(player.conduct.clean_proposals)),
                Text(_of(player.leaking)),
                Text(_of(player.false_statements)),
                Text(number_text(spending.calls)),
                Text(number_text(spending.input_tokens)),
                Text(number_text(spending.output_tokens)),
                Text(dollars_text(spending.cost)),
            ]
        )
    return columns(rows)


def _of(share: Share) -> str:
    return f"{share.hits}/{share.of}" if share.of else "-"
