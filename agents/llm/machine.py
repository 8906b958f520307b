"""What this machine offers the embedded engine: cores, memory, accelerators. Standard library only."""

import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

_CPUS = Path("/sys/devices/system/cpu")
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Machine:
    """What this process may use, containers' limits included."""

    physical_cores: int
    memory_bytes: int
    accelerator: str
    """Name of the tool that shows an accelerator; empty when none was found."""


def this_machine() -> Machine:
    """Look at the machine without importing anything heavy."""
    return Machine(physical_cores(), memory_bytes(), "nvidia-smi" if shutil.which("nvidia-smi") else "")


def physical_cores(cpus: Path = _CPUS, cgroup: Path = _CGROUP) -> int:
    """Cores this process may keep busy: hyperthreads count once, and a container's CPU quota is a bound.

    llama.cpp counts the cores of the whole machine; in a container that has two of sixty-four it would start
    so many threads that they mostly wait for each other.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = len({_core_of(cpus, cpu) for cpu in allowed})
    return max(1, min(cores, _cpu_quota(cgroup)))


def _core_of(cpus: Path, cpu: int) -> str:
    """A core by its hyperthreads; where the system does not say, each thread is its own core."""
    siblings = cpus / f"cpu{cpu}" / "topology" / "thread_siblings_list"
    return siblings.read_text().strip() if siblings.is_file() else str(cpu)


def _cpu_quota(cgroup: Path) -> int:
    limit = cgroup / "cpu.max"
    quota, _, period = (limit.read_text() if limit.is_file() else "max").strip().partition(" ")
    return (os.cpu_count() or 1) if quota == "max" else math.ceil(int(quota) / int(period))


def memory_bytes(cgroup: Path = _CGROUP) -> int:
    """Memory this process may use; 0 when the system does not say."""
    names = getattr(os, "sysconf_names", {})
    installed = (
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= names.keys()
        else 0
    )
    limit = cgroup / "memory.max"
    allowed = limit.read_text().strip() if limit.is_file() else "max"
    return installed if allowed == "max" else min(installed, int(allowed))
