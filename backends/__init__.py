"""The PyTorch laboratory of vision and RL systems; no language model inside.

Nothing here imports `agents`, `games`, `memory` or `tui`.
"""
