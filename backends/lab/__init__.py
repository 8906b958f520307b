"""The laboratory: one contract for all systems, and what they share.

`contract.py` says what a system is; `registry.py` finds the systems; `runner.py` runs a job, here or in a
process of its own; `trainer.py` is the one training loop; `profile/` measures models; `readers/` and
`synthetic/` give data. Nothing here knows who asked, and listing systems imports no torch.
"""
