"""Which NVIDIA GPU and driver this machine has."""

from __future__ import annotations

import subprocess

from lmsfa.registry import EngineError

COMMAND = ("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")


def gpu_and_driver() -> str:
    """A line a GPU: its name and its driver's version.

    Raises:
        EngineError: the driver does not tell.
    """
    try:
        return subprocess.run(COMMAND, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineError(f"nvidia-smi does not tell GPU and driver ({error})") from None
