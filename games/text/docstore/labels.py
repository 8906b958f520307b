"""FEVER's three labels, and what people write for them."""

SUPPORTS, REFUTES, NOT_ENOUGH_INFO = "SUPPORTS", "REFUTES", "NOT ENOUGH INFO"
LABELS = (SUPPORTS, REFUTES, NOT_ENOUGH_INFO)

_OTHER_WORDS = {
    "SUPPORTED": SUPPORTS,
    "REFUTED": REFUTES,
    "NOT ENOUGH INFORMATION": NOT_ENOUGH_INFO,
}
"""The reference counts these as wrong, although the data's own guidelines use the words."""


def read_label(answer: str) -> tuple[str | None, bool]:
    """The label that an answer means, if any, and whether it is another word for it."""
    said = " ".join(answer.upper().replace("_", " ").strip(" .\"'").split())
    if said in LABELS:
        return said, False
    return _OTHER_WORDS.get(said), said in _OTHER_WORDS
