"""The acting loop (ReAct, Act, Reflexion) that ExpeL, its baselines and the assistant share.

lines.py        what a model's line is: a thought or an action
benchmark.py    how one environment is told to a model: wording, forms of lines, limits
prompt.py       from a brief and a trajectory to chat messages
answers.py      one step of the actor: ask, read, fall back
attempt.py      the graph of one attempt
env_host.py     where environments live: in this process, or several in others
"""
