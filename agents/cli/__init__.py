"""The commands `avalon`, `expel` and `nimue`: thin - parse, call, render.

Only this package and `tui` print. Modules here import nothing heavy at the top, so that `--help` is instant.
"""
