"""The goal's sentence in a grammar."""

from hypothesis import given
from hypothesis import strategies as st

from games.text.alfworld.goals import split_goal, with_goal

GENERAL = '{"task": [{"rhs": "Your task is to: UNKNOWN GOAL."}], "look": [{"rhs": "You \\n look."}]}'
sentences = st.text(st.characters(codec="utf-8", exclude_characters="\n")).map(lambda text: text.rstrip("."))


@given(sentences)
def test_any_sentence_that_is_put_in_comes_out_again(sentence: str) -> None:
    assert split_goal(with_goal(GENERAL, sentence)) == (GENERAL, sentence)


def test_a_goal_that_ends_with_its_line_is_found_and_a_grammar_without_one_is_left_alone() -> None:
    assert split_goal('"Your task is to: put a \\"mug\\" on desk.\\n"') == (
        '"Your task is to: UNKNOWN GOAL.\\n"',
        'put a "mug" on desk',
    )
    assert split_goal("nothing") == ("nothing", "UNKNOWN GOAL")
