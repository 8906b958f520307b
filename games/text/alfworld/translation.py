"""A problem made ready for the planner's library, by Fast Downward's translator.

The package's own entrance overwrites the process's arguments and, while it works, its standard output, which
other threads may be writing to. So its modules are called here one after the other, and given a `print`
that writes into files only.
"""

import io
import sys
from functools import lru_cache
from importlib import import_module
from typing import Any, TextIO

from games.errors import GameError

_UNREACHABLE = "dummy(val1)"  # of the task that the translator puts in the place of a hopeless one
PROBLEMS_KEPT = 8  # a task is often tried again


def _imported(name: str) -> Any:
    """A module of the translator; its options are read from the process's arguments when it is imported."""
    arguments = sys.argv
    sys.argv = ["translate", "domain", "problem"]
    try:
        return import_module(f"fast_downward.translate.{name}")
    finally:
        sys.argv = arguments


_options = _imported("options")
_lisp = _imported("pddl_parser.lisp_parser")
_parsing = _imported("pddl_parser.parsing_functions")
_normalize = _imported("normalize")
_translate = _imported("translate")


def _print_into_files_only(*parts: object, file: TextIO | None = None, **options: Any) -> None:
    if file is not None:
        print(*parts, file=file, **options)


for _name, _module in list(sys.modules.items()):
    if _name.startswith("fast_downward.translate."):
        vars(_module)["print"] = _print_into_files_only


def translated(domain: str, problem: str, *, for_planner: bool = False) -> tuple[Any, str]:
    """The parsed task and its planner form.

    Args:
        for_planner: Leave out what no plan needs. What is to be played keeps every action and fact.

    Raises:
        GameError: the goal cannot be reached.
    """
    _options.filter_unimportant_vars = for_planner
    _options.filter_unreachable_facts = for_planner
    _options.use_partial_encoding = for_planner
    _options.add_implied_preconditions = for_planner
    _options.skip_variable_reordering = not for_planner
    _options.invariant_generation_max_candidates = 0
    task = _parsing.parse_task(_nested(domain), _nested(problem))
    _normalize.normalize(task)
    form = io.StringIO()
    _translate.pddl_to_sas(task).output(form)
    if _UNREACHABLE in form.getvalue():
        raise GameError("its goal cannot be reached from its start")
    return task, form.getvalue()


def _nested(text: str) -> Any:
    return _lisp.parse_nested_list(text.split("\n"))


@lru_cache(maxsize=PROBLEMS_KEPT)
def translated_to_play(domain: str, problem: str) -> tuple[Any, str]:
    """As `translated`, kept for the next time."""
    return translated(domain, problem)
