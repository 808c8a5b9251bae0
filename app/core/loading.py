"""How an engine is loaded: in this process, or in one that can be ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from lmsfa.registry import Engine, load_engine

Load = Callable[[Path, str], Engine]
"""Loads weights on a runtime, on the calling thread; as `lmsfa.registry.load_engine`."""


class EngineLoader(Protocol):
    """What a pipeline loads its models with. Called on any thread."""

    def until(self, stopped: Event) -> Load:
        """A load for one worker; what can be ended ends within a moment once `stopped` is set."""


@dataclass(frozen=True, slots=True)
class LoaderHere:
    """Loads into this process, where nothing can be ended: it is waited for."""

    load: Load = load_engine

    def until(self, stopped: Event) -> Load:  # noqa: ARG002 - the protocol's form
        """As `EngineLoader`."""
        return self.load


LOADS_HERE = LoaderHere()
