"""What is wrong with data that were given, in one line."""

from pydantic import ValidationError


def first_fault(error: ValidationError) -> str:
    """The first complaint, with its place where there is one: `Field required at 3.asin`."""
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{fault['msg']} at {place}" if place else fault["msg"]
