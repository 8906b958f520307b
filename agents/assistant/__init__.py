"""The assistant: a chat agent that uses the workbench's tools. Start with `session.py`.

state.py         what a conversation is, as JSON values
conversation.py  a conversation as the messages that a model reads
thinking.py      one step of a model: an answer, or tools to use
nodes.py         the nodes of the graph
graph.py         its loop
events.py        what a surface is told while it works
session.py       a conversation in a run folder: ask, decide, stop, resume
"""
