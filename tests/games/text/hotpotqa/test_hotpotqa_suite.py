"""HotpotQA: the bundled suite keeps its promises, and the published file is read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from games.errors import GameError
from games.text.conformance import Effort, check_other_process, check_suite
from games.text.env import Task
from games.text.hotpotqa.suite import open_suite


def _question(**changes: Any) -> dict[str, Any]:
    question: dict[str, Any] = {
        "_id": "5a",
        "question": "Who built\nthe mill?",
        "answer": "Ada Vell",
        "type": "comparison",
        "level": "hard",
        "supporting_facts": [["Mill", 0]],
        "context": [["Mill", ["The mill was built by Ada Vell.", " It burnt."]], ["Nothing", []]],
    }
    return question | changes


def _file(folder: Path, *questions: Any) -> Path:
    path = folder / "hotpot_dev_distractor_v1.json"
    path.write_text(json.dumps(questions), encoding="utf-8")
    return path


def test_the_bundled_suite_keeps_every_promise() -> None:
    check_suite(open_suite(), Effort(tasks=12))


def test_another_process_sees_the_same_suite() -> None:
    check_other_process("hotpotqa", effort=Effort(tasks=4))


def test_opening_the_suite_imports_no_search_engine() -> None:
    program = "import sys, games.text.suites as s; s.open_suite('hotpotqa'); print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "games.text.hotpotqa.suite" in loaded
    assert not {"bm25s", "scipy", "torch", "langgraph"} & set(loaded)


def test_there_are_six_demonstrations_with_a_thought_before_every_action() -> None:
    suite = open_suite()
    assert len(suite.demonstrations) == 6
    for demonstration in suite.demonstrations:
        kinds = [line.kind for line in demonstration.lines]
        assert kinds == ["thought", "action", "observation"] * (len(kinds) // 3)
    assert {task.payload["type"] for task in suite.demonstration_tasks} == {"bridge", "comparison"}


def test_the_report_is_told_that_the_questions_are_synthetic() -> None:
    assert "synthetic" in open_suite().origin and "not HotpotQA" in open_suite().origin


def test_the_answer_is_judged_by_exact_match() -> None:
    suite = open_suite()
    env = suite.make()
    env.reset(suite.tasks[0])
    right = env.step(f"Finish[ The {suite.tasks[0].payload['answer']}. ]")
    env.reset(suite.tasks[0])
    wrong = env.step("Finish[nobody knows]")
    assert (right.observation, right.success, right.reward) == ("Answer is CORRECT", True, 1.0)
    assert (wrong.observation, wrong.success, wrong.reward) == ("Answer is INCORRECT", False, 0.0)
    assert right.done and wrong.done


def test_published_questions_are_tasks_over_the_union_of_their_contexts(tmp_path: Path) -> None:
    other = _question(_id="6b", question="Which lake?", answer="Osk", context=[["Osk", ["Osk is a lake."]]])
    suite = open_suite(_file(tmp_path, _question(), other))
    assert suite.tasks[0] == Task(
        id="5a",
        kind="question",
        goal="Who built the mill?",
        payload={
            "wiki": "own",
            "question": "Who built\nthe mill?",
            "answer": "Ada Vell",
            "type": "comparison",
            "level": "hard",
        },
    )
    env = suite.make()
    assert env.reset(suite.tasks[0]) == "Question: Who built\nthe mill?"
    assert env.step("Search[mill]").observation == "The mill was built by Ada Vell. It burnt."
    assert env.step("Search[Osk]").observation == "Osk is a lake."
    assert env.step("Search[Nothing]").observation == "Could not find [Nothing]. Similar: []"
    assert env.step("Finish[ada vell]").success
    assert suite.origin == "2 questions of hotpot_dev_distractor_v1.json."


def test_a_suite_over_published_questions_keeps_every_promise(tmp_path: Path) -> None:
    path = _file(tmp_path, _question(), _question(_id="6b"))
    check_suite(open_suite(path))
    assert open_suite(path).fingerprint != open_suite().fingerprint


def test_a_folder_may_bring_whole_pages(tmp_path: Path) -> None:
    _file(tmp_path, _question())
    (tmp_path / "pages.jsonl").write_text('{"title": "Mill", "paragraphs": ["Whole.", "Page."]}\n')
    env = open_suite(tmp_path).make()
    env.reset(open_suite(tmp_path).tasks[0])
    assert env.step("Search[Mill]").observation == "Whole."


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[\n{"_id": }\n]', "line 2: not JSON"),
        ("{}", "an array of questions"),
        ("[]", "an array of questions"),
        ("[3]", "question 1:"),
        (json.dumps([_question(), _question(_id="6b", answer="")]), "question 2: answer"),
        (json.dumps([_question(context=[["Mill"]])]), "question 1: context.0.1"),
        (json.dumps([_question(), _question()]), "question 2: its _id 5a is that of question 1"),
    ],
)
def test_a_broken_file_is_named_with_the_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "hotpot.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GameError) as error:
        open_suite(path)
    assert complaint in str(error.value) and str(path) in str(error.value)


def test_a_file_that_is_not_there_and_a_folder_without_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(GameError, match="cannot be read"):
        open_suite(tmp_path / "none.json")
    with pytest.raises(GameError, match=r"holds 0 \.json files"):
        open_suite(tmp_path)
