"""The arena: tournaments of any agents against any, with statistics that mean something.

plan.py          who plays whom on which deals
record.py        what is kept of a game
bot_games.py     a chunk of games between bots, for the executors of `agents/runs`
model_games.py   games with language models, a few tables at once
tournament.py    a tournament in a run folder, resumable
statistics.py    Wilson intervals, McNemar, the bootstrap over deals
ratings.py       Bradley-Terry by side, OpenSkill
standings.py     the result: all of this over all games
page.py          the result as one HTML page; its plots are in plots.py, its numbers in wording.py
result.py        writes result.json and the page
"""
