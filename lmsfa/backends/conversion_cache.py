"""Networks converted for other runtimes, made once and kept in the user's cache folder.

Each is kept under what it was made from. The conversion runs in a child process: importing torch
here would hold the interpreter for seconds while the picture should move.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

import lmsfa
from lmsfa.card import ModelCard, sha256_of
from lmsfa.registry import EngineError

HASH_FILE = "network.sha256"
CONVERSION_LIMIT_S = 300


@dataclass(frozen=True, slots=True)
class Format:
    """What a network is converted to.

    Attributes:
        folder: of the cache, where networks of this format lie.
        file: name of the file that a runtime reads; others may lie beside it.
        version: raised whenever the conversion changes, so that older files are not used.
        options: of `python -m lmsfa export`, besides those that every format has.
    """

    folder: str
    file: str
    version: int
    options: tuple[str, ...] = ()


@contextmanager
def converted(weights: Path, card: ModelCard, form: Format) -> Iterator[Path]:
    """The converted network of a weights file, made now where the cache has no whole one.

    Args:
        weights: weights file.
        card: of the weights, with the input size that is wanted.
        form: what to convert to.

    Yields:
        The file to read; it may be gone after the `with` block.

    Raises:
        EngineError: the weights cannot be used, or the conversion takes too long.
    """

    def make(folder: Path) -> None:
        _convert(weights, card.input_size_px, folder / form.file, form.options)

    with kept_folder(form.folder, conversion_key(weights, card, form), make) as folder:
        yield folder / form.file


@contextmanager
def kept_folder(kind: str, key: str, make: Callable[[Path], None]) -> Iterator[Path]:
    """A folder of files that are made once and kept in the user's cache.

    Args:
        kind: folder of the cache.
        key: name of what is kept; says everything that the files depend on.
        make: writes the files into an empty folder.

    Yields:
        The folder, whole; it may be gone after the `with` block.
    """
    kept = user_cache_path("lmsfa-overlay", appauthor=False) / kind / key
    if _is_whole(kept):
        yield kept
        return
    shutil.rmtree(kept, ignore_errors=True)
    # A mapped file cannot be deleted everywhere; what is left over is the system's to clear.
    with TemporaryDirectory(dir=_near(kept), ignore_cleanup_errors=True) as work:
        made = Path(work) / "made"
        made.mkdir()
        make(made)
        (made / HASH_FILE).write_text(_hash(made), encoding="ascii")
        # One rename shows all files at once; it fails where another process was first.
        with suppress(OSError):
            made.rename(kept)
            made = kept
        yield made


def hashed(*parts: object) -> str:
    """A short name of what can be written as JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def conversion_key(weights: Path, card: ModelCard, form: Format) -> str:
    """What the conversion depends on: weights, and what the card says of their network."""
    said = [dict(card.architecture), len(card.classes), card.input_size_px]
    return hashed(sha256_of(weights), said, [lmsfa.__version__, form.version])


def _near(kept: Path) -> Path | None:
    """The cache folder, made if need be; None, the system's own, where it cannot be written."""
    folder = kept.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _is_whole(folder: Path) -> bool:
    """Whether a folder holds the files that were put there; a full disk or a crash cuts files."""
    try:
        return (folder / HASH_FILE).read_text(encoding="ascii") == _hash(folder)
    except (OSError, ValueError):
        return False


def _hash(folder: Path) -> str:
    files = sorted(path for path in folder.iterdir() if path.name != HASH_FILE)
    return "\n".join(f"{sha256_of(path)} {path.name}" for path in files)


def _convert(weights: Path, size_px: int, path: Path, options: Sequence[str]) -> None:
    command = [
        sys.executable,
        "-m",
        "lmsfa",
        "export",
        "--weights",
        str(weights),
        "--output",
        str(path),
        "--size",
        str(size_px),
        *options,
    ]
    root = str(Path(lmsfa.__file__).parents[1])
    search = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=CONVERSION_LIMIT_S,
            env={**os.environ, "PYTHONPATH": search},
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        reason = said[-1].removeprefix("error: ") if said else "no reason given"
        raise EngineError(reason) from None
    except subprocess.TimeoutExpired:
        raise EngineError(
            f"{weights}: conversion to {path.suffix[1:]} took over {CONVERSION_LIMIT_S} s; "
            "try --engine torch-cpu"
        ) from None
