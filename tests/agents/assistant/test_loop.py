"""The loop: approvals, failures, limits, stopping and going on, with tools that a test can watch."""

import asyncio
import json
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.runtime import Runtime

from agents.assistant.events import (
    ApprovalAsked,
    ApprovalGiven,
    Asked,
    CostChanged,
    Finished,
    TextDelta,
    Thought,
    ToolProgress,
    ToolStarted,
)
from agents.assistant.nodes import ALLOWED
from agents.assistant.nodes import use as use_node
from agents.assistant.session import Limits
from agents.assistant.state import PackedCall
from agents.assistant.thinking import calls_in
from agents.errors import NimueError
from agents.runs.event_log import read_events
from tests.agents.assistant.conversations import (
    Script,
    answer,
    conversing,
    endings,
    heard,
    observation,
    tools_used,
    use,
    use_both,
)
from tests.agents.assistant.gadgets import Gadgets


async def test_a_costly_call_is_asked_about_and_made_when_allowed(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("build", amount=12), lambda read: f"Built {observation(read)['made']}.")
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        events = await heard(session.ask("Build twelve."), session)
    (question,) = [event for event in events if isinstance(event, ApprovalAsked)]
    assert (question.tool, question.arguments, question.reason) == ("build", {"amount": 12}, "It is large.")
    assert gadgets.used == [("build", 12)] and answer(events).text == "Built 120."


async def test_a_refusal_is_an_observation_with_the_users_words(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("build", amount=50), lambda read: observation(read)["message"])
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        events = await heard(session.ask("Build fifty."), session, allow=False, note="Too much noise.")
    assert gadgets.used == []
    (ended,) = endings(events)
    assert not ended.ok and ended.told["error"] == "refused" and "another way" in ended.told["hint"]
    assert answer(events).text == "The user did not allow build. They said: Too much noise."


async def test_a_small_request_of_a_costly_tool_is_not_asked_about(tmp_path: Path) -> None:
    gadgets = Gadgets()
    async with conversing(tmp_path, Script(use("build", amount=9), "Built."), tools=gadgets.box) as session:
        events = await heard(session.ask("Build nine."))
    assert gadgets.used == [("build", 9)]
    assert not any(isinstance(event, ApprovalAsked) for event in events)


async def test_everything_is_allowed_where_the_session_says_so(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("build", amount=99), "Built.")
    async with conversing(tmp_path, script, tools=gadgets.box, limits=Limits(allow_all=True)) as session:
        await heard(session.ask("Build."))
    assert gadgets.used == [("build", 99)]


async def test_a_tool_that_is_always_allowed_is_asked_about_once(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("build", amount=20), use("build", amount=30), "Built both.")
    questions = 0
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        async for event in session.ask("Build two."):
            if isinstance(event, ApprovalAsked):
                questions += 1
                session.decide(event.call, allowed=True, always=True)
    assert questions == 1 and gadgets.used == [("build", 20), ("build", 30)]


async def test_a_decision_that_nobody_waits_for_is_refused(tmp_path: Path) -> None:
    async with conversing(tmp_path, Script("Yes."), tools=Gadgets().box) as session:
        await heard(session.ask("Are you there?"))
        with pytest.raises(NimueError, match="No call t1s1c1 waits"):
            session.decide("t1s1c1", allowed=True)


