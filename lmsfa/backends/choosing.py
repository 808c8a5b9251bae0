"""Which runtime a weights file runs on here: the fastest of those that agree, tried once."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

import lmsfa
from lmsfa.backends import Backend, make_backend, runtimes_here
from lmsfa.backends.agreement import BOUNDS, answers_agree, check_frame
from lmsfa.backends.conversion_cache import hashed
from lmsfa.backends.graphics import gpu_and_driver
from lmsfa.backends.processor import processor_name
from lmsfa.backends.reference import reference_answer
from lmsfa.backends.threads import thread_budget
from lmsfa.card import ModelCard, int8_path, sha256_of
from lmsfa.errors import InputError, one_line
from lmsfa.interleaving import interleaved_ms
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer
from lmsfa.registry import EngineError
from lmsfa.whole_file import write_whole

TIMED_ROUNDS, WARM_UP_ROUNDS = 8, 2
"""Enough to tell a fifth apart, and over before anybody waits; all have answered before."""
PACKAGES = ("openvino", "onnxruntime", "torch", "tensorrt")
"""When one of them changes, the choice is made again."""
GPUS = ("tensorrt", "torch-cuda")
FAMILIES = (
    GPUS,
    ("openvino-int8", "openvino-bf16"),
    ("openvino",),
    ("onnxruntime",),
    ("torch-cpu",),
)
"""How names begin. The next family is tried where none of the one before agrees: a start has no
time to load runtimes that would hardly win."""
REFERENCE = "torch-cpu"
"""What the others are compared with."""
FAILURES = (InputError, RuntimeError, OSError)
"""How a runtime fails that does not fit this machine: by our words, a library's, the disk's."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a runtime.

    Attributes:
        runtime: a key of `RUNTIMES`.
        p50_ms: median time of an answer; None where it was not timed.
        agreement: as `answers_agree`; None where it gave no answer.
        fault: why it may not be chosen; empty where it may.
    """

    runtime: str
    p50_ms: float | None = None
    agreement: float | None = None
    fault: str = ""

    def __str__(self) -> str:
        """For people: "openvino-bf16 11.2 ms", or what it failed by."""
        return f"{self.runtime} {self.fault or f'{self.p50_ms} ms'}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which runtime it is, and why.

    Attributes:
        runtime: a key of `RUNTIMES`.
        trials: of everything that was tried, the fastest first.
    """

    runtime: str
    trials: tuple[Trial, ...]

    @property
    def reason(self) -> str:
        """For people."""
        return f"fastest that agrees here: {', '.join(map(str, self.trials))}"


def choose(weights: Path, card: ModelCard, threads: int | None = None) -> tuple[Backend, Choice]:
    """The fastest runtime here that answers as the plain network does, loaded.

    The choice is remembered in the user's cache folder.

    Args:
        weights: weights file.
        card: of the weights.
        threads: as `thread_budget`.

    Raises:
        EngineError: the weights cannot be used, or no runtime agrees.
    """
    here = runtimes_here(weights, card)
    path = _path(weights, card, here, threads)
    remembered = _read(path)
    if remembered is not None:
        # What was here yesterday may be gone today: then it is chosen anew.
        with suppress(*FAILURES):
            question = _Question(weights, card)
            return _answering(weights, card, remembered.runtime, threads, question), remembered
    tried: list[Trial] = []
    for family in FAMILIES:
        known = {trial.runtime for trial in tried}
        names = [name for name in here if name.startswith(family) and name not in known]
        trials, loaded = _try(weights, card, names, threads)
        tried += trials
        choice = fastest(tried)
        if choice is not None:
            _remember(choice, path)
            backend = loaded.pop(choice.runtime)
            _close(loaded)
            if family is not GPUS:
                return backend, choice
            # These cut answers by the card's thresholds, of which the trial knew none.
            backend.close()
            return make_backend(weights, card, choice.runtime, threads), choice
    raise _no_runtime(weights, tried)


def choose_among(
    weights: Path, card: ModelCard, names: Sequence[str], threads: int | None = None
) -> Choice:
    """Tries these runtimes whatever is remembered, and remembers the fastest that agrees.

    Raises:
        EngineError: none agrees.
    """
    trials, loaded = _try(weights, card, names, threads)
    _close(loaded)
    choice = fastest(trials)
    if choice is None:
        raise _no_runtime(weights, trials)
    _remember(choice, _path(weights, card, runtimes_here(weights, card), threads))
    return choice


