"""Downloads: limits hold, redirects are checked, and no address leads to this machine or local networks."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import pytest

from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.limits import Limits
from backends.vision.pictures.web import download, is_public
from tests.backends.vision.pictures.drawn_files import drawn, saved

PNG = saved(drawn(), "PNG")
INSIDE = Limits(private_addresses=True, download_s=5)

Answer = Callable[[asyncio.StreamWriter, str, dict[str, str]], Awaitable[None]]
_one_context = cache(ssl.create_default_context)


@pytest.fixture(autouse=True)
def _certificates_are_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda *args, **kwargs: _one_context())


def answering(body: bytes = PNG, status: str = "200 OK", **headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter, path: str, sent: dict[str, str]) -> None:
        del path, sent
        lines = {"Content-Length": str(len(body)), "Connection": "close"}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)
        await writer.drain()

    return answer


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """A server on loopback; its address and the requests it gets."""
    requests: list[tuple[str, dict[str, str]]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            sent = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
            }
            requests.append((head[0].split()[1], sent))
            await answer(writer, head[0].split()[1], sent)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has seen enough
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests
    finally:
        server.close()
        await server.wait_closed()


async def test_a_picture_is_fetched_by_its_address() -> None:
    async with serving(answering()) as (address, requests):
        assert await download(f"{address}/a%20b.png?size=1#part", INSIDE) == PNG
    path, sent = requests[0]
    assert path == "/a%20b.png?size=1" and sent["host"] == address.removeprefix("http://")
    assert sent["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/a.png",
        "http://localhost/a.png",
        "http://127.1/a.png",
        "http://2130706433/a.png",
        "http://0x7f.0.0.1/a.png",
        "http://0/a.png",
        "http://10.1.2.3/a.png",
        "http://192.168.0.1/a.png",
        "http://172.16.0.1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/a.png",
        "http://[::1]/a.png",
        "http://[fd00::1]/a.png",
        "http://[fe80::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://[64:ff9b::7f00:1]/a.png",
        "http://[2002:7f00:1::]/a.png",
        "http://224.0.0.1/a.png",
    ],
)
async def test_addresses_of_this_machine_and_the_local_network_are_refused(address: str) -> None:
    with pytest.raises(PictureError, match="--allow-private"):
        await download(address, Limits(download_s=5))


async def test_a_name_is_refused_if_any_of_its_addresses_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    async def looked_up(self: Any, host: str, port: int, **more: Any) -> list[Any]:
        return [(2, 1, 6, "", (found, port)) for found in ("93.184.216.34", "10.0.0.5")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", looked_up)
    with pytest.raises(PictureError, match=r"pictures\.example is at 10\.0\.0\.5"):
        await download("http://pictures.example/a.png", Limits())


async def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes its address after the check gains nothing: it is looked up once."""
    asked = []

    async def looked_up(self: Any, host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    async with serving(answering()) as (address, requests):
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", looked_up)
        port = address.rpartition(":")[2]
        assert await download(f"http://pictures.example:{port}/a.png", INSIDE) == PNG
    assert asked.count("pictures.example") == 1
    assert requests[0][1]["host"] == f"pictures.example:{port}"


async def test_a_redirect_is_followed() -> None:
    async def answer(writer: asyncio.StreamWriter, path: str, sent: dict[str, str]) -> None:
        moved = answering(b"", "302 Found", Location="/b.png")
        await (moved if path == "/a.png" else answering())(writer, path, sent)

    async with serving(answer) as (address, requests):
        assert await download(f"{address}/a.png", INSIDE) == PNG
    assert [path for path, _ in requests] == ["/a.png", "/b.png"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("ftp://host/a.png", "no address that a picture can be fetched from"),
        ("file:///etc/passwd", "no address that a picture can be fetched from"),
        ("http://user:secret@127.0.0.1/", "holds a user name"),
    ],
)
async def test_a_redirect_to_elsewhere_is_refused(target: str, message: str) -> None:
    async with serving(answering(b"", "302 Found", Location=target)) as (address, _):
        with pytest.raises(PictureError, match=message):
            await download(f"{address}/a.png", INSIDE)


async def test_a_redirect_into_the_local_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backends.vision.pictures.web.is_public", lambda address: str(address) == "127.0.0.1")
    async with serving(answering(b"", "302 Found", Location="http://10.0.0.1/secret")) as (address, _):
        with pytest.raises(PictureError, match=r"10\.0\.0\.1 is at 10\.0\.0\.1"):
            await download(f"{address}/a.png", Limits(download_s=5))


async def test_redirects_in_a_circle_end() -> None:
    async with serving(answering(b"", "301 Moved", Location="/a.png")) as (address, requests):
        with pytest.raises(PictureError, match="redirects more than 5 times"):
            await download(f"{address}/a.png", INSIDE)
    assert len(requests) == 6


async def test_a_download_that_is_announced_as_too_large_is_not_begun() -> None:
    limits = Limits(private_addresses=True, max_download_bytes=1000)
    async with serving(answering(b"x" * 5000)) as (address, _):
        with pytest.raises(PictureError, match="larger than"):
            await download(f"{address}/a.png", limits)


async def test_a_download_that_grows_too_large_is_stopped() -> None:
    async def endless(writer: asyncio.StreamWriter, path: str, sent: dict[str, str]) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    limits = Limits(private_addresses=True, max_download_bytes=100_000, download_s=5)
    async with serving(endless) as (address, _):
        with pytest.raises(PictureError, match=r"larger than 0\.095"):
            await download(f"{address}/a.png", limits)


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    async def silent(writer: asyncio.StreamWriter, path: str, sent: dict[str, str]) -> None:
        await asyncio.sleep(0.2)

    async with serving(silent) as (address, _):
        with pytest.raises(PictureError, match=r"127\.0\.0\.1 took longer than 0.1 seconds"):
            await download(f"{address}/a.png", Limits(private_addresses=True, download_s=0.1))


async def test_packed_answers_are_refused() -> None:
    async with serving(answering(b"x", Content_Encoding="gzip")) as (address, _):
        with pytest.raises(PictureError, match="packed as gzip"):
            await download(f"{address}/a.png", INSIDE)


async def test_an_error_of_the_server_is_said() -> None:
    async with serving(answering(b"", "404 Not Found")) as (address, _):
        with pytest.raises(PictureError, match=r"127\.0\.0\.1 answered 404 Not Found\."):
            await download(f"{address}/a.png", INSIDE)


async def test_a_host_that_refuses_the_connection_is_said() -> None:
    async with serving(answering()) as (address, _):
        pass
    with pytest.raises(PictureError, match=r"127\.0\.0\.1 could not be reached"):
        await download(f"{address}/a.png", INSIDE)


@pytest.mark.parametrize(
    "address", ["http://", "http:///a.png", "https://[::1", "http://a:99999/", "http://a:0/"]
)
async def test_broken_addresses_are_refused(address: str) -> None:
    with pytest.raises(PictureError, match="no address that a picture can be fetched from"):
        await download(address, INSIDE)


def test_ordinary_addresses_are_public() -> None:
    for address in ("93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"):
        assert is_public(ipaddress.ip_address(address))
