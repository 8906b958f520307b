"""Chat: a conversation with the assistant and its tools."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from agents.assistant.events import Asked, from_json
from agents.cli.table_text import plain
from agents.errors import NimueError, NimueFailure
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder
from tui.attachments import Attachment, attach, named_pictures
from tui.chat_host import ChatHost, OpenChat, Opened
from tui.chat_view import Block, ChatView, ShownPicture, Speech
from tui.drawn_pictures import draw
from tui.expel_panels import clock
from tui.messages import Copy
from tui.screens.ask_line import AskLineScreen
from tui.screens.place_screen import PlaceScreen
from tui.widgets.approval_box import ApprovalBox
from tui.widgets.line_log import LineLog
from tui.widgets.prompt import Prompt

FRAMES_A_SECOND = 15
PICTURE_COLUMNS, PICTURE_ROWS = 40, 12
HELLO = (
    "Ask in words; it finds the tools and uses them: jobs of the laboratory, the memory of earlier work, "
    "pictures, Avalon.",
    "Before anything that takes long or costs money it asks you. Attach a picture with Ctrl+O, or paste its "
    "path.",
    "",
    "Which jobs here train an image classifier?",
    "Let six bots play Avalon and tell me who won.",
)


class ChatPlace(PlaceScreen):
    """The conversation above, where one writes below; a question to the person between them."""

    PLACE = "chat"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+x", "stop", "Stop", priority=True),
        Binding("ctrl+r", "resume", "Go on"),
        Binding("ctrl+o", "attach", "Picture"),
        Binding("ctrl+t", "fold", "Unfold"),
        Binding("ctrl+n", "new", "New"),
        Binding("escape", "read", "Read", show=False),
        Binding("i", "write", "Write", show=False),
        Binding("v", "view", "View the latest picture", show=False),
        Binding("c", "copy", "Copy the answer", show=False),
    ]
    OPEN_CHAT: ClassVar[OpenChat | None] = None
    """What opens a conversation; None is the assistant itself."""

    def __init__(self) -> None:
        super().__init__()
        self._view = ChatView()
        self._run: RunFolder | None = None
        self._host: ChatHost | None = None
        self._pictures: list[Attachment] = []
        self._owners: list[Block] = []
        self._began = 0.0
        self._problem = ""
        self._told = ("", "")
        self._keys_shown: tuple[bool, ...] = ()

    def body(self) -> Iterator[Widget]:
        yield Static("", id="chat-title", classes="title")
        yield LineLog(id="chat-log")
        yield Vertical(id="chat-question")
        yield Static("", id="chat-attached")
        yield Prompt(id="prompt")

    def on_mount(self) -> None:
        self.query_one(Prompt).focus()
        self._show()
        self.set_interval(1 / FRAMES_A_SECOND, self._look)

    # -- following -----------------------------------------------------------------------------------

    def _look(self) -> None:
        """Take what has come since the last frame, and show it at once."""
        if not self.is_whole:
            return
        fresh = self._host.take() if self._host is not None else []
        for event in fresh:
            if isinstance(event, Opened):
                self._run = self._host.run if self._host is not None else None
                self._view = ChatView()
                for earlier in event.history:
                    self._view.take(earlier)
                self._draw_pictures()
            else:
                self._view.take(event)
                if isinstance(event, Asked):
                    self._draw_pictures()
        if fresh:
            self._show()
        self._show_title()

    def open_conversation(self, path: Path) -> None:
        """Show the conversation of a run; it is opened when one says something."""
        if not self._leave_host():
            return
        self._run, self._view, self._problem = RunFolder(path), ChatView(), ""
        try:
            for line in read_events(self._run.events):
                event = from_json(line.kind, line.data)
                if event is not None:
                    self._view.take(event)
        except (NimueFailure, TypeError, KeyError) as error:
            self._problem = f"The conversation cannot be read: {error}"
        self._view.waits_for = None
        self._draw_pictures()
        self._show()

    @work(thread=True, exclusive=True, group="pictures")
    def _draw_pictures(self) -> None:
        """Draw the pictures that questions name, where they are still there."""
        for block in list(self._view.blocks):
            if isinstance(block, Speech) and block.mine and not block.pictures:
                for path in named_pictures(block.text):
                    try:
                        image = attach(str(path)).image
                    except NimueError:
                        continue  # it was moved or deleted since; its name still stands there
                    drawn = draw(image, PICTURE_COLUMNS, PICTURE_ROWS, self.nimue.pictures)
                    self.app.call_from_thread(self._show_picture, block, ShownPicture(path, drawn.lines))

    def _show_picture(self, block: Speech, picture: ShownPicture) -> None:
        block.pictures.append(picture)
        block.changed()
        if self.is_whole:
            self._show()

    # -- showing -------------------------------------------------------------------------------------

    def _show(self, *, stays: bool = False) -> None:
        log = self.query_one(LineLog)
        if self._view.blocks:
            lines, self._owners = self._view.lines(log.columns)
        else:
            lines, self._owners = [Text(f"  {line}", style="dim") for line in self._hello(log.columns)], []
        log.show(lines, stays=stays)
        self._show_question()
        self._show_title()

    def _hello(self, width: int) -> list[str]:
        return [
            line.plain
            for one in HELLO
            for line in Text(one).wrap(self.app.console, max(width - 2, 1)) or [Text()]
        ]

    def on_line_log_resized(self, message: LineLog.Resized) -> None:
        if self.is_whole:
            self._show()

    def _show_title(self) -> None:
        host, view = self._host, self._view
        name = (
            host.model
            if host is not None and host.model
            else self.nimue.settings.model or "the best model here"
        )
        state = self._state()
        if view.cost is not None:
            cost = "cost unknown" if view.cost.cost is None else f"${view.cost.cost:.4f}"
            tokens = view.cost.input_tokens + view.cost.output_tokens
            used = f"{view.cost.calls} calls, {tokens:,} tokens, {cost}"
        else:
            used = ""
        problem = self._problem or (host.problem if host is not None else "")
        self._show_keys()
        told = (f"{state} {used} {problem}", name)
        if told == self._told:
            return
        self._told = told
        line = Text.assemble((f" {plain(name)} ", "bold"), f" {state}", (f"  {used}" if used else "", "dim"))
        title = self.query_one("#chat-title", Static)
        if problem:
            line.append(f"\n ! {plain(problem)}", style="bold red")
        title.set_class(bool(problem), "-problem")
        title.update(line)

    def _show_keys(self) -> None:
        """Make the footer anew where other keys work now, and only there: it takes long."""
        keys = tuple(bool(self.check_action(name, ())) for name in ("stop", "resume", "new", "fold"))
        if keys != self._keys_shown:
            self._keys_shown = keys
            self.refresh_bindings()

    def _state(self) -> str:
        host = self._host
        if host is not None and host.state == "opening":
            return "▸ opening ..."
        if self._view.waits_for is not None:
            return "‖ asks you"
        if host is not None and host.at_work:
            return f"▸ at work {clock(time.monotonic() - self._began)}"
        if self._view.is_unfinished:
            return "■ stopped"
        return ""

    def _show_question(self) -> None:
        place = self.query_one("#chat-question")
        asked = self._view.waits_for
        boxes = list(self.query(ApprovalBox))
        if asked is not None and not any(box.asked.call == asked.call for box in boxes):
            place.remove_children()
            place.mount(ApprovalBox(asked, takes_keys=not self.query_one(Prompt).text))
        elif asked is None and boxes:
            place.remove_children()
            self.query_one(Prompt).focus()

    def _show_attached(self) -> None:
        line = self.query_one("#chat-attached", Static)
        names = [
            f"{plain(picture.name)} ({picture.image.width} x {picture.image.height})"
            for picture in self._pictures
        ]
        line.update(Content(f" With {', '.join(names)}" if names else ""))
        line.display = bool(names)

    # -- doing ---------------------------------------------------------------------------------------

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        text = message.text.strip()
        waits = self._view.waits_for
        if waits is not None and self._host is not None:
            if text:
                self._host.decide(waits.call, allowed=False, note=text)
                self.query_one(Prompt).clear()
            return
        if not text and not self._pictures:
            return
        if self._host is not None and self._host.at_work:
            self.notify("It is still at work: wait, or stop it with Ctrl+X.", markup=False)
            return
        self._open_host().ask(text or "What is in this picture?", self._pictures)
        self._pictures = []
        self._began = time.monotonic()
        self.query_one(Prompt).clear()
        self._show_attached()
        self._show_title()

    def on_approval_box_decided(self, message: ApprovalBox.Decided) -> None:
        if self._host is not None:
            self._host.decide(message.call, allowed=message.allowed, always=message.always)

    def on_prompt_picture_pasted(self, message: Prompt.PicturePasted) -> None:
        self._take_picture(message.text)

    @work(exclusive=True, group="ask-path")
    async def action_attach(self) -> None:
        path = await self.app.push_screen_wait(AskLineScreen("Path of a picture:", completes_paths=True))
        if path:
            self._take_picture(path)

    @work(thread=True, group="attach")
    def _take_picture(self, text: str) -> None:
        try:
            picture = attach(text)
        except NimueError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error", timeout=10, markup=False)
            return
        self._pictures.append(picture)
        self.app.call_from_thread(self._show_attached)

    def action_stop(self) -> None:
        if self._host is not None:
            self._host.stop()

    def action_resume(self) -> None:
        self._began = time.monotonic()
        self._open_host().resume()

    def action_fold(self) -> None:
        self._view.fold_all()
        self._show(stays=True)

    def on_line_log_clicked(self, message: LineLog.Clicked) -> None:
        if message.line >= len(self._owners):
            return
        block = self._owners[message.line]
        num_after = sum(one is block for one in self._owners[message.line + 1 :])
        picture = block.picture_before(num_after) if isinstance(block, Speech) else None
        if picture is not None:
            self._open_picture(picture)
        else:
            self._view.fold(block)
            self._show(stays=True)

    def action_view(self) -> None:
        """Show the latest picture as large as it may be."""
        self._open_picture(self._view.pictures[-1])

    def _open_picture(self, picture: ShownPicture) -> None:
        from tui.screens.picture import PictureScreen

        self.app.push_screen(PictureScreen(picture.file, picture.file.name, self.nimue.pictures))

    def action_new(self) -> None:
        """Leave this conversation, which is kept among the runs, for a new one."""
        if self._leave_host():
            self._run, self._view, self._problem = None, ChatView(), ""
            self._show()
            self.query_one(Prompt).focus()

    def action_read(self) -> None:
        self.query_one(LineLog).focus()

    def action_write(self) -> None:
        self.query_one(Prompt).focus()

    def action_copy(self) -> None:
        if self._view.answer:
            self.post_message(Copy(self._view.answer, "the answer"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        at_work = self._host is not None and self._host.at_work
        match action:
            case "stop":
                return at_work
            case "resume":
                return self._run is not None and self._view.is_unfinished and not at_work
            case "new":
                return bool(self._view.blocks) and not at_work
            case "view":
                return bool(self._view.pictures)
            case "fold":
                return any(block.folded is not None for block in self._view.blocks)
            case _:
                return True

    def _open_host(self) -> ChatHost:
        if self._host is None or self._host.state in ("closed", "failed"):
            self._problem = ""
            self._host = ChatHost(self._run, self.nimue.settings, self.OPEN_CHAT)
            self.nimue.begin(self._host)
        return self._host

    def attach(self, host: ChatHost) -> None:
        """Show what happens in a conversation that is already open."""
        self._host, self._began = host, time.monotonic()

    def _leave_host(self) -> bool:
        """Close the open conversation; not while a turn is under way."""
        if self._host is not None and self._host.at_work:
            self.notify("It is still at work: wait, or stop it with Ctrl+X first.", markup=False)
            return False
        if self._host is not None:
            self._host.close()
            self._host = None
        return True
