"""What models write instead of the JSON they were asked for, and what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel, Field, field_validator

from agents.llm.ask import Answer, Unanswered, ask
from agents.llm.model import CallTag
from agents.llm.repair import Reason
from agents.llm.scripted import scripted_model


class Vote(BaseModel):
    """A vote on a team."""

    approve: bool
    reason: str = ""


class Proposal(BaseModel):
    """A team of exactly three different seats of six."""

    team: Annotated[list[Annotated[int, Field(ge=1, le=6)]], Field(min_length=3, max_length=3)]
    speech: str

    @field_validator("team")
    @classmethod
    def _different(cls, team: list[int]) -> list[int]:
        if len(set(team)) < len(team):
            raise ValueError("a seat may be named once only")
        return team


class Draft(BaseModel):
    """A speech with its private reasoning."""

    think: str
    speak: str = Field(min_length=1)
    tone: Literal["calm", "angry"] = "calm"
    accuse: int | None = None


YES = Vote(approve=True)
NO = Vote(approve=False)
TEAM = Proposal(team=[1, 3, 5], speech="Us three.")
DRAFT = Draft(think="Seat 2 lies.", speak="I trust seat 4.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One answer; `expected` is the value it is read as, or the reason it is not."""

    id: str
    text: str
    expected: BaseModel | Reason
    step: str = ""
    finish: str = "stop"


