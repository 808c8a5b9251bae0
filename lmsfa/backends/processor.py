"""Which processor this is."""

from __future__ import annotations

import platform
from pathlib import Path

LINUX_FACTS = Path("/proc/cpuinfo")


def processor_name() -> str:
    """The processor's name, for people."""
    if LINUX_FACTS.is_file():
        facts = LINUX_FACTS.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()
