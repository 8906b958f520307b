"""Self-Reference: an agent that recalls pieces of its own past and hands them to actor and critic.

The authors released no code, so this is inspired by the paper: `memory.py` is what can be recalled,
`reference.py` how it is read, on the agents of the kit `backends/rl/skills`.
"""
