"""FEVER: whether a claim is supported or refuted by an encyclopedia."""

from agents.react.benchmark import Benchmark
from agents.react.lines import read_bracketed

BENCHMARK = Benchmark(
    name="fever",
    identity="a fact verifier that looks things up",
    instruction=(
        "You judge a claim by turns of Thought, Action and Observation. An Action is one of three: Search[name] "
        "opens the page of that name and shows its beginning, or names similar pages; Lookup[word] shows the next "
        "sentence of the open page with that word; Finish[SUPPORTS], Finish[REFUTES] or Finish[NOT ENOUGH INFO] "
        "gives the verdict and ends the task."
    ),
    act_instruction=(
        "You judge a claim by Actions, each followed by an Observation. An Action is one of three: Search[name] "
        "opens the page of that name and shows its beginning, or names similar pages; Lookup[word] shows the next "
        "sentence of the open page with that word; Finish[SUPPORTS], Finish[REFUTES] or Finish[NOT ENOUGH INFO] "
        "gives the verdict and ends the task."
    ),
    read=read_bracketed,
    forms={
        "thought": "Thought {n}: {text}",
        "action": "Action {n}: {text}",
        "observation": "Observation {n}: {text}",
    },
    turn="Now it is your turn.",
    insights_header="This is what you have learned from similar claims. Use it as a reference:",
    reflections_header=(
        "You have tried the claim that follows before and failed. These reflections say how to do better:"
    ),
    reflection_form="- {text}",
    reflection_request=(
        "You gave a wrong verdict or used up your steps. In one line, say what most likely went wrong and a new "
        "plan that avoids it. Start the line with \"Reflection:\"."
    ),
    reflection_examples=(),
    described=(
        "The agent verifies claims with an encyclopedia. It may Search a page by name, Lookup a word in the open "
        "page, and Finish with SUPPORTS, REFUTES or NOT ENOUGH INFO."
    ),
    why_failed="A trial fails when its verdict is wrong or its steps are used up.",
    max_steps=7,
    num_examples=3,
    group_size=8,
    max_num_rules=10,
)  # fmt: skip
