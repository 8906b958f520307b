import pytest

from agents.errors import NimueError
from agents.llm.names import ModelName
from agents.recon.lineup import Agent, parse_lineup
from games.avalon.roles import Role

ROLES = (Role.MORGANA, Role.SERVANT, Role.ASSASSIN, Role.MERLIN, Role.PERCIVAL, Role.SERVANT)


def names(text: str, human: int | None = None) -> list[str]:
    return [str(agent) for agent in parse_lineup(text, 6, human).seated(ROLES).values()]


def test_one_agent_plays_every_seat() -> None:
    assert names("recon") == ["recon"] * 6


def test_sides_follow_the_dealt_roles() -> None:
    assert names("good=recon,evil=cot") == ["cot", "recon", "cot", "recon", "recon", "recon"]


def test_seats_can_be_named_one_by_one_and_as_ranges() -> None:
    assert names("1=human,2-4=recon,5=random,6=naive") == [
        "human",
        "recon",
        "recon",
        "recon",
        "random",
        "naive",
    ]


def test_a_seat_beats_a_side_and_a_side_beats_everybody() -> None:
    assert names("recon,evil=cot,3=random") == ["cot", "recon", "random", "recon", "recon", "recon"]


def test_the_human_flag_takes_a_seat() -> None:
    assert names("recon", human=4)[3] == "human"


def test_an_agent_may_name_its_own_model() -> None:
    lineup = parse_lineup("1-3=recon@openai:gpt-5,4-6=cot", 6)
    assert lineup.seated(ROLES)[2] == Agent("recon", ModelName("openai", "gpt-5"))


@pytest.mark.parametrize(
    ("text", "human", "complaint"),
    [
        ("recno", None, "Unknown agent 'recno'"),
        ("recon,cot", None, "names recon and cot for everybody"),
        ("good=recon", None, "leaves seat 1, 2, 3, 4, 5, 6 empty"),
        ("1-3=recon", None, "leaves seat 4, 5, 6 empty"),
        ("good=recon,good=cot", None, "names the good side twice"),
        ("1-3=recon,3-6=cot", None, "names seat 3 twice"),
        ("1-7=recon", None, "seats 1 to 6"),
        ("0=recon,recon", None, "seats 1 to 6"),
        ("4-2=recon,recon", None, "seats 1 to 6"),
        ("left=recon", None, "neither a seat"),
        ("recon", 9, "no such seat"),
        ("random@scripted", None, "uses no language model"),
        ("recon@nowhere:x", None, "Unknown model"),
        ("", None, "Unknown agent ''"),
    ],
)
def test_a_lineup_that_makes_no_sense_gets_one_clear_line(
    text: str, human: int | None, complaint: str
) -> None:
    with pytest.raises(NimueError) as caught:
        parse_lineup(text, 6, human)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
