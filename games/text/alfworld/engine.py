"""The engine of household games: TextWorld's planner library, state and text grammar, stepped by us.

TextWorld's own environment translates the problem four times for a game and derives every admissible command
through a parser at every step. Here a problem is translated once, for the planner only when it is asked, a
command's wording is derived once for a game, and parsed grammar is kept: steps take milliseconds instead of a
tenth of a second. What a player reads is the same to the letter; a test walks both side by side.

The parsers under this are not thread-safe, so one lock stands around everything.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache
from threading import RLock
from typing import Any

import fast_downward
import textworld.envs.pddl.textgen as textgen
import textworld.logic as world
from textworld.envs.pddl.logic import Atom, GameLogic
from textworld.generator.game import EntityInfo

from games.errors import GameError
from games.text.alfworld.goals import UNKNOWN_GOAL, split_goal
from games.text.alfworld.naming import display_names
from games.text.alfworld.translation import translated, translated_to_play

# What official grammars compute: names, and literals joined to them. Expressions are evaluated as Python by
# TextWorld, and games may come from anywhere.
_EXPRESSION = re.compile(
    r"\s*(?:[a-z]\w*(?:\.[a-z]\w*)?|' ')(?:\s*(?:\+|or)\s*(?:[a-z]\w*(?:\.[a-z]\w*)?|' '))*\s*"
)
_PLACEHOLDER = re.compile(r"{(\w+)}")

_LOCK = RLock()
# A copy of the planner's library holds one game. Unloading one crashes a later load, so they are kept.
_FREE_LIBRARIES: list[Any] = []


class HouseEngine:
    """One household at a time."""

    def __init__(self) -> None:
        with _LOCK:
            self._library: Any = _FREE_LIBRARIES.pop() if _FREE_LIBRARIES else fast_downward.load_lib()

    def load(self, domain: str, grammar: str, problem: str) -> str:
        """Open a game and give its opening, banner included.

        Raises:
            GameError: a text cannot be read.
        """
        with _LOCK, _reading():
            self._domain, self._problem = domain, problem
            general, goal = split_goal(grammar)
            self._logic = _logic(domain, general)
            task, form = translated_to_play(domain, problem)
            self._library.load_sas(form.encode())
            self._types = {thing.name: thing.type_name for thing in task.objects}
            self._parameters = {
                action.name: [(given.name.strip("?"), given.type_name) for given in action.parameters]
                for action in task.actions
            }
            self._state = world.State(_types_of(task))
            self._state.add_facts(self._initial_facts(task))
            self._things = self._named_things()
            self._wording: dict[tuple[str, tuple[str, ...]], str] = {}
            self._survey()
            return self._derive("#intro#", {}).replace(UNKNOWN_GOAL, goal)

    @property
    def templates(self) -> tuple[str, ...]:
        """How each action is written, such as `open {r}`."""
        return tuple(sorted({action.template for action in self._logic.actions.values()}))

    @property
    def won(self) -> bool:
        with _LOCK:
            return bool(self._library.check_goal())

    @property
    def commands(self) -> tuple[str, ...]:
        """All that can be done now."""
        return tuple(sorted(self._operators))

    def act(self, command: str) -> str | None:
        """Do it and give what is seen; None when it cannot be done now."""
        operator = self._operators.get(command)
        if operator is None:
            return None
        with _LOCK, _reading():
            identifier, num_effects, name = operator
            effects = (Atom * num_effects)()
            self._library.apply_operator(identifier, effects)
            for effect in effects:
                fact = effect.get_fact(self._types)
                self._state.remove_fact(fact.negate())
                self._state.add_fact(fact)
            action, arguments = self._parsed(name)
            text = self._derive(self._logic.actions[action].feedback_rule, arguments)
            self._survey()
            return text

    def plan(self) -> tuple[str, ...]:
        """Commands that solve the game from its start, found by the planner; none when it finds none."""
        with _LOCK:
            _, for_planner = translated(self._domain, self._problem, for_planner=True)
            _, plain = translated_to_play(self._domain, self._problem)
            self._library.load_sas(plain.encode())
            self._library.load_sas_replan(for_planner.encode())
            if not self._library.replan(False):
                return ()
            steps = (fast_downward.Operator * self._library.get_last_plan_length())()
            self._library.get_last_plan(steps)
            return tuple(self._command(step.name) for step in steps)

    def close(self) -> None:
        """Hand the planner's library on to the next engine. An engine that is closed is not used again."""
        with _LOCK:
            if self._library is not None:
                _FREE_LIBRARIES.append(self._library)
            self._library = None

    def _initial_facts(self, task: Any) -> Iterator[Any]:
        for fact in task.init:
            if isinstance(fact, fast_downward.translate.pddl.conditions.Atom) and fact.predicate != "=":
                yield world.Proposition(
                    fact.predicate, [world.Variable(name, self._types[name]) for name in fact.args]
                )
        atoms = (Atom * self._library.get_state_size())()
        self._library.get_state(atoms)
        for atom in atoms:
            fact = atom.get_fact(self._types)
            if not fact.is_negation:
                yield fact

    def _named_things(self) -> dict[str, Any]:
        things = {}
        found = {variable.name: variable.type for fact in self._state.facts for variable in fact.arguments}
        names = display_names(found)
        for identifier, kind in found.items():
            thing = EntityInfo(identifier, kind)
            thing.name, thing.definite, thing.indefinite = names[identifier], "the", "a"
            things[identifier] = thing
        return things

    def _survey(self) -> None:
        """Note what can be done now; of two operators with one wording the first counts, as in TextWorld."""
        operators = (fast_downward.Operator * self._library.get_applicable_operators_count())()
        self._library.get_applicable_operators(operators)
        self._operators: dict[str, tuple[int, int, str]] = {}
        for operator in operators:
            name = operator.name
            self._operators.setdefault(self._command(name), (operator.id, operator.nb_effect_atoms, name))

    def _parsed(self, operator: str) -> tuple[str, dict[str, tuple[str, str]]]:
        """The action's name, and for each parameter its type and the thing that stands for it."""
        action, *things = operator.split()
        parameters = self._parameters[action]  # the translator may have added some at the end
        return action, {name: (kind, thing) for (name, kind), thing in zip(parameters, things, strict=False)}

    def _command(self, operator: str) -> str:
        action, arguments = self._parsed(operator)
        template = self._logic.actions[action].template
        mentioned = tuple(
            thing for name, (_, thing) in arguments.items() if re.search(rf"\b{name}\b", template)
        )
        key = (template, mentioned)
        if key not in self._wording:
            wording = template
            if "[" in template or "#" in template:
                wording = self._derive(template, arguments)
            self._wording[key] = _PLACEHOLDER.sub(
                lambda found: self._things[arguments[found[1]][1]].name, wording
            ).strip()
        return self._wording[key]

    def _derive(self, rule: str, arguments: dict[str, tuple[str, str]]) -> str:
        context = {
            "state": self._state,
            "facts": (),
            "variables": {name: self._things[thing] for name, (_, thing) in arguments.items()},
            "mapping": {
                world.Placeholder(name, kind): world.Variable(thing, kind)
                for name, (kind, thing) in arguments.items()
            },
            "entity_infos": self._things,
        }
        return str(self._logic.grammar.derive(rule, context))


