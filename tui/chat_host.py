"""Holds a conversation with the assistant in a thread and an event loop of its own.

Loading an engine, a graph's step or a job's start never hold up the screen. What happens is handed over in
batches: the screen takes what has come since it last looked. The thread dies with the app; a turn that was
under way can be continued from its last checkpoint.
"""

import asyncio
import contextlib
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Literal

from agents.errors import NimueError
from agents.runs.folder import RunFolder
from tui.attachments import Attachment, question_with
from tui.settings import Settings

if TYPE_CHECKING:
    from agents.assistant.events import Event
    from agents.assistant.session import AssistantSession
    from agents.assistant.settings import AssistantSettings

OpenChat = Callable[..., AbstractAsyncContextManager["AssistantSession"]]
"""`open_assistant`, or what stands for it in a test."""
State = Literal["opening", "ready", "working", "closed", "failed"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation is open: this is what was said before."""

    history: "tuple[Event, ...]"


@dataclass(frozen=True, slots=True)
class _Wish:
    """Something to ask; without a text the turn that was cut short goes on."""

    text: str | None
    pictures: tuple[Attachment, ...] = ()


class ChatHost:
    """One conversation. Every attribute may be read from the screen's thread at any time."""

    def __init__(self, run: RunFolder | None, settings: Settings, open_chat: OpenChat | None = None) -> None:
        """Go on with the conversation of a run, or begin a new one as the settings say."""
        self.run = run
        self.model = ""
        self.state: State = "opening"
        self.problem = ""
        self._settings = settings
        self._open_chat = open_chat
        self._fresh: deque[Event | Opened] = deque()
        self._early: list[_Wish | None] = []
        self._wishes: asyncio.Queue[_Wish | None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: AssistantSession | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="chat", daemon=True)

    # -- the screen's side ---------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    @property
    def at_work(self) -> bool:
        """Whether a turn is under way or about to begin."""
        return self.state == "working" or (self.state == "opening" and bool(self._early))

    @property
    def may_go_on(self) -> bool:
        """Whether a command could finish the turn alone; a question to the person would be refused there."""
        return self.run is not None

    @property
    def resume_words(self) -> list[str]:
        """The command that would go on with the turn."""
        assert self.run is not None, "only a conversation that may go on is handed over"
        return ["nimue", "ask", "--resume", str(self.run.path.absolute())]

    def ask(self, text: str, pictures: Sequence[Attachment] = ()) -> None:
        """Say something."""
        self._wish(_Wish(text, tuple(pictures)))

    def resume(self) -> None:
        """Go on with the turn that was cut short."""
        self._wish(_Wish(None))

    def decide(self, call: str, *, allowed: bool, note: str = "", always: bool = False) -> None:
        """Answer a question; one that is not waited for any more is passed over."""
        session = self._session
        if session is not None and self._loop is not None:
            answer = partial(session.decide, call, allowed=allowed, note=note, always=always)
            self._loop.call_soon_threadsafe(_unless_late, answer)

    def stop(self) -> None:
        """Stop the turn; what was said and done is kept."""
        loop, session = self._loop, self._session
        if loop is not None and session is not None and not loop.is_closed():
            loop.call_soon_threadsafe(lambda: self._keep(loop.create_task(session.stop())))

    def close(self) -> None:
        """Stop the turn and leave the conversation."""
        self.stop()
        self._put(None)

    def join(self, timeout: float) -> None:
        """Leave the conversation, and wait until the thread has ended, or so long."""
        self.close()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def take(self) -> "list[Event | Opened]":
        """What has happened since the last call."""
        found: list[Event | Opened] = []
        while self._fresh:
            found.append(self._fresh.popleft())
        return found

    # -- the thread's side -----------------------------------------------------------------------------

    def _wish(self, wish: _Wish) -> None:
        if self.state == "ready":
            self.state = "working"
        self._put(wish)

    def _put(self, wish: _Wish | None) -> None:
        with self._lock:
            if self._loop is None or self._wishes is None:
                self._early.append(wish)
            elif not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._wishes.put_nowait, wish)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._stopping = task  # the loop itself keeps only a weak reference

    def _work(self) -> None:
        try:
            asyncio.run(self._converse())
            self.state = "closed"
        except NimueError as error:
            self.problem, self.state = str(error), "failed"
        finally:
            if self.state not in ("closed", "failed"):  # a bug: the traceback goes to the thread's own hook
                self.problem, self.state = "the conversation broke off; it is kept", "failed"

    async def _converse(self) -> None:
        from agents.llm.model import ModelOptions

        _let_processes_begin()
        run, settings = self._prepare()
        self.run, self.model = run, settings.model
        first = next((wish.text for wish in self._early if wish is not None and wish.text), "")
        options = ModelOptions(seed=settings.seed, temperature=settings.temperature)
        async with self._opener()(
            run, settings, limits=_limits(), options=options, question=first
        ) as session:
            wishes: asyncio.Queue[_Wish | None] = asyncio.Queue()
            self._session = session
            self._fresh.append(Opened(session.history))
            with self._lock:
                for wish in self._early:
                    wishes.put_nowait(wish)
                self.state = "working" if self._early else "ready"
                self._wishes, self._loop = wishes, asyncio.get_running_loop()
            while (wanted := await wishes.get()) is not None:
                await self._turn(session, run, wanted)
                self.state = "ready" if wishes.empty() else "working"

    async def _turn(self, session: "AssistantSession", run: RunFolder, wish: _Wish) -> None:
        self.problem = ""
        try:
            if wish.text is None:
                events = session.resume()
            else:
                events = session.ask(question_with(wish.text, wish.pictures, run))
            async for event in events:
                self._fresh.append(event)
        except NimueError as error:
            self.problem = str(error)

    def _prepare(self) -> "tuple[RunFolder, AssistantSettings]":
        import os

        from agents.assistant.settings import RUN_KIND, AssistantSettings
        from agents.cli.local_files import ensure_local_model
        from agents.llm.resolve import resolve_model
        from agents.runs.folder import create_run

        asked = self._settings
        if self.run is not None:
            settings = AssistantSettings(**self.run.asked())
            resolve_model(settings.model, os.environ)
            ensure_local_model(settings.model_name(), quiet=True)
            return self.run, settings
        model = resolve_model(asked.model, os.environ).model
        settings = AssistantSettings(model=str(model), memory=asked.memory, runs=asked.runs)
        ensure_local_model(settings.model_name(), quiet=True)
        return create_run(asked.runs_folder(), RUN_KIND, settings.model_dump(mode="json")), settings

    def _opener(self) -> OpenChat:
        if self._open_chat is not None:
            return self._open_chat
        from agents.assistant.opening import open_assistant

        return open_assistant


def _let_processes_begin() -> None:
    """Begin what multiprocessing wants before its first process, which a tool may start.

    It hands on the file behind `sys.stderr`, and Textual's stand-in for that has none.
    """
    with contextlib.redirect_stderr(sys.__stderr__):
        resource_tracker.ensure_running()


def _limits() -> Any:
    from agents.assistant.session import Limits

    return Limits()


def _unless_late(answer: Callable[[], None]) -> None:
    """The turn may have ended between the question and the answer."""
    with contextlib.suppress(NimueError):
        answer()
