"""The acting loop: thoughts, actions, limits, and a model that says anything at all."""

import json

import pytest
from langchain_core.messages import AIMessage

from agents.react.attempt import MOST_ANSWERS_A_STEP, ONLY_THOUGHT
from agents.react.env_host import LocalHost
from agents.react.lines import Entry, Form
from games.errors import GameError
from games.text.env import Drift, StepResult
from tests.agents.react.boxes import OPENABLE, Box, BoxSuite, play

FORMS: tuple[Form, ...] = ("lines", "turns", "json")
PLAN = "I go on as planned."
CUT_OFF = AIMessage("", response_metadata={"finish_reason": "length"})


def acts(form: Form, action: str) -> str:
    return json.dumps({"thought": PLAN, "action": action}) if form == "json" else f"Action 1: {action}"


def thinks(form: Form, thought: str) -> str:
    return json.dumps({"thought": thought, "action": ""}) if form == "json" else f"Thought 1: {thought}"


def texts(entries: tuple[Entry, ...], kind: str) -> list[str]:
    return [entry["text"] for entry in entries if entry["kind"] == kind]


@pytest.mark.parametrize("form", FORMS)
async def test_an_attempt_ends_with_success_and_counts_its_steps(form: Form) -> None:
    played = await play([acts(form, "Search[left]"), acts(form, "Finish[gold]")], form=form)
    attempt = played.attempt
    assert (attempt.success, attempt.ending, attempt.reward, attempt.num_steps) == (True, "done", 1.0, 2)
    assert attempt.task_text == "Question: What is in the box?"
    assert texts(attempt.entries, "observation") == ["You opened Search[left].", "Answer is CORRECT"]
    assert (attempt.invalid, attempt.translated) == (0, 0)


