"""Reading answers: properties that hold for any text."""

import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agents.llm.repair import Read, Unread, read_answer


class Speech(BaseModel):
    speak: str
    seats: list[int] = []


_jsonish = st.text(alphabet="{}[]\",:\\ntru0123456789.eE-+`\n'abspeak<>/ħ\x00", max_size=80)
_prose = st.text(alphabet=st.characters(exclude_characters="{}`<>", exclude_categories=["Cs"]), max_size=40)
_speeches = st.builds(Speech, speak=st.text(max_size=30), seats=st.lists(st.integers(1, 10), max_size=4))


@given(text=st.text(max_size=120) | _jsonish, truncated=st.booleans(), refused=st.booleans())
def test_no_text_is_more_than_a_value_or_a_reason(text: str, truncated: bool, refused: bool) -> None:
    outcome = read_answer(text, Speech, truncated=truncated, refused=refused)
    assert isinstance(outcome, Read | Unread)
    if isinstance(outcome, Unread):
        assert outcome.problem


@given(speech=_speeches, before=_prose, after=_prose, fence=st.sampled_from(["", "```", "```json"]))
def test_a_whole_object_is_found_in_any_prose(speech: Speech, before: str, after: str, fence: str) -> None:
    written = speech.model_dump_json()
    answer = f"{fence}\n{written}\n```" if fence else written
    outcome = read_answer(f"{before}\n{answer}\n{after}", Speech)
    assert isinstance(outcome, Read)
    assert outcome.value == speech


@given(speech=_speeches, cut=st.integers(0, 200))
def test_a_truncated_answer_never_gains_or_changes_anything(speech: Speech, cut: int) -> None:
    text = json.dumps(speech.model_dump())
    outcome = read_answer(text[: cut % (len(text) + 1)], Speech, truncated=True)
    if isinstance(outcome, Read):
        assert speech.speak.startswith(outcome.value.speak)
        assert outcome.value.seats == speech.seats[: len(outcome.value.seats)]
    else:
        assert outcome.reason == "truncated"
