"""The MCP server, spoken to by the official client: in memory, over HTTP, and as a process of its own."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from mcp import Client, MCPError, StdioServerParameters, stdio_client

from agents.tools.mcp_server import build_server, progress_words
from agents.tools.tool import Advance
from agents.tools.workbench import open_workbench
from backends.lab.registry import PACKAGES_SETTING, systems
from tests.agents.assistant.conversations import workplace

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)


@asynccontextmanager
async def connected(folder: Path) -> AsyncIterator[Client]:
    place = workplace(folder, most_effort="minutes")
    with open_workbench(place, None) as toolbox:
        async with Client(build_server(toolbox, place.runs)) as client:
            yield client


async def test_tools_are_listed_with_schemas_and_what_they_change(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert {"find_job", "describe_job", "run_job", "job_status", "avalon_play"} <= set(listed)
    assert listed["run_job"].input_schema["required"] == ["system", "job"]
    assert listed["find_job"].annotations is not None and listed["find_job"].annotations.read_only_hint
    assert listed["run_job"].annotations is not None and not listed["run_job"].annotations.read_only_hint


async def test_a_job_is_found_and_run_and_its_progress_told(tmp_path: Path) -> None:
    told: list[tuple[float, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with connected(tmp_path) as client:
        found = await client.call_tool("find_job", {"words": "fit a line"})
        assert found.structured_content["jobs"][0]["system"] == "toy.line_fit"
        ran = await client.call_tool(
            "run_job",
            {"system": "toy.line_fit", "job": "train", "params": {"steps": 40, "pause": 0.01}},
            progress_callback=on_progress,
        )
    assert not ran.is_error and ran.structured_content["state"] == "finished"
    assert json.loads(ran.content[0].text) == ran.structured_content  # type: ignore[union-attr]
    assert [number for number, _ in told] == sorted({number for number, _ in told}) and told


async def test_mistakes_are_results_with_a_hint_and_not_protocol_errors(tmp_path: Path) -> None:
    async with connected(tmp_path) as client:
        unknown = await client.call_tool("find_jbo", {})
        wrong = await client.call_tool("run_job", {"system": "toy.line_fit"})
        outside = await client.call_tool(
            "run_job",
            {"system": "vision.efficient_train", "job": "predict", "params": {"weights": "/etc/passwd"}},
        )
    assert unknown.is_error and unknown.structured_content["hint"] == "Did you mean find_job?"
    assert wrong.is_error and "job" in wrong.structured_content["message"]
    assert outside.is_error and outside.structured_content["error"] == "refused"
    assert not (tmp_path / "runs").exists()


async def test_systems_and_files_of_runs_can_be_read_and_nothing_else(tmp_path: Path) -> None:
    made = tmp_path / "runs" / "lab-1" / "artifacts"
    made.mkdir(parents=True)
    (made / "curve.png").write_bytes(b"picture")
    (made / "notes.txt").write_text("not an artifact's type")
    (made.parent / "run.json").write_text("{}")
    (tmp_path / "secret.json").write_text("{}")
    (made / "link.json").symlink_to(tmp_path / "secret.json")
    async with connected(tmp_path) as client:
        resources = (await client.list_resources()).resources
        assert [one.name for one in resources] == [system.id for system in systems()]
        card = (await client.read_resource("nimue://systems/toy.line_fit")).contents[0]
        assert json.loads(card.text)["title"] == "Line fit"  # type: ignore[union-attr]
        picture = (await client.read_resource("nimue://runs/lab-1/curve.png")).contents[0]
        assert base64.b64decode(picture.blob) == b"picture"  # type: ignore[union-attr]
        assert picture.mime_type == "image/png"
        for wrong in (
            "runs/lab-1/../run.json",
            "runs/../secret.json",
            "runs/lab-1/link.json",
            "runs/lab-1/notes.txt",
            "runs/lab-1//etc/hostname",
            "runs/lab-2/curve.png",
            "systems/toy.none",
            "secrets",
        ):
            with pytest.raises(MCPError):
                await client.read_resource(f"nimue://{wrong}")


def test_progress_is_told_in_words() -> None:
    assert progress_words(Advance(text="arm 2", done=3, total=9, values={"loss": 0.25})) == (
        "arm 2, 3 of 9, loss 0.25"
    )
    assert progress_words(Advance()) == ""


async def test_as_a_process_it_speaks_over_standard_input_and_jobs_do_not_disturb_it(tmp_path: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from agents.cli.nimue import main; main()", "serve", "--jobs", "toy.line_fit"],
        env={**os.environ},
        cwd=str(tmp_path),
    )
    async with asyncio.timeout(120), Client(stdio_client(command)) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert {"toy_line_fit_train", "see", "find_job"} <= set(names)
        ran = await client.call_tool("toy_line_fit_train", {"steps": 3})
        assert ran.structured_content["state"] == "finished"
        played = await client.call_tool(
            "avalon_play", {"players": 5, "good": "naive", "evil": "naive", "seed": 1}
        )
        assert played.structured_content["winner"] in ("good", "evil")


async def test_over_http_it_listens_on_loopback_and_refuses_pages_of_other_sites(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from agents.cli.nimue import main; main()", "serve", "--http", "0",
        stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        async with asyncio.timeout(120):
            address = (await process.stderr.readline()).decode().strip()
            assert address.startswith("http://127.0.0.1:")
            async with Client(address) as client:
                rules = await client.call_tool("avalon_rules", {"players": 5})
                assert not rules.is_error and "5" in rules.structured_content["rules"]
            async with httpx.AsyncClient(trust_env=False) as page:
                body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
                accepted = {"accept": "application/json, text/event-stream"}
                for header in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
                    answer = await page.post(address, json=body, headers={**accepted, **header})
                    assert answer.status_code in (403, 421), header
    finally:
        process.terminate()
        await process.wait()
