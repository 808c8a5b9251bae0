"""The model card: the JSON file beside a weights file that says what the weights are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lmsfa.errors import InputError

SCHEMA_VERSION = 1
ROLES = ("structure", "protected", "instrument")

Colour = tuple[int, int, int]


class CardError(InputError, ValueError):
    """A model card is missing or does not say what it must; the message names file and field."""


@dataclass(frozen=True, slots=True)
class ClassSpec:
    """One class: its name, display colour (RGB, 0..255) and role, one of `ROLES`."""

    name: str
    colour: Colour
    role: str = "structure"

    def __post_init__(self) -> None:
        """Checks the colour and the role."""
        if len(self.colour) != 3 or not all(0 <= part <= 255 for part in self.colour):
            raise CardError(
                f"class {self.name!r}: colour must be three numbers 0..255, got {self.colour}"
            )
        if self.role not in ROLES:
            raise CardError(
                f"class {self.name!r}: role must be one of {', '.join(ROLES)}, got {self.role!r}"
            )


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything about a weights file that is not a weight.

    Attributes:
        system: which model family reads the weights ("lmsfa"); a key of `registry.SYSTEMS`.
        name: short name for people.
        classes: in the order of the model's class logits.
        draw_priority: class names, lowest first; the last is painted on top.
        input_size_px: side of the square network input.
        input_multiple_px: the input side must be a multiple of this.
        score_threshold: instances below this score (0..1) are not reported.
        nms_iou: overlapping boxes of one class above this IoU are one instance.
        training_domain: what the weights have seen, for the screen ("larynx").
        synthetic: True where the training pictures were made by a program.
        architecture: the model's config, as its constructor takes it.
        metrics: figures with the protocol that gave them.
        licence: licence of the weights.
        attribution: whom the training data is owed to.
        command: the command that made the weights.
        sha256: SHA-256 of the weights file, lower-case hex; empty until written.
        schema_version: version of this schema.
    """

    system: str
    name: str
    classes: tuple[ClassSpec, ...]
    draw_priority: tuple[str, ...]
    input_size_px: int
    input_multiple_px: int
    score_threshold: float
    nms_iou: float
    training_domain: str
    synthetic: bool = False
    architecture: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    attribution: str = ""
    command: str = ""
    sha256: str = ""
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Checks that the fields agree with each other."""
        names = [spec.name for spec in self.classes]
        if not names or len(set(names)) != len(names):
            raise CardError(f"classes must be one or more different names, got {names}")
        if sorted(self.draw_priority) != sorted(names):
            raise CardError(
                f"draw_priority must name every class once: expected {names}, "
                f"got {list(self.draw_priority)}"
            )
        if self.input_size_px <= 0 or self.input_size_px % self.input_multiple_px:
            raise CardError(
                f"input_size_px must be a multiple of {self.input_multiple_px}, "
                f"got {self.input_size_px}"
            )
        for label, share in (("score_threshold", self.score_threshold), ("nms_iou", self.nms_iou)):
            if not 0 <= share <= 1:
                raise CardError(f"{label} must be 0..1, got {share}")

    @property
    def draw_order(self) -> tuple[int, ...]:
        """Class ids, lowest first: paint in this order and the most important ends on top."""
        ids = {spec.name: index for index, spec in enumerate(self.classes)}
        return tuple(ids[name] for name in self.draw_priority)


def card_path(weights: Path) -> Path:
    """The card of `weights` lies beside it, with the ending .json."""
    return weights.with_suffix(".json")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_hash(weights: Path, card: ModelCard) -> None:
    """Checks that a weights file is the one that its card was written for.

    Raises:
        CardError: it is another file, or was cut or changed.
    """
    found = sha256_of(weights)
    if card.sha256 != found:
        raise CardError(
            f"{weights}: expected SHA-256 {card.sha256[:12] or '(none)'} as its card says, "
            f"got {found[:12]}; "
            "it was cut short, changed, or belongs to another card: copy both again"
        )


def write_card(card: ModelCard, path: Path) -> None:
    """Writes `card` as indented JSON, replacing the file."""
    path.write_text(json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_card(path: Path) -> ModelCard:
    """Reads and checks a model card.

    Raises:
        CardError: in one line, naming the file, what was expected and what was found.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CardError(
            f"{path}: no model card; every weights file needs its .json card beside it"
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CardError(f"{path}: not a readable JSON model card ({error})") from None
    return _card_from(fields, path)


def _card_from(fields: object, path: Path) -> ModelCard:
    if not isinstance(fields, dict):
        raise CardError(f"{path}: expected a JSON object, got {type(fields).__name__}")
    version = fields.get("schema_version")
    if version != SCHEMA_VERSION:
        raise CardError(
            f"{path}: schema_version {SCHEMA_VERSION} expected, got {version!r}; "
            "use a matching release"
        )
    try:
        known = dict(fields)
        known["classes"] = tuple(
            ClassSpec(entry["name"], tuple(entry["colour"]), entry.get("role", "structure"))
            for entry in known["classes"]
        )
        known["draw_priority"] = tuple(known["draw_priority"])
        return ModelCard(**known)
    except CardError as error:
        raise CardError(f"{path}: {error}") from None
    except (KeyError, TypeError) as error:
        raise CardError(f"{path}: not a model card of schema {SCHEMA_VERSION} ({error})") from None
