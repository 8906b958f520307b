"""Plans under a budget: as many slices as a limit on tokens or operations leaves room for."""

from dataclasses import replace

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.metrics import measure
from backends.vision.llava_uhd.pieces import Size
from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.profiles import EXACT, Profile


def plan_within(
    size: Size,
    profile: Profile = EXACT,
    *,
    max_tokens: int | None = None,
    max_flops: float | None = None,
) -> SlicePlan:
    """Plan so that tokens (separators included) and operations stay within the limits.

    Where they would not, the plan follows the rule under the highest `max_slices` with which they do.

    Raises `PlanError` where even the least plan costs more, and for a limit on operations under a
    profile whose models are unknown.
    """
    if max_flops is not None and profile.compute is None:
        raise PlanError(
            f"The rule {profile.name!r} does not say which models it feeds, so operations cannot be limited; "
            "limit tokens, or give the profile a `compute`."
        )
    while True:
        planned = plan(size, profile)
        flops = measure(planned).flops if max_flops is not None else None
        dear = max_tokens is not None and planned.positions > max_tokens
        slow = max_flops is not None and flops is not None and flops > max_flops
        if not dear and not slow:
            return planned
        if profile.max_slices == 1 or planned.num_slices == 0:
            cost = f"{planned.positions} tokens" if dear else f"{flops or 0:.3g} operations"
            raise PlanError(
                f"A picture of {size[0]} x {size[1]} pixels takes at least {cost} under the rule "
                f"{profile.name!r}, more than allowed. Allow more, or choose a rule with fewer tokens."
            )
        profile = replace(profile, max_slices=profile.max_slices - 1)
