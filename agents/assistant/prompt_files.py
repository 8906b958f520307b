"""The texts of `prompts/`."""

from functools import cache
from importlib import resources
from string import Template


@cache
def _template(name: str) -> Template:
    file = resources.files("agents.assistant").joinpath("prompts", f"{name}.md")
    return Template(file.read_text(encoding="utf-8").strip())


def prompt(name: str, **fields: object) -> str:
    """Fill in a prompt text. What is filled in is not read as a template again."""
    return _template(name).substitute({key: str(value) for key, value in fields.items()})
