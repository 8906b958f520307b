"""ExpeL: agents that learn from experience.

settings.py     everything that decides how a run goes
arms.py         what an agent may use when it meets a task
folds.py        which tasks are evaluated in which fold
session.py      what every phase works with
fan_out.py      many pieces of work at once, resumable
trials.py       one task, with retries and reflections
gathering.py    every task of a run
chunks.py, extraction.py, extraction_prompt.py   from attempts to insights
examples.py     which solved tasks an actor is shown
evaluation.py   every task with every arm
transfer.py     insights of one environment for another
results.py, behaviour.py, report.py              what came of it
pipeline.py     a whole run
"""
