"""The model card: the JSON file beside a weights file that says what the weights are."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from lmsfa.errors import InputError
from lmsfa.familiarity.statistics import Familiarity
from lmsfa.whole_file import write_whole

SCHEMA_VERSION = 5
"""2 added thresholds a class, the temperature and the splits; 3 LMSF-A's activation; 4 activities
and what is only a demonstration; 5 how LMSF-A's masks are made, and what training pictures are
like. Cards of 1 to 4 are read on."""
ROLES = ("structure", "protected", "instrument")
"""In the order in which trained models draw them, lowest first."""

MAX_INPUT_SIZE_PX = 4096
"""A larger input is a slip of the pen, not a model."""

Colour = tuple[int, int, int]

_TEXTS = (
    "system",
    "name",
    "training_domain",
    "started_from",
    "grouped_by",
    "licence",
    "attribution",
    "demonstration",
    "command",
    "sha256",
)
_WHOLES = ("input_size_px", "input_multiple_px", "schema_version")
_SHARES = ("score_threshold", "nms_iou", "same_share")
_OBJECTS = ("architecture", "metrics", "score_thresholds")


LMSFA_SYSTEMS = ("lmsfa", "lmsfa_small")
_LMSFA_BEFORE = ((3, "activation", "silu"), (5, "masks", "sum"), (5, "prototypes", 32))
"""Of LMSF-A's architecture: what it was in cards before a schema that say nothing of it."""


class CardError(InputError, ValueError):
    """A model card is missing or does not say what it must; the message names file and field."""


