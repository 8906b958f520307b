"""Offline data: made here by policies of any quality, described, and carried from format to format.

The store and its files are the kit `backends/rl/transitions`, environments and experts
`backends/rl/environments`.
"""
