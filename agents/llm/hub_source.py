"""Fetches model files from the Hugging Face hub, continuing where an interrupted download stopped.

`HF_ENDPOINT` names a mirror and `HF_TOKEN` a token, as for the hub's own tools.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agents.errors import NimueFailure
from agents.llm.catalogue import HubFile
from agents.llm.wheel_source import OnBytes

if TYPE_CHECKING:
    from httpx2 import Client

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Remote:
    address: str
    size: int
    sha256: str | None
    """Stated for large files; small ones only have a git digest."""


def fetch_from_hub(
    source: HubFile, folder: Path, on_bytes: OnBytes, environ: Mapping[str, str] = os.environ
) -> tuple[Path, str | None]:
    """Download a file into the folder.

    Returns:
        The file, not yet checked, and the SHA-256 that the hub states for it.

    Raises:
        NimueFailure: The hub cannot be reached, has no such file, or broke off.
    """
    import httpx2

    endpoint = environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    headers = {"Authorization": f"Bearer {environ['HF_TOKEN']}"} if environ.get("HF_TOKEN") else {}
    address = f"{endpoint}/{source.repository}/resolve/main/{source.file}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with httpx2.Client(headers=headers, timeout=60) as client:
            remote = _look_up(client, address)
            part = folder / f"{remote.sha256 or 'unnamed'}-{Path(source.file).name}"
            _continue_download(client, remote, part, on_bytes)
    except httpx2.HTTPError as error:
        raise NimueFailure(
            f"The hub did not deliver {source.repository}/{source.file}: {error!r}. What has arrived is "
            "kept: run the same command again to go on. HF_ENDPOINT names a mirror."
        ) from error
    return part, remote.sha256


def _look_up(client: "Client", address: str) -> _Remote:
    """Ask for the digest, which stands on the answer that redirects to the storage, not on the file."""
    answer = client.head(address, headers={"Accept-Encoding": "identity"})
    if answer.status_code in (401, 403, 404):
        raise NimueFailure(
            f"The hub has no file at {address} for us ({answer.status_code}). "
            "If the model is gated, accept its terms there and set HF_TOKEN."
        )
    if not answer.is_redirect:
        answer.raise_for_status()
    digest = (answer.headers.get("X-Linked-Etag") or answer.headers.get("ETag") or "").strip('W/"')
    size = answer.headers.get("X-Linked-Size") or answer.headers.get("Content-Length") or "0"
    return _Remote(address, int(size), digest if _SHA256.fullmatch(digest) else None)


def _continue_download(client: "Client", remote: _Remote, part: Path, on_bytes: OnBytes) -> None:
    present = part.stat().st_size if part.exists() and remote.sha256 else 0
    if present and present >= remote.size:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={present}-"} if present else {})
    with client.stream("GET", remote.address, headers=headers, follow_redirects=True) as answer:
        answer.raise_for_status()
        if answer.status_code != 206:
            present = 0
        with part.open("ab" if present else "wb") as file:
            for piece in answer.iter_raw():
                file.write(piece)
                present += len(piece)
                on_bytes(present, max(present, remote.size))
    if remote.size and present != remote.size:
        raise NimueFailure(
            f"{remote.address} broke off after {present} of {remote.size} bytes: run the command again."
        )
