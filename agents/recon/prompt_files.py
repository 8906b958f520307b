"""The texts of `prompts/`, read once; `PROMPT_VERSION` is raised when their wording changes."""

import re
from functools import cache
from importlib import resources
from string import Template

PROMPT_VERSION = 2


@cache
def _template(name: str) -> Template:
    file = resources.files("agents.recon").joinpath("prompts", f"{name}.md")
    return Template(file.read_text(encoding="utf-8").strip())


@cache
def _has_brief_form(name: str) -> bool:
    return resources.files("agents.recon").joinpath("prompts", "brief", f"{name}.md").is_file()


def prompt(name: str, *, brief: bool = False, **fields: object) -> str:
    """Fill in a prompt text. What is filled in is not read as a template again, so no speech can reach it.

    Args:
        brief: Take the form in plain words for a small model, where there is one. Such models recite what
            they are told not to say, so these texts say what to do instead.
    """
    filled = _template(f"brief/{name}" if brief and _has_brief_form(name) else name).substitute(
        {key: str(value) for key, value in fields.items()}
    )
    # A cue that does not apply is an empty field; close the gap it leaves.
    return re.sub(r" {2,}", " ", filled).replace(" \n", "\n").strip()