async def test_the_model_recovers_from_a_tool_that_fails(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(
        use("break", amount=1),
        lambda read: use(observation(read)["hint"].split()[1], amount=1),
        "Made instead.",
    )
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        events = await heard(session.ask("Break or make one."))
    assert gadgets.used == [("break", 1), ("make", 1)]
    assert [ended.ok for ended in endings(events)] == [False, True]


async def test_wrong_arguments_are_told_before_anything_is_done(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("make", amount=1000), use("make", much=1), use("make", amount=5), "Made five.")
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        events = await heard(session.ask("Make a thousand."))
    first, second, third = endings(events)
    assert first.told["error"] == "bad_arguments" and "less than or equal to 100" in first.told["message"]
    assert "much" in second.told["message"] and second.told["hint"] == "make takes amount."
    assert third.ok and gadgets.used == [("make", 5)]


async def test_an_unknown_tool_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    script = Script(use("maek", amount=1), "I cannot.")
    async with conversing(tmp_path, script, tools=Gadgets().box) as session:
        events = await heard(session.ask("Make one."))
    assert endings(events)[0].told == {
        "error": "unknown_tool",
        "message": "There is no tool 'maek'.",
        "hint": "Did you mean make?",
    }


async def test_a_call_that_cannot_be_read_is_an_observation(tmp_path: Path) -> None:
    message = AIMessage(
        "",
        tool_calls=[{"name": "make", "args": {"amount": 1}, "id": "x"}],
        invalid_tool_calls=[
            {"name": "make", "args": "{amount: ", "id": "y", "error": "", "type": "invalid_tool_call"}
        ],
    )
    sound, broken = calls_in(message, "t1s1")
    assert sound == {"id": "t1s1c1", "tool": "make", "arguments": {"amount": 1}}
    assert broken["id"] == "t1s1c2" and "no JSON object: {amount:" in broken["fault"]
    gadgets = Gadgets()
    async with conversing(tmp_path, Script(), tools=gadgets.box) as session:
        command = await use_node(
            {"turn": 1, "step": 1, "lines": [], "waiting": [broken], "verdict": ALLOWED},
            Runtime(context=session.context),
        )
    assert gadgets.used == [] and "bad_arguments" in str(command.update)


async def test_several_calls_of_one_step_are_made_in_order_and_all_answered(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(
        use_both(("make", {"amount": 1}), ("break", {"amount": 2}), ("make", {"amount": 3})), "Done."
    )
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        events = await heard(session.ask("Do three things."))
    assert gadgets.used == [("make", 1), ("break", 2), ("make", 3)]
    told = [message for message in script.heard[1] if isinstance(message, ToolMessage)]
    calls = next(message for message in script.heard[1] if isinstance(message, AIMessage)).tool_calls
    assert [message.tool_call_id for message in told] == [call["id"] for call in calls]
    assert [ended.ok for ended in endings(events)] == [True, False, True]


async def test_the_same_call_again_is_refused_instead_of_made(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("make", amount=1), use("make", amount=1), "It was made.")
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        events = await heard(session.ask("Make one."))
    assert gadgets.used == [("make", 1)]
    assert "very call before" in endings(events)[1].told["message"]


async def test_at_the_last_step_only_an_answer_is_taken(tmp_path: Path) -> None:
    gadgets = Gadgets()
    last = AIMessage("So far one.", tool_calls=use("make", amount=9).tool_calls)
    script = Script(use("make", amount=1), use("make", amount=2), last)
    async with conversing(tmp_path, script, tools=gadgets.box, max_steps=3) as session:
        events = await heard(session.ask("Make and make."))
    assert gadgets.used == [("make", 1), ("make", 2)]
    assert "used all steps" in script.heard[2][-1].text
    assert answer(events).text == "So far one."


async def test_a_model_that_says_nothing_is_asked_once_more_and_then_given_up(tmp_path: Path) -> None:
    async with conversing(tmp_path, Script("", "Here I am."), tools=Gadgets().box) as session:
        assert answer(await heard(session.ask("Hello?"))).text == "Here I am."
    async with conversing(tmp_path, Script("", "  "), tools=Gadgets().box) as session:
        events = await heard(session.ask("Hello?"))
        assert answer(events).ending == "failed" and "said nothing" in answer(events).text
        assert isinstance(session.failure, NimueError)


async def test_what_is_said_before_a_tool_is_a_thought_and_not_the_answer(tmp_path: Path) -> None:
    first = AIMessage("Let me make one.", tool_calls=use("make", amount=1).tool_calls)
    async with conversing(tmp_path, Script(first, "Made."), tools=Gadgets().box) as session:
        events = await heard(session.ask("Make one."))
    assert [event.text for event in events if isinstance(event, Thought)] == ["Let me make one."]
    assert answer(events).text == "Made."
    assert [event.text for event in events if isinstance(event, ToolProgress)] == ["making"]


async def test_a_conversation_goes_on_in_another_process_with_all_that_was_said(tmp_path: Path) -> None:
    gadgets = Gadgets()
    async with conversing(
        tmp_path, Script(use("make", amount=4), "Made four."), tools=gadgets.box
    ) as session:
        first = await heard(session.ask("Make four."))
        run = session.run
    script = Script(lambda read: f"I was told {len(read)} messages.")
    async with conversing(tmp_path, script, run=run, tools=gadgets.box) as session:
        kept = (Asked, Thought, ToolStarted, Finished)
        assert [one for one in session.history if isinstance(one, kept)] == [
            one for one in first if isinstance(one, kept)
        ]
        assert not await session.is_unfinished()
        assert await heard(session.resume()) == [session.cost]
        events = await heard(session.ask("What did I say?"))
    assert isinstance(events[0], Asked) and events[0].turn == 2
    said = [message.text for message in script.heard[0]]
    assert "Make four." in said and "Made four." in said and said[-1] == "What did I say?"


async def test_a_question_that_was_open_when_the_process_died_is_put_again(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("make", amount=1), use("build", amount=70), "Built.")
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        async for event in session.ask("Make one and build seventy."):
            if isinstance(event, ApprovalAsked):
                break  # as when the terminal is closed
        run = session.run
    async with conversing(tmp_path, script, run=run, tools=gadgets.box) as session:
        assert await session.is_unfinished()
        events = await heard(session.resume(), session)
    assert [event.call for event in events if isinstance(event, ApprovalAsked)] == ["t1s2c1"]
    assert gadgets.used == [("make", 1), ("build", 70)] and len(script.heard) == 3
    kinds = [line.kind for line in read_events(run.events)]
    assert kinds.count("approval_asked") == 1 and kinds.count("approval_given") == 1
    assert answer(events).text == "Built."


async def test_stopping_ends_the_tool_and_the_conversation_goes_on(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("wait", amount=1), "As you wish.")
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        async for event in session.ask("Wait."):
            if isinstance(event, ToolProgress):
                await session.stop()
        assert gadgets.was_stopped and not session.is_busy
        assert isinstance(session.history[-1], Finished) and session.history[-1].ending == "stopped"
        events = await heard(session.ask("Never mind."))
    assert answer(events).text == "As you wish."
    stub = next(message for message in script.heard[1] if isinstance(message, ToolMessage))
    assert "stopped this" in stub.text and isinstance(script.heard[1][-1], HumanMessage)


async def test_a_stopped_tool_is_gone_on_with_by_the_run_that_it_had_begun(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("wait", amount=1), lambda read: f"Made {observation(read)['made']}.")
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        async for event in session.ask("Wait."):
            if isinstance(event, ToolProgress):
                await session.stop()
        run = session.run
    async with conversing(tmp_path, script, run=run, tools=gadgets.box) as session:
        assert answer(await heard(session.resume())).text == "Made 1."
    assert gadgets.used == [("wait", 1), ("wait", 1)]


async def test_a_spent_budget_pauses_and_a_higher_one_goes_on_without_asking_twice(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(use("make", amount=1), "Made.")
    async with conversing(tmp_path, script, tools=gadgets.box, limits=Limits(max_tokens=1)) as session:
        events = await heard(session.ask("Make one."))
        assert answer(events).ending == "paused" and session.failure is not None
        assert session.failure.exit_code == 3 and len(script.heard) == 1
        run = session.run
    async with conversing(tmp_path, script, run=run, tools=gadgets.box) as session:
        events = await heard(session.resume())
        assert answer(events).text == "Made."
        costs = [event for event in events if isinstance(event, CostChanged)]
        assert costs[-1].calls == 2 and costs[-1].cost == 0
    assert gadgets.used == [("make", 1)] and len(script.heard) == 2


async def test_a_tool_that_had_answered_is_not_used_again(tmp_path: Path) -> None:
    """The instant between the event and the checkpoint: the log has the answer, the graph does not."""
    gadgets = Gadgets()
    script = Script(use("make", amount=1), "Made.")
    async with conversing(tmp_path, script, tools=gadgets.box) as session:
        await heard(session.ask("Make one."))
        run = session.run
    run.checkpoints.unlink()
    for leftover in run.path.glob("checkpoints.sqlite-*"):
        leftover.unlink()
    async with conversing(tmp_path, script, run=run, tools=gadgets.box) as session:
        call = PackedCall(id="t1s1c1", tool="make", arguments={"amount": 1})
        command = await use_node(
            {"turn": 1, "step": 1, "lines": [], "waiting": [call], "verdict": ALLOWED},
            Runtime(context=session.context),
        )
    assert gadgets.used == [("make", 1)]
    assert command.goto == "think" and '\\"made\\": 1' in json.dumps(command.update)


async def test_two_turns_at_once_and_empty_questions_are_refused(tmp_path: Path) -> None:
    script = Script(use("wait", amount=1))
    async with conversing(tmp_path, script, tools=Gadgets().box) as session:
        with pytest.raises(NimueError, match="empty"):
            session.ask("  ")
        turn = session.ask("Wait.")
        async for event in turn:
            if isinstance(event, ToolProgress):
                with pytest.raises(NimueError, match="still at work"):
                    session.ask("And this?")
                break
        await turn.aclose()
        assert not session.is_busy


async def test_a_run_is_held_by_one_process(tmp_path: Path) -> None:
    async with conversing(tmp_path, Script(), tools=Gadgets().box) as session:
        with pytest.raises(NimueError, match="another process"):
            async with conversing(tmp_path, Script(), run=session.run, tools=Gadgets().box):
                pass


async def test_events_are_told_while_the_tool_works(tmp_path: Path) -> None:
    gadgets = Gadgets()
    async with conversing(tmp_path, Script(use("wait", amount=1)), tools=gadgets.box) as session:
        turn = session.ask("Wait.")
        seen = []
        async with asyncio.timeout(120):
            async for event in turn:
                seen.append(event)
                if isinstance(event, ToolProgress):
                    break
        await turn.aclose()
    assert gadgets.is_waiting and tools_used(seen) == [("wait", {"amount": 1})]
    assert not any(isinstance(event, TextDelta | ApprovalGiven) for event in seen)