@dataclass(frozen=True, slots=True)
class ClassSpec:
    """One class: its name, display colour (RGB, 0..255) and role, one of `ROLES`."""

    name: str
    colour: Colour
    role: str = "structure"

    def __post_init__(self) -> None:
        """Checks name, colour and role."""
        if not isinstance(self.name, str) or not self.name:
            raise CardError(f"a class's name must be text, got {self.name!r}")
        if len(self.colour) != 3 or not all(_is_whole(p) and 0 <= p <= 255 for p in self.colour):
            raise CardError(
                f"class {self.name!r}: colour must be three whole numbers 0..255, got {self.colour}"
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
        score_thresholds: the same for single classes, by name; the others keep `score_threshold`.
        temperature: raw scores are softened by it before they are shown or compared with a
            threshold, see `calibrated`; over 0, and 1 leaves them as they are.
        nms_iou: overlapping boxes of one class above this IoU are one instance.
        same_share: so are two instances of a class whose masks share more than this of the smaller
            one; at 1 all are shown.
        training_domain: what the weights have seen, for the screen ("larynx").
        synthetic: True where the training pictures were made by a program.
        activities: names of what a model tells of the whole picture; empty where it tells nothing.
        demonstration: why the model only shows how such a system works, a sentence for the screen;
            empty where it is more than that.
        started_from: domain and SHA-256 of the weights that training began with, and of those that
            taught it; empty for none.
        grouped_by: what kept training and validation apart ("patient"); empty where nobody said.
        leaks: sentences, what training and validation share all the same; forced by a person.
        familiarity: what the training pictures are like; None where nobody measured it, and nothing
            is said of pictures that are unlike them.
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
    same_share: float = 0.7
    activities: tuple[str, ...] = ()
    demonstration: str = ""
    score_thresholds: Mapping[str, float] = field(default_factory=dict)
    temperature: float = 1.0
    started_from: str = ""
    grouped_by: str = ""
    leaks: tuple[str, ...] = ()
    familiarity: Familiarity | None = None
    architecture: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    attribution: str = ""
    command: str = ""
    sha256: str = ""
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Checks the fields' kinds, and that they agree with each other."""
        _check_kinds(self)
        names = [spec.name for spec in self.classes]
        if not names or len(set(names)) != len(names):
            raise CardError(f"classes must be one or more different names, got {names}")
        if sorted(self.draw_priority) != sorted(names):
            raise CardError(
                f"draw_priority must name every class once: expected {names}, "
                f"got {list(self.draw_priority)}"
            )
        told = self.activities
        if len(told) == 1 or len(set(told)) != len(told):
            raise CardError(
                f"activities must be none, or two or more different names, got {list(told)}"
            )
        _check_scores(self.score_thresholds, self.temperature, names)
        check_input_size(self.input_size_px, self.input_multiple_px)

    @property
    def class_thresholds(self) -> tuple[float, ...]:
        """The threshold of every class, 0..1, in the order of `classes`."""
        return tuple(
            self.score_thresholds.get(spec.name, self.score_threshold) for spec in self.classes
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be known before any of its answers and figures is, a sentence each."""
        made = ("The training pictures were made by a program.",) if self.synthetic else ()
        return (*made, self.demonstration) if self.demonstration else made

    @property
    def has_filters(self) -> bool:
        """Whether masks are made by filters, which know where they are, and go beyond boxes."""
        return self.system in LMSFA_SYSTEMS and self.architecture.get("masks") != "sum"

    @property
    def draw_order(self) -> tuple[int, ...]:
        """Class ids, lowest first: paint in this order and the most important ends on top."""
        ids = {spec.name: index for index, spec in enumerate(self.classes)}
        return tuple(ids[name] for name in self.draw_priority)


def check_input_size(size_px: int, multiple_px: int) -> None:
    """Checks the side of a square network input.

    Raises:
        CardError: it is no multiple of `multiple_px`, or over `MAX_INPUT_SIZE_PX`.
    """
    if multiple_px < 1 or size_px not in range(multiple_px, MAX_INPUT_SIZE_PX + 1, multiple_px):
        raise CardError(
            f"the input size must be a multiple of {multiple_px} px up to {MAX_INPUT_SIZE_PX}, "
            f"got {size_px}"
        )


def _is_whole(value: object) -> TypeGuard[int]:
    # True and False are whole numbers to Python, but not to whoever wrote the card.
    return isinstance(value, int) and not isinstance(value, bool)


def _check_kinds(card: ModelCard) -> None:
    """JSON holds what it likes; a field of the wrong kind is named here, not in a traceback."""
    for kind, names, fits in (
        ("text", _TEXTS, lambda value: isinstance(value, str)),
        ("a whole number", _WHOLES, _is_whole),
        ("a number 0..1", _SHARES, _is_share),
        ("an object", _OBJECTS, lambda value: isinstance(value, Mapping)),
        ("true or false", ("synthetic",), lambda value: isinstance(value, bool)),
        (
            "texts",
            ("leaks", "activities"),
            lambda value: isinstance(value, tuple) and all(isinstance(p, str) and p for p in value),
        ),
    ):
        for name in names:
            if not fits(getattr(card, name)):
                raise CardError(f"{name} must be {kind}, got {getattr(card, name)!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, float) or _is_whole(value)


def _is_share(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1  # type: ignore[operator]  # a number by now


def _check_scores(thresholds: Mapping[str, float], temperature: object, names: list[str]) -> None:
    for name, value in thresholds.items():
        if name not in names or not _is_share(value):
            raise CardError(
                f"score_thresholds must give classes of the card a number 0..1, "
                f"got {value!r} for {name!r}"
            )
    if not _is_number(temperature) or not 0 < temperature < math.inf:  # type: ignore[operator]
        raise CardError(f"temperature must be a number over 0, got {temperature!r}")


def card_path(weights: Path) -> Path:
    """The card of `weights` lies beside it, with the ending .json."""
    return weights.with_suffix(".json")


def int8_path(weights: Path, size_px: int) -> Path:
    """Where the int8 network of a weights file lies, for inputs of this side; .bin is beside it."""
    return weights.with_suffix(f".int8-{size_px}.xml")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_hash(weights: Path, card: ModelCard) -> None:
    """Checks that a weights file is the one that its card was written for.

    Raises:
        CardError: it is another file, was cut or changed, or cannot be read.
    """
    try:
        found = sha256_of(weights)
    except OSError as error:
        raise CardError(f"{weights}: cannot be read ({error.strerror})") from None
    if card.sha256 != found:
        raise CardError(
            f"{weights}: expected SHA-256 {card.sha256[:12] or '(none)'} as its card says, "
            f"got {found[:12]}; "
            "it was cut short, changed, or belongs to another card: copy both again"
        )


def write_card(card: ModelCard, path: Path) -> None:
    """Writes `card` as indented JSON; a full disk leaves the file that was there before.

    Raises:
        InputError: it cannot be written.
    """
    write_whole(path, (json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n").encode())


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
    except (OSError, ValueError, RecursionError) as error:
        # Broken UTF-8, broken JSON and absurd numbers are all ValueErrors.
        raise CardError(f"{path}: not a readable JSON model card ({error})") from None
    return card_from(fields, path)


def card_from(fields: object, path: Path) -> ModelCard:
    """Checks a card that was read as JSON.

    Args:
        fields: as JSON holds a card.
        path: where it was read, for errors.

    Raises:
        CardError: in one line, naming the file, what was expected and what was found.
    """
    if not isinstance(fields, dict):
        raise CardError(f"{path}: expected a JSON object, got {type(fields).__name__}")
    version = fields.get("schema_version")
    if not _is_whole(version) or version not in range(1, SCHEMA_VERSION + 1):
        raise CardError(
            f"{path}: schema_version 1 to {SCHEMA_VERSION} expected, got {version!r}; "
            "use a matching release"
        )
    try:
        # What other schemas added has defaults that mean what the ones before did.
        known = {**fields, "schema_version": SCHEMA_VERSION}
        architecture = known.get("architecture", {})
        if known["system"] in LMSFA_SYSTEMS and isinstance(architecture, Mapping):
            before = {key: value for first, key, value in _LMSFA_BEFORE if version < first}
            known["architecture"] = {**before, **architecture}
        known["classes"] = tuple(
            ClassSpec(entry["name"], tuple(entry["colour"]), entry.get("role", "structure"))
            for entry in known["classes"]
        )
        known["draw_priority"] = tuple(known["draw_priority"])
        for name in ("leaks", "activities"):
            said = known.get(name, ())
            known[name] = tuple(said) if isinstance(said, list) else said
        if known.get("familiarity") is not None:
            known["familiarity"] = Familiarity(**known["familiarity"])
        return ModelCard(**known)
    except InputError as error:
        raise CardError(f"{path}: {error}") from None
    except (KeyError, TypeError) as error:
        raise CardError(f"{path}: not a model card of schema {SCHEMA_VERSION} ({error})") from None
