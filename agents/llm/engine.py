"""The embedded engine: llama.cpp's server inside this process, on loopback, behind a key that only this
process knows.

It speaks the OpenAI and the Anthropic protocol, so the clients are those of the hosted models. One engine
serves all who open the same model with the same settings, and ends with the last of them.
"""

import os
import secrets
import shutil
import tempfile
import threading
import urllib.request
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.errors import NimueError, NimueFailure
from agents.llm.gguf_header import read_gguf_header
from agents.llm.machine import physical_cores, this_machine

_LONGEST_ANSWER = 1024  # for callers that set no limit
_SILENT = -1  # llama.cpp writes to the process's own stdout and stderr, where `--json` output goes
_WAIT_POLICY = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "2000"}
_CHATML_TOOLS = Path(__file__).with_name("chatml_tools.jinja")
_SHARED_MEMORY = Path("/dev/shm")
_FOLDER_PREFIX = "nimue-engine-"
_ROOM_FOR_SNAPSHOTS = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """What an engine is started with."""

    path: Path
    slots: int
    """Calls that are answered at once; each slot has its own cache."""
    context: int
    """Tokens a slot can hold, prompt and answer together."""
    projector: Path | None = None
    """The vision half of a model with eyes."""


class Engine:
    """A running server.

    Attributes:
        url: Where it listens, without a path.
        key: What it wants as API key.
        snapshots: Folder in which it saves the cache of a slot when asked to.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.key = secrets.token_urlsafe(24)
        self.snapshots = _snapshot_folder()
        self._clean_up = weakref.finalize(self, shutil.rmtree, self.snapshots, ignore_errors=True)
        self._server: Any = _start(settings, self.key, self.snapshots)
        self.url: str = self._server.listening_address
        _await_first_answer(self.url, self.key)

    def stop(self) -> None:
        """End the server and free its memory."""
        self._server = None
        self._clean_up()


def _snapshot_folder() -> Path:
    """A folder in memory where there is enough of it, so that saved caches do not wear a disk out.

    Folders of processes that were killed are removed: they hold memory that nobody else will free.
    """
    in_memory = _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK)
    for left in _SHARED_MEMORY.glob(f"{_FOLDER_PREFIX}*-*") if in_memory else ():
        process = left.name.removeprefix(_FOLDER_PREFIX).partition("-")[0]
        if process.isdecimal() and left.stat().st_uid == os.getuid() and not _runs(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    parent = (
        _SHARED_MEMORY if in_memory and shutil.disk_usage(_SHARED_MEMORY).free > _ROOM_FOR_SNAPSHOTS else None
    )
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-", dir=parent))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _await_first_answer(url: str, key: str) -> None:
    """Wait until the server's own loop runs; a server that is ended before that hangs."""
    request = urllib.request.Request(f"{url}/slots", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60):
        pass


def _start(settings: EngineSettings, key: str, snapshots: Path) -> Any:
    xllamacpp = _import_patient_engine()
    params = xllamacpp.CommonParams()
    params.model.path = str(settings.path)
    if settings.projector is not None:
        params.mmproj.path = str(settings.projector)
    params.n_parallel = settings.slots
    params.n_ctx = settings.slots * settings.context
    threads = physical_cores()
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.verbosity = _SILENT
    params.ui = False
    own_template = read_gguf_header(settings.path).chat_template
    if "<|im_start|>" in own_template and "tools" not in own_template:
        params.chat_template = _CHATML_TOOLS.read_text(encoding="utf-8")
    if not this_machine().accelerator:
        # On a processor, flash attention slows writing after a long prompt: 11 to 15 tokens a second of the
        # 1.5B model after 2,300 tokens, 17 to 19 without it.
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.slot_save_path = f"{snapshots}{os.sep}"
    # The server's own cache of prompts picks slots by itself; ours are picked by lane (see lanes).
    params.cache_ram_mib = 0
    params.n_predict = _LONGEST_ANSWER
    params.cache_idle_slots = False
    _keep_from_looping(params.sampling)
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise NimueFailure(
            f"The embedded engine could not load {settings.path}{_with_eyes(settings)}: a file is damaged or "
            "of an unknown kind, the two do not belong together, or the memory is too small for "
            f"{settings.slots} slots of {settings.context} tokens."
        ) from error


def _with_eyes(settings: EngineSettings) -> str:
    return "" if settings.projector is None else f" with {settings.projector}"


def _import_patient_engine() -> Any:
    """Import llama.cpp so that its threads spin for a moment only while they wait for each other, then sleep.

    By default they spin long. Where other programs want the cores too, spinning threads keep the one they
    wait for from running: beside two busy processes on two cores the 1.5B model wrote 2 to 6 tokens a second
    spinning long, 8 after a moment's spin, 8 to 10 sleeping at once; on idle cores it wrote 20 to 22 with any
    spin, 13 to 15 without. The policy is read once, when the library loads; other libraries of this process
    keep theirs.
    """
    before = {name: os.environ.get(name) for name in _WAIT_POLICY}
    for name, value in _WAIT_POLICY.items():
        os.environ.setdefault(name, value)
    try:
        import xllamacpp
    except ImportError as error:
        raise NimueError(
            "The embedded engine is not installed: pip install xllamacpp. "
            "Or use a hosted model: --model anthropic:... or openai:..."
        ) from error
    finally:
        for name, given in before.items():
            if given is None:
                del os.environ[name]
    return xllamacpp


def _keep_from_looping(sampling: Any) -> None:
    """Defaults for callers that send no sampling settings.

    DRY penalises going on with a run of four or more tokens that stood before, in the answer or the prompt's
    end, so that a small model neither loops nor recites its task and the speaker before it. It is mild: with
    twice the weight from three tokens on, over 512 tokens, and a repeat penalty, the 1.5B model wrote
    "myback" for "my back", lost its apostrophes and broke off the drafts it was to improve.
    """
    sampling.temp = 0.7
    sampling.top_k = 64  # sorting the whole vocabulary for each token slows a small model down
    sampling.top_p = 1.0
    sampling.min_p = 0.05
    sampling.dry_multiplier = 0.4
    sampling.dry_base = 1.75
    sampling.dry_allowed_length = 4
    sampling.dry_penalty_last_n = 256


_lock = threading.Lock()
_running: dict[EngineSettings, tuple[Engine, int]] = {}


def open_engine(settings: EngineSettings) -> Engine:
    """The engine with these settings, started if it does not run; close it with `close_engine`.

    Raises:
        NimueError: The engine is not installed.
        NimueFailure: The model cannot be loaded.
    """
    with _lock:
        engine, users = _running.get(settings) or (Engine(settings), 0)
        _running[settings] = (engine, users + 1)
        return engine


def close_engine(engine: Engine) -> None:
    """Give an engine back; it stops when nobody uses it any more."""
    with _lock:
        _, users = _running.pop(engine.settings)
        if users > 1:
            _running[engine.settings] = (engine, users - 1)
            return
    engine.stop()