CASES = (
    # --- good, or good enough -------------------------------------------------------------------------------
    Case(id="plain json", text='{"approve": true}', expected=YES, step="native"),
    Case(id="surrounded by blank lines", text='\n\n  {"approve": false}\n', expected=NO, step="native"),
    Case(id="pretty printed", text='{\n  "approve": true,\n  "reason": ""\n}', expected=YES, step="native"),
    Case(id="unknown extra keys", text='{"approve": true, "confidence": 0.9}', expected=YES, step="native"),
    Case(id="boolean as text", text='{"approve": "true"}', expected=YES, step="native"),
    Case(id="boolean as yes", text='{"approve": "yes"}', expected=YES, step="native"),
    Case(id="boolean as number", text='{"approve": 0}', expected=NO, step="native"),
    Case(
        id="seats as text",
        text='{"team": ["1", "3", "5"], "speech": "Us three."}',
        expected=TEAM,
        step="native",
    ),
    Case(
        id="whole floats as seats",
        text='{"team": [1.0, 3.0, 5.0], "speech": "Us three."}',
        expected=TEAM,
        step="native",
    ),
    Case(id="a list of one object", text='[{"approve": true}]', expected=YES, step="native"),
    Case(id="wrapped in another key", text='{"answer": {"approve": true}}', expected=YES, step="native"),
    Case(id="json inside a json string", text='"{\\"approve\\": true}"', expected=YES, step="native"),
    Case(
        id="escapes and emoji in a string",
        text='{"approve": true, "reason": "\\u00e9\\n\\"so\\" \\ud83d\\ude00"}',
        expected=Vote(approve=True, reason='é\n"so" 😀'),
        step="native",
    ),
    Case(
        id="half a character as an escape",
        text='{"approve": true, "reason": "\\ud83d, \\\\ud83d"}',
        expected=Vote(approve=True, reason="\N{REPLACEMENT CHARACTER}, \\ud83d"),
        step="native",
    ),
    Case(
        id="a character in broken json as two escapes",
        text='{"approve": true, "reason": "\\ud83d\\ude00",}',
        expected=Vote(approve=True, reason="😀"),
        step="repaired",
    ),
    # --- json in other text ---------------------------------------------------------------------------------
    Case(id="fenced", text='```json\n{"approve": true}\n```', expected=YES, step="fenced"),
    Case(id="fenced without a language", text='```\n{"approve": false}\n```', expected=NO, step="fenced"),
    Case(id="fenced in capitals", text='```JSON\n{"approve": true}\n```', expected=YES, step="fenced"),
    Case(
        id="prose around a fence",
        text='Here is my vote:\n```json\n{"approve": true}\n```\nGood luck!',
        expected=YES,
        step="fenced",
    ),
    Case(id="fence never closed", text='```json\n{"approve": true}', expected=YES, step="fenced"),
    Case(id="fence on one line", text='```{"approve": true}```', expected=YES, step="fenced"),
    Case(
        id="two fences, the later one counts",
        text='First:\n```json\n{"approve": true}\n```\nNo, better:\n```json\n{"approve": false}\n```',
        expected=NO,
        step="fenced",
    ),
    Case(id="prose before", text='I approve. {"approve": true}', expected=YES, step="embedded"),
    Case(id="prose after", text='{"approve": true} because they seem honest.', expected=YES, step="embedded"),
    Case(
        id="prose on both sides",
        text='Sure! {"approve": false} Let me know.',
        expected=NO,
        step="embedded",
    ),
    Case(
        id="braces in the prose",
        text='The team {1, 2} is odd. {"approve": false}',
        expected=NO,
        step="embedded",
    ),
    Case(
        id="an example before the answer",
        text='The form is {"approve": true}. My answer: {"approve": false}',
        expected=NO,
        step="embedded",
    ),
    Case(
        id="an object of another kind after the answer",
        text='{"approve": true} {"note": "done"}',
        expected=YES,
        step="embedded",
    ),
    Case(
        id="thinking aloud in tags",
        text='<think>Maybe {"approve": true}?</think>{"approve": false}',
        expected=NO,
        step="native",
    ),
    Case(
        id="another language around it",
        text='Ich stimme zu, weil ich Sitz 3 vertraue: {"approve": true}',
        expected=YES,
        step="embedded",
    ),
    Case(id="chinese around it", text='我同意这个队伍。\n{"approve": true}', expected=YES, step="embedded"),
    Case(
        id="a refusal phrase beside an answer",
        text='I can\'t help being suspicious, but: {"approve": true}',
        expected=YES,
        step="embedded",
    ),
    Case(
        id="markdown around it",
        text='**Vote**\n\n> {"approve": true}\n\n*done*',
        expected=YES,
        step="embedded",
    ),
    Case(
        id="repeated without end",
        text='{"approve": true}' * 40,
        expected=YES,
        step="embedded",
    ),
    # --- broken json ----------------------------------------------------------------------------------------
    Case(id="trailing comma", text='{"approve": true,}', expected=YES, step="repaired"),
    Case(
        id="trailing comma in a list",
        text='{"team": [1, 3, 5,], "speech": "Us three.",}',
        expected=TEAM,
        step="repaired",
    ),
    Case(id="single quotes", text="{'approve': true}", expected=YES, step="repaired"),
    Case(id="python literals", text="{'approve': True, 'reason': ''}", expected=YES, step="repaired"),
    Case(id="unquoted keys", text="{approve: false}", expected=NO, step="repaired"),
    Case(id="no closing brace", text='{"approve": true', expected=YES, step="repaired"),
    Case(id="fenced and broken", text='```json\n{"approve": true,\n```', expected=YES, step="repaired"),
    Case(
        id="missing comma",
        text='{"team": [1, 3, 5] "speech": "Us three."}',
        expected=TEAM,
        step="repaired",
    ),
    Case(
        id="comments inside",
        text='{"approve": true, // they seem honest\n "reason": ""}',
        expected=YES,
        step="repaired",
    ),
    Case(
        id="line break inside a string",
        text='{"approve": true, "reason": "first\nsecond"}',
        expected=Vote(approve=True, reason="first\nsecond"),
        step="repaired",
    ),
    Case(
        id="unescaped quotes inside a string",
        text='{"think": "Seat 2 lies.", "speak": "I trust "seat 4" now."}',
        expected=Draft(think="Seat 2 lies.", speak='I trust "seat 4" now.'),
        step="repaired",
    ),
    Case(
        id="curly quotes",
        text="{“approve”: true}",
        expected=YES,
        step="repaired",
    ),
    Case(
        id="lines instead of json",
        text="approve: true\nreason: fine",
        expected=Vote(approve=True, reason="fine"),
        step="repaired",
    ),
    Case(id="ellipsis at the end", text='{"approve": true, ...}', expected=YES, step="repaired"),
    # --- cut off --------------------------------------------------------------------------------------------
    Case(
        id="cut off after all that is required",
        text='{"think": "Seat 2 lies.", "speak": "I trust seat 4.", "tone": "ca',
        expected=DRAFT,
        step="repaired",
        finish="length",
    ),
    Case(
        id="cut off inside the last string",
        text='{"think": "Seat 2 lies.", "speak": "I trust seat 4.',
        expected=DRAFT,
        step="repaired",
        finish="length",
    ),
    Case(
        id="cut off before a required field",
        text='{"think": "Seat 2 lies and I have much to say about',
        expected="truncated",
        finish="length",
    ),
    Case(
        id="cut off inside a number",
        text='{"speech": "Us three.", "team": [1, 3, 5',
        expected="truncated",
        finish="length",
    ),
    Case(
        id="cut off inside an optional number",
        text='{"think": "Seat 2 lies.", "speak": "I trust seat 4.", "accuse": 1',
        expected=DRAFT,
        step="repaired",
        finish="length",
    ),
    Case(
        id="cut off inside a list",
        text='{"speech": "Us three.", "team": [1, 3',
        expected="truncated",
        finish="length",
    ),
    Case(
        id="complete although the limit was reached",
        text='{"approve": true}   ',
        expected=YES,
        step="native",
        finish="length",
    ),
    Case(
        id="cut off in prose", text="Let me think about this step by", expected="truncated", finish="length"
    ),
    Case(
        id="cut off while thinking",
        text="<think>They proposed the same team tw",
        expected="truncated",
        finish="length",
    ),
    # --- empty ----------------------------------------------------------------------------------------------
    Case(id="nothing", text="", expected="empty"),
    Case(id="only white space", text=" \n\t ", expected="empty"),
    Case(id="only thinking", text="<think>What to do?</think>", expected="empty"),
    Case(id="empty object", text="{}", expected="invalid"),
    Case(id="empty fence", text="```json\n```", expected="no_json"),
    # --- prose ----------------------------------------------------------------------------------------------
    Case(id="prose", text="I approve the team.", expected="no_json"),
    Case(id="one word", text="Approve", expected="no_json"),
    Case(id="bare json value", text="true", expected="no_json"),
    Case(id="another language", text="Ich stimme dem Team zu.", expected="no_json"),
    Case(id="japanese", text="賛成します。", expected="no_json"),
    Case(id="an html page", text="<html><body>502 Bad Gateway</body></html>", expected="no_json"),
    Case(id="markdown list", text="- Vote: approve\n- Reason: trust", expected="no_json"),
    Case(id="xml", text="<vote>approve</vote>", expected="no_json"),
    Case(id="noise", text="\x00\x07 ]]]} ,,, ::", expected="no_json"),
    Case(id="nested without end", text='{"approve":' * 20_000, expected="invalid"),
    Case(id="a number without end", text='{"approve": ' + "7" * 10_000 + "}", expected="invalid"),
    Case(id="a long monologue", text="I wonder. " * 2000, expected="no_json"),
    # --- wrong values ---------------------------------------------------------------------------------------
    Case(id="wrong key", text='{"vote": "approve"}', expected="invalid"),
    Case(id="wrong case of the key", text='{"Approve": true}', expected="invalid"),
    Case(id="undecided", text='{"approve": "maybe"}', expected="invalid"),
    Case(id="null for a vote", text='{"approve": null}', expected="invalid"),
    Case(id="too few seats", text='{"team": [1, 3], "speech": "Us two."}', expected="invalid"),
    Case(id="too many seats", text='{"team": [1, 2, 3, 4], "speech": "Us."}', expected="invalid"),
    Case(id="a seat twice", text='{"team": [1, 1, 3], "speech": "Us."}', expected="invalid"),
    Case(
        id="a seat that is not at the table", text='{"team": [1, 3, 9], "speech": "Us."}', expected="invalid"
    ),
    Case(id="seats by name", text='{"team": ["Alice", "Bob", "Eve"], "speech": "Us."}', expected="invalid"),
    Case(id="seats in one string", text='{"team": "1, 3, 5", "speech": "Us."}', expected="invalid"),
    Case(id="a speech that is empty", text='{"think": "Hm.", "speak": ""}', expected="invalid"),
    Case(id="a tone not offered", text='{"think": "", "speak": "No!", "tone": "sad"}', expected="invalid"),
    Case(
        id="the schema instead of a value",
        text='{"properties": {"approve": {"type": "boolean"}}, "required": ["approve"]}',
        expected="invalid",
    ),
    Case(id="code instead of a value", text='{"approve": __import__("os").getcwd()}', expected="invalid"),
    # --- refusals -------------------------------------------------------------------------------------------
    Case(id="refusal", text="I'm sorry, but I can't help with that.", expected="refusal"),
    Case(
        id="refusal with a curly apostrophe",
        text="I’m sorry, I can’t assist with that request.",
        expected="refusal",
    ),
    Case(
        id="refusal to deceive", text="I cannot participate in deception, even in a game.", expected="refusal"
    ),
    Case(id="refusal as an ai", text="As an AI, I do not take sides.", expected="refusal"),
    Case(id="refusal in german", text="Dabei kann ich leider nicht helfen.", expected="refusal"),
    Case(id="refusal in chinese", text="对不起，我无法完成这个请求。", expected="refusal"),
    Case(id="refusal told by the provider", text="", expected="refusal", finish="refusal"),
    Case(id="stopped by a content filter", text="Well, the", expected="refusal", finish="content_filter"),
)


