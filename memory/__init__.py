"""Experiences and insights that agents keep, over a vector store; no language model inside.

Nothing here imports `agents`, `games`, `backends` or `tui`.
"""
