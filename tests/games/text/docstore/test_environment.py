"""Search, Lookup and Finish over a handful of pages, in both granularities."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.errors import GameError
from games.text.docstore.environment import DocstoreEnv, Exercise, Granularity, Payload
from games.text.docstore.pages import Page
from games.text.docstore.store import Docstore
from games.text.env import StepResult, Task

HARBOUR = Page(
    title="Harbour",
    paragraphs=(
        "A harbour shelters ships. One is old. Two are new. Three are deep. Four are wide. Five are far.",
        "Ships are loaded here. No ship stays long.",
    ),
    aliases=("Haven",),
)
HARBOUR_FILM = Page(title="The Harbour (film)", paragraphs=("The Harbour is a film. It is long.",))
LIGHT = Page(title="Light", paragraphs=("Light may refer to: a lamp, or a star.",))
LAMP = Page(title="Light (lamp)", paragraphs=("A lamp of ships.",))
TASK = Task(id="t", kind="question", goal="Which?", payload={"wiki": "bundled", "answer": "ships"})


def _judge(payload: Payload, answer: str) -> StepResult:
    right = bool(payload["answer"] == answer)
    return StepResult(observation=f"right: {right}", done=True, success=right, reward=float(right))


def _env(granularity: Granularity) -> DocstoreEnv:
    exercise = Exercise(
        granularity=granularity, opening=lambda payload: "Which?", judge=_judge, forms="Write Search[title]."
    )
    store = Docstore((HARBOUR, HARBOUR_FILM, LIGHT, LAMP))
    env = DocstoreEnv(exercise, {"bundled": store}.__getitem__)
    assert env.reset(TASK) == "Which?"
    return env


def _told(env: DocstoreEnv, *actions: str) -> list[str]:
    return [env.step(action).observation for action in actions]


def test_a_search_by_paragraph_shows_the_first_paragraph() -> None:
    assert _told(_env("paragraph"), "Search[Harbour]") == [HARBOUR.paragraphs[0]]


def test_a_search_by_sentence_shows_five_sentences() -> None:
    assert _told(_env("sentence"), "Search[Harbour]") == [
        "A harbour shelters ships. One is old. Two are new. Three are deep. Four are wide."
    ]


def test_a_short_page_is_shown_whole_by_sentence() -> None:
    assert _told(_env("sentence"), "Search[The Harbour (film)]") == ["The Harbour is a film. It is long."]


@pytest.mark.parametrize("title", ["harbour", "HARBOUR", " Harbour ", "haven"])
def test_a_title_is_found_in_any_case_and_by_another_name(title: str) -> None:
    assert _told(_env("paragraph"), f"Search[{title}]") == [HARBOUR.paragraphs[0]]


def test_a_missed_title_is_answered_with_similar_ones() -> None:
    assert _told(_env("paragraph"), "Search[harbour film]") == [
        "Could not find [harbour film]. Similar: ['The Harbour (film)', 'Harbour']"
    ]
    assert _told(_env("sentence"), "Search[harbour film]") == [
        "Could not find harbour film. Similar: ['The Harbour (film)', 'Harbour']."
    ]


def test_a_title_without_any_known_word_has_no_similar_ones() -> None:
    assert _told(_env("paragraph"), "Search[qwxzy]") == ["Could not find [qwxzy]. Similar: []"]


def test_a_title_that_several_things_share_is_a_miss_and_never_similar() -> None:
    assert _told(_env("paragraph"), "Search[Light]") == ["Could not find [Light]. Similar: ['Light (lamp)']"]


def test_lookup_walks_over_the_paragraphs_that_hold_the_words() -> None:
    told = _told(_env("paragraph"), "Search[Harbour]", *["Lookup[SHIPS]"] * 3)
    assert told[1:] == [
        f"(Result 1/2) {HARBOUR.paragraphs[0]}",
        f"(Result 2/2) {HARBOUR.paragraphs[1]}",
        "No More Results",
    ]


def test_lookup_walks_over_the_sentences_that_hold_the_words() -> None:
    told = _told(_env("sentence"), "Search[Harbour]", *["Lookup[ship]"] * 4)
    assert told[1:] == [
        "(Result 1 / 3) A harbour shelters ships.",
        "(Result 2 / 3) Ships are loaded here.",
        "(Result 3 / 3) No ship stays long.",
        "No more results.",
    ]


def test_other_words_begin_a_new_lookup() -> None:
    told = _told(_env("paragraph"), "Search[Harbour]", "Lookup[ships]", "Lookup[loaded]", "Lookup[ships]")
    assert [observation[:12] for observation in told[1:]] == ["(Result 1/2)", "(Result 1/1)", "(Result 1/2)"]


def test_a_new_page_begins_a_new_lookup_of_the_same_words() -> None:
    told = _told(
        _env("paragraph"), "Search[Harbour]", "Lookup[ships]", "Search[Light (lamp)]", "Lookup[ships]"
    )
    assert told[3] == "(Result 1/1) A lamp of ships."


@pytest.mark.parametrize(
    ("granularity", "answer"), [("paragraph", "No Results"), ("sentence", "No more results.")]
)
def test_words_that_the_page_lacks_are_not_found(granularity: Granularity, answer: str) -> None:
    assert _told(_env(granularity), "Search[Harbour]", "Lookup[lion]")[1] == answer


@pytest.mark.parametrize("granularity", ["paragraph", "sentence"])
def test_lookup_without_a_page_is_answered_and_not_valid(granularity: Granularity) -> None:
    result = _env(granularity).step("Lookup[ships]")
    assert not result.valid and not result.done and "No page is open" in result.observation


def test_a_miss_closes_the_page_by_paragraph_and_leaves_it_open_by_sentence() -> None:
    by_paragraph, by_sentence = _env("paragraph"), _env("sentence")
    for env in (by_paragraph, by_sentence):
        _told(env, "Search[Harbour]", "Search[qwxzy]")
    assert not by_paragraph.step("Lookup[old]").valid
    assert by_sentence.step("Lookup[old]").observation == "(Result 1 / 1) One is old."


def test_finish_is_judged_and_ends_the_episode() -> None:
    env = _env("paragraph")
    assert env.step("Finish[ships]") == StepResult(
        observation="right: True", done=True, success=True, reward=1.0
    )
    with pytest.raises(GameError, match="no task is open"):
        env.step("Finish[ships]")


def test_a_new_task_closes_the_page_of_the_last_one() -> None:
    env = _env("sentence")
    _told(env, "Search[Harbour]")
    env.reset(TASK)
    assert not env.step("Lookup[old]").valid


@pytest.mark.parametrize(
    "action", ["Search[]", "Search[ ]", "Look[x]", "Search Harbour", "Search[a] then", ""]
)
def test_what_has_no_valid_form_is_answered_with_the_forms(action: str) -> None:
    result = _env("paragraph").step(action)
    assert result == StepResult(observation="Invalid action. Write Search[title].", valid=False)


@pytest.mark.parametrize("action", ["search[Harbour]", "SEARCH [ Harbour ]", "\n Search[Harbour]\n"])
def test_case_and_blanks_of_an_action_do_not_matter(action: str) -> None:
    assert _env("paragraph").step(action).observation == HARBOUR.paragraphs[0]


def test_braces_and_brackets_in_a_title_are_taken_as_they_are() -> None:
    assert _told(_env("paragraph"), "Search[{0} [x]]") == ["Could not find [{0} [x]]. Similar: []"]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Search", "Lookup"]).flatmap(lambda v: st.builds(f"{v}[{{}}]".format, st.text()))
    )
)
def test_nothing_that_is_typed_raises_or_ends_the_episode(actions: list[str]) -> None:
    env = _env("sentence")
    assert not any(env.step(action).done for action in actions)


def test_a_task_of_another_suite_is_refused() -> None:
    with pytest.raises(GameError, match="task other is not of this suite: its payload has no 'wiki'"):
        _env("paragraph").reset(Task(id="other", kind="put", goal="Put."))
