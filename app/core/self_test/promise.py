"""What was promised and what was found; the last self-test's answer stays until the next."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_state_path

from lmsfa import __version__
from lmsfa.evaluation.tables import columns
from lmsfa.notice import RESEARCH_NOTICE
from lmsfa.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the self-test's table, in words for people.

    Attributes:
        name: what was promised.
        bound: the bound.
        found: what was found.
        kept: whether it keeps to the bound.
    """

    name: str
    bound: str
    found: str
    kept: bool


@dataclass(frozen=True, slots=True)
class SelfTestAnswer:
    """A whole self-test.

    Attributes:
        promises: line by line.
        engine: what the model ran on.
        finished: date and time.
        version: of the program.
        notice: research use only.
    """

    promises: tuple[Promise, ...]
    engine: str
    finished: str
    version: str = __version__
    notice: str = RESEARCH_NOTICE

    @property
    def passed(self) -> bool:
        """Whether every promise was kept."""
        return bool(self.promises) and all(promise.kept for promise in self.promises)

    def table(self) -> str:
        """The table, for a terminal."""
        rows = [["promise", "", "bound", "found"]]
        rows += [[p.name, "pass" if p.kept else "FAIL", p.bound, p.found] for p in self.promises]
        word = "passed" if self.passed else "FAILED"
        return f"{columns(rows)}\nself-test {word} on {self.engine}. {RESEARCH_NOTICE}"


def failed_words(answer: SelfTestAnswer) -> str:
    """What failed: "added video delay, 99 % 63.0 ms (<= 50 ms)"."""
    failed = [f"{p.name} {p.found} ({p.bound})" for p in answer.promises if not p.kept]
    return "; ".join(failed) or answer.engine


def finished_now(promises: tuple[Promise, ...], engine: str) -> SelfTestAnswer:
    """The answer of a self-test that ends now."""
    return SelfTestAnswer(promises, engine, time.strftime("%Y-%m-%d %H:%M"))


def answer_path() -> Path:
    """Where the last answer lies, in the user's own folder."""
    return user_state_path("lmsfa-overlay", appauthor=False) / "self-test.json"


def keep(answer: SelfTestAnswer) -> None:
    """Remembers an answer in place of the one before.

    Raises:
        InputError: the folder cannot be written.
    """
    write_whole(answer_path(), json.dumps(asdict(answer), indent=2).encode())


def answered_ns() -> int | None:
    """When the last answer was kept, nanoseconds since 1970; None where there is none."""
    try:
        return answer_path().stat().st_mtime_ns
    except OSError:
        return None


def last_answer() -> SelfTestAnswer | None:
    """The last answer; None where there is none, or none that can be read."""
    try:
        said = json.loads(answer_path().read_text(encoding="utf-8"))
        promises = tuple(Promise(**promise) for promise in said.pop("promises"))
        return SelfTestAnswer(promises, **said)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
