"""The texts of `prompts/`, read once; `PROMPT_VERSION` is raised when their wording changes."""

import re
from functools import cache
from importlib import resources
from string import Template

PROMPT_VERSION = 1


@cache
def _template(name: str) -> Template:
    file = resources.files("agents.recon").joinpath("prompts", f"{name}.md")
    return Template(file.read_text(encoding="utf-8").strip())


def prompt(name: str, **fields: object) -> str:
    """Fill in a prompt text. What is filled in is not read as a template again, so no speech can reach it."""
    filled = _template(name).substitute({key: str(value) for key, value in fields.items()})
    # A cue that does not apply is an empty field; close the gap it leaves.
    return re.sub(r" {2,}", " ", filled).replace(" \n", "\n").strip()
