"""The one error that the planner raises for a caller's mistake."""


class PlanError(ValueError):
    """A size, rule or budget for which no plan exists; the message says what, where and what to do."""
