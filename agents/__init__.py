"""Everything that talks to a language model, as LangGraph graphs, and the commands people use.

Start with `cli/` for what a person can do, `llm/` for the model layer, `runs/` for work on disk.
"""
