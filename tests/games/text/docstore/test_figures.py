"""Figures of an episode beside its success."""

from games.text.docstore.figures import EpisodeFigures, episode_figures
from games.text.env import Task
from games.text.fever.suite import open_suite

TASK = Task(id="t", kind="question", goal="Which?", payload={"answer": "the old mill"})


def test_searches_misses_and_lookups_are_counted() -> None:
    actions = ["Search[Mill]", "Search[Mill (Osk)]", "Lookup[age]", "jump", "Finish[old mill road]"]
    observations = [
        "Could not find [Mill]. Similar: []",
        "A mill.",
        "No Results",
        "Invalid action.",
        "Answer",
    ]
    assert episode_figures(TASK, actions, observations) == EpisodeFigures(
        searches=2, misses=1, lookups=1, f1=0.8
    )


def test_an_episode_without_an_answer_has_no_f1() -> None:
    assert episode_figures(TASK, ["Lookup[x]"], ["No page is open"]).f1 is None
    assert episode_figures(TASK, [], []) == EpisodeFigures(searches=0, misses=0, lookups=0, f1=None)


def test_a_claim_has_no_f1() -> None:
    task = open_suite().tasks[0]
    assert episode_figures(task, ["Finish[SUPPORTS]"], ["Episode finished, reward = 1"]).f1 is None


def test_a_search_by_sentence_that_misses_is_a_miss() -> None:
    suite = open_suite()
    env = suite.make()
    env.reset(suite.tasks[0])
    observation = env.step("Search[qwxzy]").observation
    assert episode_figures(suite.tasks[0], ["Search[qwxzy]"], [observation]).misses == 1
