"""HotpotQA: questions that need facts from more than one page."""

from agents.react.benchmark import Benchmark
from agents.react.lines import read_bracketed

_REFLECTION_EXAMPLES = (
    """Question: The director of the film Salt Harbour studied in which town?
Thought 1: I search the film to find its director.
Action 1: Search[director of Salt Harbour]
Observation 1: Could not find [director of Salt Harbour]. Similar: [Salt Harbour (film), Salt Harbour].
Thought 2: It was not found, so I do not know the director.
Action 2: Finish[unknown]
Observation 2: Answer is INCORRECT
Reflection: I searched a whole phrase and gave up; next time I search the title that the answer offered, \
Salt Harbour (film), and then the director by name.""",
    """Question: Which river is longer, the Orm or the Velle?
Thought 1: I look up the Orm first.
Action 1: Search[Orm]
Observation 1: The Orm is a river of 212 kilometres.
Thought 2: The Orm is long, so it is the longer one.
Action 2: Finish[Orm]
Observation 2: Answer is INCORRECT
Reflection: I answered after one of two pages; next time I search both rivers and compare their figures before \
I finish.""",
)

BENCHMARK = Benchmark(
    name="hotpotqa",
    identity="a question-answering system that looks things up",
    instruction=(
        "You answer a question by turns of Thought, Action and Observation. A Thought weighs what you know. An "
        "Action is one of three: Search[name] opens the page of that name and shows its beginning, or names "
        "similar pages; Lookup[word] shows the next passage of the open page with that word; Finish[answer] "
        "gives the answer, as short as possible, and ends the task."
    ),
    act_instruction=(
        "You answer a question by Actions, each followed by an Observation. An Action is one of three: "
        "Search[name] opens the page of that name and shows its beginning, or names similar pages; Lookup[word] "
        "shows the next passage of the open page with that word; Finish[answer] gives the answer, as short as "
        "possible, and ends the task."
    ),
    read=read_bracketed,
    forms={
        "thought": "Thought {n}: {text}",
        "action": "Action {n}: {text}",
        "observation": "Observation {n}: {text}",
    },
    turn="Now it is your turn.",
    insights_header="This is what you have learned from similar questions. Use it as a reference:",
    reflections_header=(
        "You have tried the question that follows before and failed. These reflections say how to do better:"
    ),
    reflection_form="- {text}",
    reflection_request=(
        "You gave a wrong answer or used up your steps. In one line, say what most likely went wrong and a new "
        "plan that avoids it. Start the line with \"Reflection:\"."
    ),
    reflection_examples=_REFLECTION_EXAMPLES,
    described=(
        "The agent answers questions that need facts from several pages of an encyclopedia. It may Search a page "
        "by name, Lookup a word in the open page, and Finish with an answer."
    ),
    why_failed="A trial fails when it finishes with a wrong answer or uses up its steps.",
    max_steps=7,
    num_examples=6,
    group_size=8,
    max_num_rules=10,
)  # fmt: skip
