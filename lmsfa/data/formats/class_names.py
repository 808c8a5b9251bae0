"""Which names mean the same structure, and the classes of a set from the labels in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from lmsfa.card import Colour
from lmsfa.data.annotated import DatasetClass

PELD_CLASSES = (
    DatasetClass("adipose", (115, 0, 253)),
    DatasetClass("bone", (184, 161, 253)),
    DatasetClass("ligamentum flavum", (253, 253, 0)),
    DatasetClass("nerve", (207, 253, 253), role="protected"),
)
"""Structures of spinal endoscopy in the paper's order, in colours that the colour-blind tell apart.
A nerve is what must not be hurt."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "adipose": "adiposity, adipose tissue, fat, epidural fat, 脂肪, 脂肪组织, 脂肪組織",
        "bone": "bones, bone tissue, bony tissue, 骨, 骨头, 骨頭, 骨质, 骨質, 骨组织, 骨組織",
        "ligamentum flavum": "ligament, yellow ligament, flavum, lf, 黄韧带, 黃韌帶, 韧带, 韌帶",
        "nerve": "nerves, nerve root, nerve roots, 神经, 神經, 神经根, 神經根, 神经组织",
    }
)
"""Other spellings of the spinal structures; case, spaces, underscores and hyphens do not matter."""

_SHARED_SPELLINGS = frozenset({"ligament", "lf", "韧带", "韌帶"})
"""Spellings that mean something else in other fields: every joint has ligaments."""
_TELLING = frozenset({"ligamentum flavum", "nerve"})
"""Structures beside which a shared spelling means the spinal one."""

# Okabe and Ito's colours for the colour-blind, without black, which an endoscope's border has.
_PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (184, 161, 253),
    (204, 121, 167),
)


@dataclass(frozen=True, slots=True)
class ClassList:
    """The classes of a set, and the class id of every label that is known there."""

    classes: tuple[DatasetClass, ...]
    ids: Mapping[str, int]


def plain(label: str) -> str:
    """A label without what does not matter: case, and how its words are joined."""
    return re.sub(r"[\s_\-]+", " ", unicodedata.normalize("NFKC", label)).strip().casefold()


_PELD_BY_NAME = {
    plain(spelling): known
    for known in PELD_CLASSES
    for spelling in (known.name, *ALIASES[known.name].split(", "))
}


def peld_class(label: str) -> DatasetClass | None:
    """The spinal structure that a label means, if it means one."""
    return _PELD_BY_NAME.get(plain(label))


def palette_colour(index: int) -> Colour:
    """A colour for class `index`; after the seventh the same ones come again, darker."""
    shade = 0.7 ** (index // len(_PALETTE))
    red, green, blue = (round(part * shade) for part in _PALETTE[index % len(_PALETTE)])
    return red, green, blue


def named_class(name: str, index: int) -> DatasetClass:
    """A class of which only the name is known: a spinal structure's looks, or the palette's."""
    known = peld_class(name)
    if known is None:
        return DatasetClass(name, palette_colour(index))
    return DatasetClass(name, known.colour, known.role)


def classes_of(
    labels: Iterable[str], given: Sequence[DatasetClass] | None, *, keep_order: bool
) -> ClassList:
    """Finds the classes behind the labels of a set.

    A label that spells a spinal structure is of that structure's class, whatever other labels the
    set has: fat is adipose tissue in every field. Only "ligament" and its like are a ligamentum
    flavum just where the set has no other than spinal labels, or names a nerve or a ligamentum
    flavum in full; else they are labels like any other. Spinal structures come first, in the
    paper's order; labels that mean none of them follow.

    Args:
        labels: as they stand in the files, in the files' order.
        given: the set's classes where something says them, in its names, order and colours. Labels
            that are none of them stay unknown.
        keep_order: labels that are no spinal structures keep their order; else by name.
    """
    labels = list(dict.fromkeys(labels))
    if given is not None:
        return _among(labels, given)
    spinal = _spinal(labels)
    present = {known.name for known in spinal.values()}
    classes = [known for known in PELD_CLASSES if known.name in present]
    others = [label for label in labels if label not in spinal]
    firsts: dict[str, str] = {}
    for label in others if keep_order else sorted(others):
        firsts.setdefault(plain(label), label)
    taken = {known.colour for known in classes}
    count = len(firsts) + len(taken)
    free = [colour for colour in map(palette_colour, range(count)) if colour not in taken]
    classes += [
        DatasetClass(name, colour) for name, colour in zip(firsts.values(), free, strict=False)
    ]
    return _among(labels, classes)


def _spinal(labels: Sequence[str]) -> dict[str, DatasetClass]:
    """The labels that mean spinal structures in this company, with the structures."""
    meant = {label: known for label in labels if (known := peld_class(label)) is not None}
    sure = {label: e for label, e in meant.items() if plain(label) not in _SHARED_SPELLINGS}
    spine = len(meant) == len(labels) or any(known.name in _TELLING for known in sure.values())
    return meant if spine else sure


def _among(labels: list[str], classes: Sequence[DatasetClass]) -> ClassList:
    found = {label: _match(label, classes) for label in labels}
    return ClassList(tuple(classes), {label: i for label, i in found.items() if i is not None})


def _match(label: str, classes: Sequence[DatasetClass]) -> int | None:
    """The class of exactly this name, else of the same plain name, else of the same structure."""
    names = [entry.name for entry in classes]
    if label in names:
        return names.index(label)
    plains = [plain(name) for name in names]
    if plain(label) in plains:
        return plains.index(plain(label))
    meant = peld_class(label)
    alike = [index for index, name in enumerate(names) if meant and peld_class(name) is meant]
    return alike[0] if alike else None


def is_name(label: object) -> bool:
    """Whether a label is text that people can read and files can hold."""
    return isinstance(label, str) and bool(label.strip()) and label.isprintable()