def _schema(case: Case) -> type[BaseModel]:
    if isinstance(case.expected, BaseModel):
        return type(case.expected)
    return Proposal if '"team"' in case.text else Draft if '"think"' in case.text else Vote


def _says(*answers: AIMessage) -> Callable[..., AIMessage]:
    """A model that gives these answers in turn, told apart by the attempt in the call's tag."""

    def reply(messages: list[BaseMessage], tag: dict[str, str], schema: object) -> AIMessage:
        return answers[int(tag["attempt"])]

    return reply


async def _asked(*answers: AIMessage, schema: type[BaseModel], max_reasks: int) -> Answer[BaseModel]:
    question = [HumanMessage("Vote.")]
    model = scripted_model(_says(*answers))
    return await ask(model, question, schema, tag=CallTag(decision="vote"), max_reasks=max_reasks)


def _message(case: Case) -> AIMessage:
    return AIMessage(case.text, response_metadata={"finish_reason": case.finish})


def test_there_are_at_least_sixty_different_bad_answers() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    assert len({case.text for case in CASES if case.step != "native"}) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_an_answer_is_read_or_fails_with_its_reason(case: Case) -> None:
    if isinstance(case.expected, BaseModel):
        answer = await _asked(_message(case), schema=_schema(case), max_reasks=0)
        assert answer.value == case.expected
        assert answer.steps == (case.step,)
        assert answer.text == case.text
    else:
        with pytest.raises(Unanswered) as failure:
            await _asked(_message(case), schema=_schema(case), max_reasks=0)
        assert failure.value.reason == case.expected
        assert failure.value.text == case.text
        assert failure.value.usage.calls == 1


@pytest.mark.parametrize(
    "case", [case for case in CASES if isinstance(case.expected, str)], ids=lambda case: case.id
)
async def test_asking_again_mends_every_unreadable_answer(case: Case) -> None:
    good = {Vote: YES, Proposal: TEAM, Draft: DRAFT}[_schema(case)]
    second = AIMessage(good.model_dump_json())
    answer = await _asked(_message(case), second, schema=_schema(case), max_reasks=1)
    assert answer.value == good
    assert answer.steps == ("reasked", "native")
    assert answer.usage.calls == 2
