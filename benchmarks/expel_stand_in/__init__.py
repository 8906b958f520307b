"""Stand-ins for the two models of an ExpeL run: an actor that can follow what it is told, and a judge.

They read prompts as a language model would, and nothing else: no task, no environment, no memory reaches
them. The actor has gaps that only memory can close. It never opens what is closed, or gives up on a name that
is not found, until an insight in its prompt advises otherwise; and it looks for a thing first where the
examples in its prompt show such a thing. The judge (`extractor.py`) finds out by itself what successes do and
failures do not. What they show is that the machinery carries knowledge from one task to another, and
nothing about the skill of language models.

reading.py    a prompt taken apart: examples, insights, reflections, the attempt so far
rooms.py      what an attempt in a household has shown so far
household.py  the actor of ALFWorld
questions.py  the actor of HotpotQA
extractor.py  the judge of both
runs.py       a whole run with them
"""
