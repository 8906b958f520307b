"""A call to a hosted model that brought no answer: one exception for all SDKs."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_KEY = re.compile(r"\b(?:sk|key|api)-[\w-]{6,}|(?<=Bearer )\S+")
_MAX_DETAIL = 300


class CallFailed(Exception):
    """No usable answer came back.

    Attributes:
        status: The HTTP status; None when the connection failed, hung or broke off, or the answer made no
            sense.
        detail: What the server or the network said, without keys.
        retry_after_s: How long the server asks to be left alone.
    """

    def __init__(self, detail: str, *, status: int | None = None, retry_after_s: float | None = None) -> None:
        shown = _KEY.sub("[key]", " ".join(detail.split()))[:_MAX_DETAIL]
        super().__init__(shown)
        self.detail = shown
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def may_pass(self) -> bool:
        """Whether the same call could succeed a little later."""
        return self.status is None or self.status in (408, 409, 425, 429) or self.status >= 500


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read how long to wait from an answer's headers: milliseconds, seconds or a date."""
    if "retry-after-ms" in headers:
        try:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        except ValueError:
            return None
    if "retry-after" not in headers:
        return None
    value = headers["retry-after"]
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    # A date without a zone is read as UTC, the only zone HTTP knows (RFC 9110, 5.6.7).
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