async def test_a_wrong_answer_is_an_end_without_success() -> None:
    attempt = (await play(["Action 1: Finish[lead]"])).attempt
    assert (attempt.success, attempt.ending, attempt.num_steps) == (False, "done", 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("max_steps", [1, 3])
async def test_exactly_as_many_actions_as_allowed_reach_the_environment(form: Form, max_steps: int) -> None:
    played = await play([acts(form, "Search[left]")], form=form, max_steps=max_steps)
    assert played.actions == ["Search[left]"] * max_steps
    assert (played.attempt.ending, played.attempt.num_steps) == ("steps", max_steps)
    assert len(played.prompts) == max_steps


@pytest.mark.parametrize("form", FORMS)
async def test_after_three_thoughts_a_step_passes_without_an_action(form: Form) -> None:
    played = await play([thinks(form, "I wonder about it.")], form=form, max_steps=2)
    assert played.actions == []
    assert len(played.prompts) == 2 * MOST_ANSWERS_A_STEP
    assert texts(played.attempt.entries, "thought") == ["I wonder about it."] * 6
    assert texts(played.attempt.entries, "observation") == [ONLY_THOUGHT] * 2
    assert [entry["step"] for entry in played.attempt.entries] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert (played.attempt.ending, played.attempt.invalid) == ("steps", 2)


async def test_a_third_answer_may_still_act() -> None:
    played = await play(["Thought 1: a", "Thought 1: b", "Action 1: Finish[gold]"], form="lines")
    assert played.actions == ["Finish[gold]"]
    assert played.attempt.success
    assert [entry["answer"] for entry in played.attempt.entries] == [1, 2, 3, 3]


async def test_in_the_form_of_lines_only_the_first_line_of_an_answer_counts() -> None:
    played = await play(["Thought 1: a\nAction 1: Finish[lead]", "Action 1: Finish[gold]"], form="lines")
    assert played.actions == ["Finish[gold]"]


async def test_what_a_model_goes_on_to_imagine_is_dropped() -> None:
    imagined = (
        "Thought 1: First.\nThought: Second.\nAction 1: Search[left]\n"
        "Observation 1: Gold!\nThought 2: Good.\nAction 2: Finish[silver]"
    )
    played = await play([imagined, "Action 2: Finish[gold]"])
    assert played.actions == ["Search[left]", "Finish[gold]"]
    assert texts(played.attempt.entries, "thought") == ["First. Second."]
    assert played.prompts[1][-2].text == "Thought 1: First. Second.\nAction 1: Search[left]"


async def test_the_same_action_twice_in_a_row_ends_an_attempt_where_the_benchmark_says_so() -> None:
    answers = [acts("turns", action) for action in ("Search[left]", "Search[right]", "Search[right]")]
    stopped = await play([*answers, "Action: Finish[gold]"], stops_on_repeat=True)
    assert stopped.actions == ["Search[left]", "Search[right]", "Search[right]"]
    assert (stopped.attempt.ending, stopped.attempt.success) == ("repeat", False)
    assert stopped.attempt.entries[-1]["text"] == "You opened Search[right]."
    assert (await play([*answers, "Action: Finish[gold]"])).attempt.success


async def test_an_action_that_ends_the_task_is_no_repetition() -> None:
    class Twice(Box):
        def step(self, action: str) -> StepResult:
            self._seen.append(action)
            won = self._seen.count(action) == 2
            return StepResult(observation="Knock.", done=won, success=won)

    class Doors(BoxSuite):
        def make(self) -> Box:
            return Twice(self.seen)

    attempt = (await play(["Action: knock"], stops_on_repeat=True, host=LocalHost(Doors()))).attempt
    assert (attempt.ending, attempt.success) == ("done", True)


async def test_actions_that_cannot_be_done_and_translations_are_counted() -> None:
    answers = ["Action 1: dance", "Action 2: Search[right]", "Action 3: Finish[gold]"]
    attempt = (await play(answers)).attempt
    assert (attempt.invalid, attempt.translated, attempt.success) == (1, 1, True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "answer",
    [
        "", "\n\n", "```", ">", "\ud800", "{", "[]", '{"action": 3}', "null", "\x00",
        '{"thought": "half a letter: \\ud800", "action": "\\ud800"}',
    ],
)  # fmt: skip
async def test_a_model_that_never_acts_legally_uses_up_its_steps_and_no_more(form: Form, answer: str) -> None:
    played = await play([answer], form=form, max_steps=2)
    assert (played.attempt.ending, played.attempt.success) == ("steps", False)
    assert played.attempt.invalid == 2
    assert "Finish" not in "".join(played.actions)
    json.dumps(played.attempt.entries, ensure_ascii=False).encode()  # the log holds JSON in UTF-8


async def test_a_prompt_over_the_limit_ends_the_attempt_unasked() -> None:
    played = await play(["Action 1: Search[left]"], max_prompt_tokens=10)
    assert played.prompts == []
    assert (played.attempt.ending, played.attempt.num_steps, played.attempt.entries) == ("tokens", 0, ())


async def test_a_prompt_that_grows_over_the_limit_ends_the_attempt_then() -> None:
    free = await play(["Action 1: Search[left]"], max_steps=4)
    sizes = [sum(len(message.text) for message in prompt) // 4 for prompt in free.prompts]
    assert sizes == sorted(set(sizes))
    played = await play(["Action 1: Search[left]"], max_steps=4, max_prompt_tokens=sizes[2])
    assert (played.attempt.ending, len(played.prompts), played.attempt.num_steps) == ("tokens", 3, 3)


@pytest.mark.parametrize("form", FORMS)
async def test_a_model_without_room_for_an_answer_ends_the_attempt(form: Form) -> None:
    played = await play([acts(form, "Search[left]"), CUT_OFF], form=form)
    assert (played.attempt.ending, played.attempt.num_steps) == ("tokens", 1)
    assert played.actions == ["Search[left]"]


async def test_json_actions_are_held_to_what_the_environment_admits() -> None:
    played = await play([acts("json", "Finish[gold]")], form="json", constrained=True)
    (schema,) = played.schemas
    assert schema is not None
    assert schema["properties"]["action"]["enum"] == list(OPENABLE)
    assert list(schema["properties"]) == ["thought", "action"]
    assert schema["properties"]["thought"]["maxLength"] <= 400


async def test_actions_that_cannot_serve_the_task_are_left_out_unless_none_is_left() -> None:
    def goes_left(task: str, action: str) -> bool:
        assert task == "Question: What is in the box?"
        return action == "Search[left]"

    acting = [acts("json", "Finish[gold]")]
    for idle, left in ((goes_left, list(OPENABLE[1:])), (lambda task, action: True, list(OPENABLE))):
        (schema,) = (await play(acting, form="json", constrained=True, idle=idle)).schemas
        assert schema is not None
        assert schema["properties"]["action"]["enum"] == left


async def test_an_action_outside_the_admissible_ones_never_reaches_the_environment() -> None:
    played = await play([acts("json", "Search[cellar]")], form="json", constrained=True, max_steps=1)
    assert played.actions == []
    assert played.attempt.invalid == 1


async def test_unconstrained_json_takes_any_action_and_act_has_no_thought() -> None:
    played = await play([json.dumps({"action": "Finish[gold]"})], form="json", thoughts=False)
    (schema,) = played.schemas
    assert schema is not None
    assert list(schema["properties"]) == ["action"]
    assert "enum" not in schema["properties"]["action"]
    assert played.attempt.success


async def test_line_breaks_in_json_become_blanks() -> None:
    answer = json.dumps({"thought": "one thing\nafter another", "action": " Finish[gold]\n"})
    played = await play([answer], form="json")
    assert played.actions == ["Finish[gold]"]
    assert texts(played.attempt.entries, "thought") == ["one thing after another"]


async def test_every_line_is_told_as_it_comes_and_every_call_has_its_own_tag() -> None:
    played = await play(["Thought: a", "Action: Search[left]", "Action: Finish[gold]"])
    assert [(entry["kind"], entry["step"]) for entry in played.told] == [
        ("observation", 0),
        ("thought", 1), ("action", 1), ("observation", 1),
        ("action", 2), ("observation", 2),
    ]  # fmt: skip
    assert tuple(played.told[1:]) == played.attempt.entries
    assert [(tag["game"], tag["decision"], tag["stage"]) for tag in played.tags] == [
        ("attempt", "1", "1"), ("attempt", "1", "2"), ("attempt", "2", "3"),
    ]  # fmt: skip


async def test_a_drift_ends_the_attempt_and_frees_its_environment() -> None:
    suite = BoxSuite()
    host = LocalHost(suite)

    def refuse(entry: Entry) -> None:
        if entry["step"] == 1 and entry["kind"] == "observation":
            raise Drift("another answer than before")

    with pytest.raises(Drift, match="another answer"):
        await play(["Action: Search[left]"], host=host, on_entry=refuse)
    await play(["Action: Finish[gold]"], host=host)
    host.close()
    assert suite.seen.count("(close)") == 1, "the second attempt had the environment of the first"


async def test_a_task_that_cannot_be_opened_says_why() -> None:
    class Shut(Box):
        def reset(self, task: object) -> str:
            raise GameError("the box is shut")

    class Boxes(BoxSuite):
        def make(self) -> Box:
            return Shut(self.seen)

    with pytest.raises(GameError, match="the box is shut"):
        await play(["Action: Search[left]"], host=LocalHost(Boxes()))
