"""Environments with rules and no language model inside.

`avalon/` is The Resistance: Avalon; the text environments of ExpeL join it under `text/`.
Nothing here imports `agents`, `memory`, `backends` or `tui`.
"""
