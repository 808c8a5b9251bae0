"""An engine in a process of its own, behind the same protocol as any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from app.core.supervision.answers import from_message
from app.core.supervision.channel import GarbledError, Head
from app.core.supervision.process import EngineLateError, EngineProcess, garbled
from lmsfa.backends.threads import threads_beside_picture
from lmsfa.card import CardError, card_from
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine, EngineError

ANSWER_S = 1.0
"""A model that takes longer hangs, by the promise to people."""
LOAD_S = 180.0
"""The first load of weights converts them: twenty seconds on two processor cores."""
BUILD_S = 600.0
"""TensorRT builds a network for minutes; it may be tried wherever it is installed."""
SILENT_S = 5.0
"""A process that loads says every second that it lives."""


@dataclass(frozen=True, slots=True)
class ChildLoader:
    """Loads engines, each in a process of its own; called as `lmsfa.registry.load_engine`.

    Attributes:
        threads: how many the model may use; None leaves the picture a core, of two or more.
        loader: "module:callable" that loads the engine there, as `child.Loader`.
        load_s: how long loading may take; None: as long as what is installed here may need.
    """

    threads: int | None = None
    loader: str = "lmsfa.registry:load_engine"
    load_s: float | None = None

    def __call__(self, weights: Path, runtime: str) -> Engine:
        """Loads weights in a process that only `close` ends. Errors: `until`."""
        return self._load(weights, runtime, Event())

    def until(self, stopped: Event) -> Callable[[Path, str], Engine]:
        """A loader whose processes end within a moment once `stopped` is set, on any thread.

        It raises EngineError as `load_engine`, and where loading takes too long; EngineLostError
        where the process ends while it loads.
        """
        return lambda weights, runtime: self._load(weights, runtime, stopped)

    def _load(self, weights: Path, runtime: str, stopped: Event) -> Engine:
        process = EngineProcess(stopped)
        asked = {
            "loader": self.loader,
            "weights": str(weights),
            "runtime": runtime,
            "threads": self.threads or threads_beside_picture(),
        }
        load_s = self.load_s or (BUILD_S if find_spec("tensorrt") else LOAD_S)
        try:
            answer, _ = process.ask(asked, load_s, SILENT_S)
            return ChildEngine(process, _accepted(answer), weights)
        except BaseException as error:
            process.close()
            if isinstance(error, EngineLateError):
                raise EngineError(
                    f"{weights}: not loaded within {load_s:g} s; "
                    "load again, or choose what it runs on with --engine"
                ) from None
            raise


class ChildEngine:
    """Satisfies `registry.Engine`; `predict` raises EngineLostError once the process is gone."""

    def __init__(self, process: EngineProcess, loaded: Head, weights: Path) -> None:
        """Takes the process over once it has loaded.

        Args:
            process: that has loaded.
            loaded: what it said of itself.
            weights: weights file, for errors.

        Raises:
            EngineLostError: it said what cannot be read.
        """
        try:
            self.card = card_from(loaded["card"], weights)
            self.runtime, self.device = str(loaded["runtime"]), str(loaded["device"])
            self.reason = str(loaded["reason"])
        except (KeyError, CardError) as error:
            raise garbled(error) from None
        self._process = process

    def predict(
        self, rgb: NDArray[np.uint8], frame_index: int = 0, captured_s: float = 0.0
    ) -> Prediction:
        """As `registry.Engine`; raises EngineLostError too."""
        asked = {
            "frame": self._process.put(rgb),
            "index": frame_index,
            "captured_s": captured_s,
            "within_s": ANSWER_S,
        }
        answer, masks = self._process.ask(asked, ANSWER_S)
        try:
            return from_message(_accepted(answer), masks)
        except GarbledError as error:
            raise garbled(error) from None

    def close(self) -> None:
        """As `registry.Engine`: ends the process."""
        self._process.close()


def _accepted(answer: Head) -> Head:
    if "refused" in answer:
        raise EngineError(answer["refused"])
    return answer
