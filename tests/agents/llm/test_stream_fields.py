"""The growing fields of an answer that is still being written."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.llm.stream_fields import Delta, FieldScanner

_texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
_keys = st.text(alphabet="abcdefgh_", min_size=1, max_size=5)


def _scan(text: str, cuts: list[int]) -> dict[str, str]:
    scanner = FieldScanner()
    grown: dict[str, str] = {}
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        for delta in scanner.feed(text[start:end]):
            grown[delta.field] = grown.get(delta.field, "") + delta.text
    return grown


@given(
    answer=st.dictionaries(_keys, _values, max_size=5),
    cuts=st.lists(st.integers(0, 500), max_size=8),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
    lead=st.sampled_from(["", "Sure!\n", "```json\n"]),
)
def test_however_the_text_is_cut_the_deltas_add_up_to_the_fields(
    answer: dict[str, object], cuts: list[int], ascii_only: bool, indent: int | None, lead: str
) -> None:
    text = lead + json.dumps(answer, ensure_ascii=ascii_only, indent=indent)
    expected = {key: value for key, value in answer.items() if isinstance(value, str) and value}
    assert _scan(text, cuts) == expected


def test_a_field_grows_while_it_is_written() -> None:
    scanner = FieldScanner()
    assert scanner.feed('{"think": "x", "spe') == [Delta("think", "x")]
    assert scanner.feed('ak": "I tr') == [Delta("speak", "I tr")]
    assert scanner.feed('ust"') == [Delta("speak", "ust")]
    assert scanner.feed(', "n": 3}') == []


def test_fields_of_nested_objects_are_not_told() -> None:
    text = '{"inner": {"speak": "no"}, "list": ["no", {"speak": "no"}], "speak": "yes"}'
    assert _scan(text, []) == {"speak": "yes"}


def test_what_follows_the_object_is_not_told() -> None:
    assert _scan('{"speak": "yes"} and {"speak": "no"}', []) == {"speak": "yes"}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"\\ud83d\\ude00!"', "😀!"),
        ('"\\ud83d!"', "\N{REPLACEMENT CHARACTER}!"),
        ('"\\ud83d\\n"', "\N{REPLACEMENT CHARACTER}\n"),
        ('"\\ude00"', "\N{REPLACEMENT CHARACTER}"),
        ('"\\uzzzz"', "\N{REPLACEMENT CHARACTER}"),
        ('"\\q"', "q"),
        ('"\ud83d"', "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_escapes_are_decoded_and_broken_ones_replaced(written: str, shown: str) -> None:
    assert _scan(f'{{"speak": {written}}}', list(range(30))) == {"speak": shown}


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    _scan(text, list(range(60)))
    scanner = FieldScanner()
    assert all(delta.text for delta in scanner.feed("{" + text))