def fastest(trials: Sequence[Trial]) -> Choice | None:
    """The choice among what was tried; None where nothing may be chosen."""
    timed = sorted(
        (trial for trial in trials if trial.p50_ms is not None), key=lambda trial: trial.p50_ms or 0
    )
    failed = [trial for trial in trials if trial.p50_ms is None]
    return Choice(timed[0].runtime, (*timed, *failed)) if timed else None


class _Question:
    """The made picture, asked of one runtime after the other, and what is expected of them."""

    def __init__(self, weights: Path, card: ModelCard) -> None:
        self._weights, self._card = weights, card
        self.size_px = size_px = card.input_size_px
        self._frame = check_frame(size_px)
        self._place = Letterbox.fit(size_px, size_px, size_px)

    def ask(self, backend: Backend) -> Answer:
        """An answer that is valid until the backend's next one."""
        return backend(self._frame, self._place)

    @cached_property
    def expected(self) -> Answer:
        """As `reference_answer`, read once for all."""
        return reference_answer(self._weights, self._card)


def _answering(
    weights: Path, card: ModelCard, name: str, threads: int | None, question: _Question
) -> Backend:
    """A loaded backend that has answered once. Raises one of `FAILURES`."""
    backend = make_backend(weights, card, name, threads)
    try:
        question.ask(backend)
    except FAILURES:
        backend.close()
        raise
    return backend


def _try(
    weights: Path, card: ModelCard, names: Sequence[str], threads: int | None
) -> tuple[list[Trial], dict[str, Backend]]:
    """Tries runtimes; those that agree come back loaded, by name.

    They are loaded without thresholds: a made picture may hold nothing that is certain.
    """
    card = replace(card, score_threshold=0.0, score_thresholds={}, temperature=1.0)
    question = _Question(weights, card)
    trials: dict[str, Trial] = {}
    loaded: dict[str, Backend] = {}
    for name in names:
        try:
            backend = _answering(weights, card, name, threads, question)
        except FAILURES as error:
            trials[name] = Trial(name, fault=f"cannot be used ({one_line(error)})")
            continue
        trials[name] = trial = _compared(name, backend, question, len(card.classes))
        if trial.fault:
            backend.close()
        else:
            loaded[name] = backend
    runs = [partial(question.ask, backend) for backend in loaded.values()]
    times = np.median(interleaved_ms(runs, TIMED_ROUNDS, WARM_UP_ROUNDS), 0)
    for name, p50_ms in zip(loaded, times, strict=True):
        trials[name] = replace(trials[name], p50_ms=round(float(p50_ms), 1))
    return list(trials.values()), loaded


def _compared(name: str, backend: Backend, question: _Question, classes: int) -> Trial:
    if name == REFERENCE:
        return Trial(name, agreement=1.0)
    bound, given = BOUNDS[backend.precision], question.ask(backend)
    overlap = answers_agree(question.expected, given, classes, question.size_px)
    agreement = round(overlap, 4)
    differs = f"differs (mask IoU {agreement}, expected {bound})"
    return Trial(name, agreement=agreement, fault="" if agreement >= bound else differs)


def _close(loaded: dict[str, Backend]) -> None:
    for backend in loaded.values():
        backend.close()


def _no_runtime(weights: Path, trials: Sequence[Trial]) -> EngineError:
    said = "; ".join(map(str, trials))
    return EngineError(f"{weights}: no runtime here can answer: {said}")


def _path(weights: Path, card: ModelCard, here: Sequence[str], threads: int | None) -> Path:
    """Where the choice is kept: its name says everything that it depends on."""
    network = [card.sha256, dict(card.architecture), card.input_size_px]
    int8 = int8_path(weights, card.input_size_px)
    # Quantised anew it is another network under the same name.
    parts = [path for path in (int8, int8.with_suffix(".bin")) if path.is_file()]
    network += [sha256_of(path) for path in parts]
    machine = [processor_name(), thread_budget(threads), here]
    if any(name in GPUS for name in here):
        with suppress(EngineError):
            machine.append(gpu_and_driver())
    name = hashed(network, machine, [lmsfa.__version__, *map(_version, PACKAGES)])
    return user_cache_path("lmsfa-overlay", appauthor=False) / "runtimes" / f"{name}.json"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _read(path: Path) -> Choice | None:
    """What was remembered; None where nothing is, or nothing that can be read."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Choice(str(said["runtime"]), tuple(Trial(**trial) for trial in said["trials"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(choice: Choice, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(asdict(choice), indent=2).encode())
    except (OSError, InputError) as error:
        _log.info("the choice of a runtime is not remembered: %s", error)
