"""How much may be fetched and unpacked for one picture."""

from dataclasses import dataclass

from backends.vision.llava_uhd.profiles import MAX_PIXELS


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Limits that hold before anything large is held in memory."""

    max_pixels: int = MAX_PIXELS
    max_file_bytes: int = 512 * 1024 * 1024
    max_download_bytes: int = 20 * 1024 * 1024
    download_s: float = 15.0
    """For a whole download, redirects and name lookups included."""
    private_addresses: bool = False
    """Whether addresses of this machine and of the local network may be fetched."""


USUAL = Limits()
