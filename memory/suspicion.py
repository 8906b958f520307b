"""Signs that a text is no insight: orders to the reader, addresses, secrets, things of one task only."""

import re

_INJECTION = re.compile(
    r"""https?://|\bwww\.                                                  # addresses
    | \b(?:ignore|disregard|forget|override)\b[^.]{0,30}\b(?:previous|prior|above|earlier|preceding|all)\b
      [^.]{0,30}\b(?:instructions?|rules?|prompts?|messages?|directions?)\b
    | \bsystem\s+prompt\b
    | <\|[^|>]{1,40}\|> | \[/?INST\] | <</?SYS>>                           # chat templates
    | </?\s*(?:system|assistant|user|human|tool|tool_call|function(?:_calls?)?|invoke)\b[^>]{0,200}>
    | (?:^|\n)\s*(?:system|assistant|user|human)\s*:                       # role tags
    | "(?:arguments|parameters|tool_calls?)"\s*:                           # tool calls
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SECRET = re.compile(
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:password|passwd|api[_-]?key|secret)\s*[=:]\s*\S{6,}",
    re.IGNORECASE,
)
_SPECIFIC = re.compile(
    r"\b(?:trials?|this task|that task|task[\s_#-]*\d+)\b|\b[a-z]{3,}\s+\d+\b", re.IGNORECASE
)


def looks_injected(text: str) -> bool:
    """Whether it reads like an order to whoever reads it, and must not reach a prompt unseen."""
    return _INJECTION.search(text) is not None


def holds_secret(text: str) -> bool:
    """Whether something in it looks like a key or a password."""
    return _SECRET.search(text) is not None


def without_secrets(text: str) -> str:
    """The text with what looks like a key or a password cut out."""
    return _SECRET.sub("[secret left out]", text)


def too_specific(text: str) -> bool:
    """Whether it speaks of a trial, one task or a numbered thing such as `drawer 3`."""
    return _SPECIFIC.search(text) is not None
