"""Downloads a picture without letting its address reach where the person did not mean to go.

Every host is looked up once, all of its addresses must be public, and the connection goes to an address
that was checked, so that a name cannot mean one machine when checked and another when used. Redirects are
followed by hand, each under the same rule. Proxies are not used: behind one, names are looked up elsewhere.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.limits import Limits

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64: the last 32 bits are the IPv4 address meant
_BY_BROWSER = "Download the picture with a browser and give its path."

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


async def download(address: str, limits: Limits) -> bytes:
    """Fetch what an http(s) address holds.

    Raises `PictureError`.
    """
    try:
        async with asyncio.timeout(limits.download_s):
            return await _followed(address, limits)
    except TimeoutError:
        raise PictureError(
            f"{_split(address).hostname} took longer than {limits.download_s:g} seconds. {_BY_BROWSER}"
        ) from None


async def _followed(address: str, limits: Limits) -> bytes:
    async with httpx.AsyncClient(
        trust_env=False, follow_redirects=False, timeout=limits.download_s
    ) as client:
        for _ in range(_MOST_REDIRECTS + 1):
            parts = _split(address)
            try:
                answer = await _answer(client, parts, limits)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                said = str(error) or type(error).__name__
                raise PictureError(f"{parts.hostname} could not be reached: {said}. {_BY_BROWSER}") from None
            if isinstance(answer, bytes):
                return answer
            target = urljoin(address, answer)
            if parts.scheme == "https" and urlsplit(target).scheme == "http":
                raise PictureError(f"{parts.hostname} redirects from https to unprotected http; refused.")
            address = target
    raise PictureError(
        f"{_split(address).hostname} redirects more than {_MOST_REDIRECTS} times. {_BY_BROWSER}"
    )


async def _answer(client: httpx.AsyncClient, parts: SplitResult, limits: Limits) -> bytes | str:
    """The body, or where a redirect leads."""
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    checked = await _checked_address(host, port, limits)
    shown = f"[{checked}]" if checked.version == 6 else str(checked)
    url = httpx.URL(parts._replace(netloc=f"{shown}:{port}", fragment="").geturl())
    headers = {
        "Host": parts.netloc,
        "Accept": "image/*, application/pdf;q=0.9, */*;q=0.1",
        "Accept-Encoding": "identity",
        "User-Agent": "nimue",
    }
    # The certificate is checked for the name, though the connection goes to the number.
    async with client.stream("GET", url, headers=headers, extensions={"sni_hostname": host}) as response:
        if response.status_code in _REDIRECTS and "location" in response.headers:
            return response.headers["location"]
        if response.status_code != 200:
            raise PictureError(
                f"{host} answered {response.status_code} {response.reason_phrase}.".replace(" .", ".")
            )
        return await _body(response, host, limits)


async def _body(response: httpx.Response, host: str, limits: Limits) -> bytes:
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise PictureError(f"{host} sent the picture packed as {encoding}, unasked. {_BY_BROWSER}")
    most = limits.max_download_bytes
    too_large = PictureError(f"The picture at {host} is larger than {most / 2**20:g} MB. {_BY_BROWSER}")
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise too_large
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > most:
            raise too_large
    return bytes(data)


def _split(address: str) -> SplitResult:
    """Take an address apart.

    Raises `PictureError` for one that is not an http(s) address of a host.
    """
    try:
        parts = urlsplit(address)
        named = parts.hostname is not None and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.scheme not in _PORTS:
        raise PictureError(f"{address[:200]!r} is no address that a picture can be fetched from.")
    if parts.username is not None:
        raise PictureError("The address holds a user name; such pictures are not fetched. " + _BY_BROWSER)
    return parts


async def _checked_address(host: str, port: int, limits: Limits) -> Address:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PictureError(f"There is no host {host}: check the spelling and the network.") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    inside = [address for address in addresses if not is_public(address)]
    if inside and not limits.private_addresses:
        raise PictureError(
            f"{host} is at {inside[0]}, on this machine or a local network, where pictures are not fetched "
            "from unless allowed: --allow-private."
        )
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet at large, also where it wraps another one."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _TRANSLATED:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped:
            return is_public(wrapped)
    return address.is_global and not address.is_multicast and not address.is_reserved
