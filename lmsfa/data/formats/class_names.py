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
    DatasetClass("adipose", (120, 60, 200)),
    DatasetClass("bone", (213, 94, 0)),
    DatasetClass("ligamentum flavum", (255, 236, 110)),
    DatasetClass("nerve", (0, 229, 255), role="protected"),
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

# Okabe and Ito's colours for the colour-blind, without black, which an endoscope's border has.
_PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
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

    Args:
        labels: as they stand in the files, in the files' order.
        given: the set's classes where something says them. Labels that are none of them stay
            unknown.
        keep_order: labels that are not all spinal structures keep their order; else by name.
    """
    labels = list(dict.fromkeys(labels))
    if given is not None:
        return _among(labels, given)
    meant = [peld_class(label) for label in labels]
    if labels and None not in meant:
        return _among(labels, [known for known in PELD_CLASSES if known in meant])
    firsts: dict[str, str] = {}
    for label in labels if keep_order else sorted(labels):
        firsts.setdefault(plain(label), label)
    names = list(firsts.values())
    return _among(labels, [named_class(name, index) for index, name in enumerate(names)])


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
