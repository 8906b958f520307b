"""Text environments: one protocol (`env`), several sets of tasks behind it (`suites`)."""
