"""Published backbones that take any token mixer: DeiT, PVT, PVT v2, Swin, CSWin and the diffusion DiT.

Each is a function or class with a `MakeMixer`, which builds the mixer of a block from its `Place`, or answers
None where the backbone keeps the attention that it was published with.
"""
