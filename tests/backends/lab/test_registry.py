"""Systems are found by looking: a folder with a spec is all it takes, and nothing heavy is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backends.lab.errors import LabError, LabFailure
from backends.lab.registry import PACKAGES_SETTING, find_job, find_system, resolve, systems

ROOT = Path(__file__).parents[3]
HEAVY = ("torch", "transformers", "timm", "torchvision", "accelerate", "chromadb", "numpy", "scipy")

MOST_SECONDS, MOST_LISTINGS = 0.3, 8

LISTING = """
import sys, time
begin = time.process_time()
from backends.lab.registry import systems
found = systems()
taken = time.process_time() - begin
print(len(found), taken, *(name for name in sys.argv[1:] if name in sys.modules))
"""


@pytest.mark.usefixtures("_shelf")
def test_a_system_is_added_by_one_folder() -> None:
    assert {"toy.line_fit", "toy.tiny_net"} <= {system.id for system in systems()}


def test_without_the_setting_the_shelf_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PACKAGES_SETTING, raising=False)
    assert not any(system.family == "toy" for system in systems())


def test_systems_are_sorted_and_their_ids_are_family_and_folder() -> None:
    ids = [system.id for system in systems()]
    assert ids == sorted(ids)
    assert "vision.efficient_train" in ids


def test_listing_all_systems_is_quick_and_imports_nothing_heavy() -> None:
    environment = {**os.environ, PACKAGES_SETTING: "tests.backends.lab.shelf", "PYTHONPATH": str(ROOT)}
    # Processor time, for the clock on the wall measures the neighbours, too; and the best of some, for the
    # first compiles what it imports and neighbours empty the processor's caches.
    for _ in range(MOST_LISTINGS):
        told = subprocess.run(
            [sys.executable, "-c", LISTING, *HEAVY],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        count, seconds, *heavy = told.stdout.split()
        assert int(count) >= 3
        assert heavy == []
        if float(seconds) < MOST_SECONDS:
            return
    pytest.fail(f"{MOST_LISTINGS} listings all took over {MOST_SECONDS} s, the last {seconds} s")


@pytest.mark.parametrize(
    ("text", "why"), [("SYSTEM = ", "SyntaxError"), ("", "AttributeError"), ("1 / 0", "ZeroDivisionError")]
)
def test_a_broken_spec_is_named(text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = f"shelf_with_{why.lower()}"
    folder = tmp_path / package / "toy" / "broken"
    folder.mkdir(parents=True)
    (folder / "spec.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(PACKAGES_SETTING, package)
    with pytest.raises(LabError, match=rf"^{package}/toy/broken/spec\.py declares no system: {why}"):
        systems()


def test_an_unknown_system_is_answered_with_the_nearest() -> None:
    with pytest.raises(LabError, match=r"did you mean vision\.efficient_train\b"):
        find_system("vision.eficient_train")


@pytest.mark.usefixtures("_shelf")
def test_an_unknown_job_is_answered_with_the_systems_jobs() -> None:
    with pytest.raises(LabError, match="it has train, fail"):
        find_job(find_system("toy.line_fit"), "fit")


def test_a_setting_that_names_no_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "no.such.package")
    with pytest.raises(LabError, match=r"NIMUE_SYSTEMS names 'no\.such\.package'"):
        systems()


def test_two_systems_of_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf,tests.backends.lab.shelf")
    with pytest.raises(LabError, match="Two systems are called"):
        systems()


def test_a_missing_library_is_answered_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "needs_much.py").write_text("import a_library_that_is_not_there\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(LabFailure, match=r"pip install 'nimue\[vision\]'"):
        resolve("needs_much:train", "vision")


def test_a_module_of_ours_that_is_missing_is_a_bug_and_not_a_missing_library() -> None:
    with pytest.raises(ModuleNotFoundError):
        resolve("backends.lab.no_such_module:train", "vision")