@contextmanager
def _reading() -> Iterator[None]:
    """Around what reads a game's texts: the parsers raise whatever comes, from IndexError to SystemExit."""
    try:
        yield
    except GameError:
        raise
    except (Exception, SystemExit) as error:
        raise GameError(f"the game cannot be read: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=4)
def _logic(domain: str, grammar: str) -> Any:
    logic = GameLogic(domain=domain, grammar=grammar)
    for action in logic.actions.values():
        _check(textgen._parse_and_convert(action.template, rule_name="symbols"))
    for rules in logic.grammar._rules.values():
        for rule in rules:
            _check(rule.rhs)
    return logic


def _check(symbols: Iterable[Any]) -> None:
    """Refuse a grammar that would run code of its own."""
    for symbol in symbols:
        if isinstance(symbol, textgen.EvalSymbol):
            if not _EXPRESSION.fullmatch(symbol.expression):
                raise GameError(f"the game's grammar computes {symbol.expression!r}, which is not a name")
        elif isinstance(symbol, textgen.ListSymbol):
            _check([symbol.symbol])
        elif isinstance(symbol, textgen.ConditionalSymbol):
            _check([symbol.expression])


def _types_of(task: Any) -> Any:
    logic = world.GameLogic()
    for kind in {kind.name: kind for kind in reversed(task.types)}.values():  # the first of a name counts
        logic.types.add(world.Type(kind.name, kind.supertype_names))
    return logic


def _lighten_textworld() -> None:
    """Have TextWorld parse a piece of grammar once, and not copy names and variables, which never change.

    A game asks for the same few dozen pieces at every step.
    """
    parse_query = world.Rule.parse_conjunctive_query
    parse_symbols = textgen._parse_and_convert
    kept = lru_cache(maxsize=4096)(lambda text: parse_symbols(text, rule_name="symbols"))

    def symbols(text: str, rule_name: str, **options: Any) -> Any:
        if rule_name != "symbols":
            return parse_symbols(text, rule_name=rule_name, **options)
        return deepcopy(kept(text))  # a derivation writes into them

    def context(given: dict[str, Any]) -> dict[str, Any]:
        return {**given, "variables": dict(given["variables"]), "mapping": dict(given["mapping"])}

    world.Rule.parse_conjunctive_query = lru_cache(maxsize=4096)(parse_query)
    textgen._parse_and_convert = symbols
    textgen.copy_context = context


_lighten_textworld()
