"""FEVER: the bundled suite keeps its promises, and the published files are read."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from games.errors import GameError
from games.text.conformance import Effort, check_other_process, check_suite
from games.text.fever.published import PublishedClaim, in_reference_order
from games.text.fever.suite import open_suite


def _claim(**changes: Any) -> str:
    claim: dict[str, Any] = {
        "id": 91198,
        "verifiable": "VERIFIABLE",
        "label": "SUPPORTS",
        "claim": "The mill was built by Ada Vell.",
        "evidence": [[[1, 2, "Mill", 0]]],
    }
    return json.dumps(claim | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wiki-pages").mkdir()
    (tmp_path / "paper_dev.jsonl").write_text(f"{_claim()}\n{_claim(id=2, label='NOT ENOUGH INFO')}\n")
    (tmp_path / "wiki-pages" / "wiki-001.jsonl").write_text(
        '{"id": "", "text": "", "lines": ""}\n'
        '{"id": "Mill_-LRB-Osk-RRB-", "text": "It was built by Ada Vell . It burnt .", "lines": ""}\n'
    )
    return tmp_path


def test_the_bundled_suite_keeps_every_promise() -> None:
    check_suite(open_suite(), Effort(tasks=12))


def test_another_process_sees_the_same_suite() -> None:
    check_other_process("fever", effort=Effort(tasks=4))


def test_there_are_three_demonstrations_one_for_each_label() -> None:
    shown = [demonstration.lines[-2].text for demonstration in open_suite().demonstrations]
    assert sorted(shown) == ["Finish[NOT ENOUGH INFO]", "Finish[REFUTES]", "Finish[SUPPORTS]"]


def test_a_label_in_another_form_is_understood_and_noted() -> None:
    suite = open_suite()
    supported = next(task for task in suite.tasks if task.payload["label"] == "SUPPORTS")
    env = suite.make()
    env.reset(supported)
    result = env.step("Finish[Supported]")
    assert result.success and result.translated and result.observation == "Episode finished, reward = 1"
    env.reset(supported)
    assert not env.step("Finish[SUPPORTS]").translated


def test_what_is_no_label_ends_the_episode_without_reward() -> None:
    suite = open_suite()
    env = suite.make()
    env.reset(suite.tasks[0])
    result = env.step("Finish[perhaps]")
    assert (result.done, result.success, result.observation) == (True, False, "Episode finished, reward = 0")


def test_published_claims_are_tasks_over_the_published_pages(folder: Path) -> None:
    suite = open_suite(folder)
    assert [(task.id, task.payload["label"]) for task in suite.tasks] == [
        ("91198", "SUPPORTS"),
        ("2", "NOT ENOUGH INFO"),
    ]
    env = suite.make()
    assert env.reset(suite.tasks[0]) == "Claim: The mill was built by Ada Vell."
    assert env.step("Search[Mill]").observation == "Could not find Mill. Similar: ['Mill (Osk)']."
    assert env.step("Search[Mill (Osk)]").observation == "It was built by Ada Vell . It burnt ."
    assert env.step("Lookup[burnt]").observation == "(Result 1 / 1) It burnt ."
    assert env.step("Finish[SUPPORTS]").success
    assert suite.origin == "2 claims of paper_dev.jsonl."
    check_suite(suite)


def test_pages_may_come_in_one_file_of_our_own_form(folder: Path) -> None:
    (folder / "wiki-pages" / "wiki-001.jsonl").unlink()
    (folder / "pages.jsonl").write_text('{"title": "Mill", "text": "A mill."}\n')
    suite = open_suite(folder)
    env = suite.make()
    env.reset(suite.tasks[0])
    assert env.step("Search[mill]").observation == "A mill."


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("{", "line 1: not JSON"),
        (_claim() + "\n" + _claim(id=2, label="TRUE"), "line 2: not a labelled claim (label:"),
        ('{"id": 1, "claim": "x"}', "line 1: not a labelled claim (label: Field required)"),
        (_claim() + "\n\n" + _claim(), "line 3: its id 91198 is that of line 1"),
        ("\n", "holds no claims"),
    ],
)
def test_a_broken_claim_is_named_with_its_line(folder: Path, lines: str, complaint: str) -> None:
    (folder / "paper_dev.jsonl").write_text(lines)
    with pytest.raises(GameError) as error:
        open_suite(folder)
    assert complaint in str(error.value) and "paper_dev.jsonl" in str(error.value)


def test_what_a_folder_lacks_is_named(folder: Path) -> None:
    (folder / "wiki-pages" / "wiki-001.jsonl").unlink()
    with pytest.raises(GameError, match="has no pages: put them into wiki-pages"):
        open_suite(folder)
    (folder / "train.jsonl").write_text(_claim())
    with pytest.raises(GameError, match="holds 2 files of claims"):
        open_suite(folder)
    with pytest.raises(GameError, match="is not a folder"):
        open_suite(folder / "train.jsonl")


def test_a_file_of_full_length_begins_with_the_claims_that_expel_plays() -> None:
    claims = tuple(PublishedClaim(id=place, claim="x", label="SUPPORTS") for place in range(7500))
    indices = list(range(7405))
    random.Random(233).shuffle(indices)
    ordered = [claim.id for claim in in_reference_order(claims)]
    assert ordered[:100] == indices[:100]
    assert sorted(map(int, ordered)) == list(range(7500))
    assert in_reference_order(claims[:7404]) == claims[:7404]
