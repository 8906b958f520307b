"""What every suite of text environments promises, as functions that its author calls in a test.

`check_suite(suite)` raises `AssertionError` with task and action unless the suite is sound; the checks it
runs are in `checks`. `check_other_process(name)` plays the same walks in a fresh interpreter under another
hash seed. From the shell, for a suite's name or for `module:function`:

    python -m games.text.conformance hotpotqa
    python -m games.text.conformance mypackage.suite:open_suite --data DIR

A suite may tell two things more than the `Suite` protocol asks, and both are then checked. A task may carry
in its payload a `solution`, a list of actions that solves it. And a suite whose demonstrations are not on
its own tasks names theirs in a property `demonstration_tasks`, a tuple of `Task`.
"""

from games.text.conformance.checks import CHECKS, check_suite
from games.text.conformance.processes import check_other_process
from games.text.conformance.walks import Effort

__all__ = ["CHECKS", "Effort", "check_other_process", "check_suite"]
