"""Plays a game in a thread of its own, and can be paused, stepped, answered and stopped.

What happens stands in the run's log, where the screen reads it like that of any other process. The host tells
only what a log does not hold: who is thinking, the words that are being written, what a person is asked.
The thread dies with the app; the run can be continued from its last checkpoint.
"""

import asyncio
import queue
import threading
from typing import Literal

from agents.errors import NimueError
from agents.llm.names import ModelName
from agents.recon.config import GameConfig
from agents.recon.lineup import HUMAN, Agent, parse_lineup
from agents.runs.folder import RunFolder
from games.avalon.actions import Action, Decision
from games.avalon.view import View
from games.errors import GameError

State = Literal["opening", "playing", "finished", "stopped", "failed"]

_SECONDS_BETWEEN_LOOKS = 0.2


class _Stopped(NimueError):
    """One has left the table; the run is kept."""


class GameHost:
    """One game at work. Every attribute may be read from the screen's thread at any time."""

    def __init__(self, run: RunFolder, config: GameConfig, *, paused: bool = False) -> None:
        self.run = run
        self.config = config
        self.state: State = "opening"
        self.problem = ""
        self.paused = paused
        self.waiting: tuple[Decision, ...] = ()
        self.asked: tuple[View, Decision] | None = None
        """What the person at the table is to decide now."""
        self.growing: tuple[int, str, str, str] | None = None
        """The text that is being written: seat, stage, field, words so far."""
        self._steps = 0
        self._stop = False
        self._turn = threading.Condition()
        self._answers: queue.Queue[Action] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name=f"game {run.id}", daemon=True)

    # -- the screen's side ---------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    @property
    def at_work(self) -> bool:
        return self.state in ("opening", "playing")

    @property
    def has_person(self) -> bool:
        return any(agent.name == HUMAN for agent in self._agents())

    @property
    def may_go_on(self) -> bool:
        """Whether a command could play on alone."""
        return not self.has_person

    @property
    def resume_words(self) -> list[str]:
        """The command that would go on with the game."""
        return ["avalon", "play", "--resume", str(self.run.path.absolute())]

    def pause(self) -> None:
        """Let what is asked already be answered, then wait."""
        self.paused = True

    def go_on(self) -> None:
        with self._turn:
            self.paused = False
            self._turn.notify_all()

    def step(self) -> None:
        """Let the table take one more round of decisions."""
        with self._turn:
            self.paused = True
            self._steps += 1
            self._turn.notify_all()

    def answer(self, action: Action) -> None:
        """What the person decides."""
        self.asked = None
        self._answers.put(action)

    def stop(self) -> None:
        """Leave the table; the run is kept and can be continued."""
        with self._turn:
            self._stop = True
            self._turn.notify_all()

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended, or so long."""
        self._thread.join(timeout)

    # -- the table's side: called in the thread of the game --------------------------------------------

    def event(self, event: object) -> None:
        """The log holds it."""
        self.growing = None

    def delta(self, seat: int, stage: str, delta: object) -> None:
        """A text grows; of several the latest is kept."""
        from agents.llm.stream_fields import Delta

        assert isinstance(delta, Delta)
        before = self.growing
        same = before is not None and before[:3] == (seat, stage, delta.field) and not delta.restart
        said = before[3] if same and before is not None else ""
        self.growing = (seat, stage, delta.field, said + delta.text)

    def awaiting(self, decisions: tuple[Decision, ...]) -> None:
        """The table is about to ask; here a pause holds it."""
        with self._turn:
            self.waiting = ()
            self._turn.wait_for(lambda: self._stop or not self.paused or self._steps > 0)
            if self._stop:
                raise _Stopped("stopped in the app")
            self._steps = max(0, self._steps - 1)
            self.waiting = decisions

    def _ask(self, view: View, decision: Decision) -> Action:
        self.asked = (view, decision)
        while True:
            try:
                return self._answers.get(timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                if self._stop:
                    raise _Stopped("stopped in the app") from None

    def _work(self) -> None:
        try:
            self._prepare()
            with self.run.locked():
                asyncio.run(self._play())
            self.state = "finished"
        except _Stopped:
            self.state = "stopped"
        except (NimueError, GameError) as error:
            self.problem, self.state = str(error), "failed"
        except asyncio.CancelledError:
            self.state = "stopped"
        finally:
            self.asked, self.waiting, self.growing = None, (), None
            if self.at_work:  # a bug: the traceback goes to the thread's own hook
                self.problem, self.state = "the game broke off; the run is kept", "failed"

    def _prepare(self) -> None:
        from agents.cli.local_files import ensure_local_model

        for name in self._models():
            ensure_local_model(name, quiet=True)

    def _agents(self) -> list[Agent]:
        setup = self.config.read_setup()
        return parse_lineup(self.config.agents, setup.num_players, self.config.human).agents

    def _models(self) -> list[ModelName]:
        named = [agent.model or self.config.model_name() for agent in self._agents() if agent.needs_model]
        return list(dict.fromkeys(named))

    async def _play(self) -> None:
        from agents.llm.model import ModelOptions
        from agents.recon.game import Limits, play_game

        config = self.config
        temperature = 1.0 if config.paper_protocol else None
        options = ModelOptions(temperature=temperature, seed=config.seed)
        self.state = "playing"
        playing = asyncio.ensure_future(
            play_game(self.run, config, self, limits=Limits(), options=options, ask_person=self._ask)
        )
        while not playing.done():
            await asyncio.wait([playing], timeout=_SECONDS_BETWEEN_LOOKS)
            if self._stop:
                playing.cancel()  # a model call may take minutes; what it has answered is in the journal
        await playing
