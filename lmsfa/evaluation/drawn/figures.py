"""The figures of what is drawn, over frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from lmsfa.evaluation.drawn.field import outside
from lmsfa.evaluation.drawn.painting import DrawnFrame, Mask
from lmsfa.evaluation.drawn.pieces import nested, specks
from lmsfa.evaluation.drawn.straight import cut, runs_in
from lmsfa.evaluation.drawn.surfaces import TrueMask, surfaces
from lmsfa.evaluation.drawn.visibility import visible_shares
from lmsfa.quality.field import Field


@dataclass(frozen=True, slots=True)
class LineVisible:
    """The shares of one class's own lines that are on screen: 0..1, over outlines."""

    median: float
    least: float


@dataclass(frozen=True, slots=True)
class DrawnFigures:
    """What is drawn on some frames; None where there is nothing to judge by.

    Attributes:
        frames: how many.
        outlines: instances of which anything is drawn.
        box_cut: share of outlines with an exactly upright or level run that is neither the
            picture's border nor in the truth, see `straight`.
        straight_per_frame: all such runs, those of the truth too.
        line_visible: by class name, see `visibility`; only classes with a line.
        specks_per_frame: see `pieces`.
        nested: pairs of one class, in all frames, see `pieces`.
        boundary_nsd: normalised surface distance at one per cent of the frame's shorter side, mean
            over pairs of drawn and true instances and over those without a partner, see `surfaces`.
        boundary_nsd_per_class: the same, by class name.
        outside_field: outlines with a pixel beyond the visible picture, in all frames.
        fields: frames in which the visible picture is smaller than the picture.
    """

    frames: int
    outlines: int
    box_cut: float | None
    straight_per_frame: float
    line_visible: dict[str, LineVisible]
    specks_per_frame: float
    nested: int
    boundary_nsd: float | None
    boundary_nsd_per_class: dict[str, float] | None
    outside_field: int
    fields: int

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`, without those that there are none of."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class KnownFrame:
    """What is true of a frame.

    Attributes:
        truths: class id and pixels of each true instance.
        drawn: the same, drawn as answers are.
        void: (H, W) bool, pixels that nobody labelled.
    """

    truths: Sequence[TrueMask]
    drawn: DrawnFrame
    void: Mask


@dataclass(slots=True)
class Tally:
    """Counts frame by frame.

    Attributes:
        names: class names, in the order of class ids.
    """

    names: Sequence[str]
    frames: int = 0
    outlines: int = 0
    runs: int = 0
    specks: int = 0
    nested: int = 0
    outside: int = 0
    fields: int = 0
    cuts: list[bool] = field(default_factory=list)
    visible: list[tuple[int, float]] = field(default_factory=list)
    surfaces: list[tuple[int, float]] = field(default_factory=list)

    def see(self, frame: DrawnFrame, field_of_view: Field, known: KnownFrame | None = None) -> None:
        """Counts what is drawn on a frame.

        Args:
            frame: what is drawn.
            field_of_view: found in this picture alone, whatever the painter was given.
            known: what is true of it; None where nobody knows.
        """
        self.frames += 1
        self.outlines += len(frame.instances)
        runs = runs_in(frame)
        self.runs += sum(map(len, runs))
        self.specks += specks(frame, known.drawn.instances if known else None)
        self.nested += nested(frame)
        shares = zip(frame.instances, visible_shares(frame), strict=True)
        self.visible += [(one.class_id, share) for one, share in shares if share is not None]
        beyond = outside(frame, field_of_view)
        self.outside += beyond or 0
        self.fields += beyond is not None
        if known:
            self.cuts += [cut(of_one, known.drawn) for of_one in runs]
            self.surfaces += surfaces(frame, known.truths, known.void)

    def figures(self) -> DrawnFigures:
        """The figures of all frames up to now."""
        frames = max(self.frames, 1)
        visible = {name: np.array(shares) for name, shares in self._by_class(self.visible).items()}
        near = self._by_class(self.surfaces)
        return DrawnFigures(
            frames=self.frames,
            outlines=self.outlines,
            box_cut=float(np.mean(self.cuts)) if self.cuts else None,
            straight_per_frame=self.runs / frames,
            line_visible={
                name: LineVisible(float(np.median(shares)), float(shares.min()))
                for name, shares in visible.items()
            },
            specks_per_frame=self.specks / frames,
            nested=self.nested,
            boundary_nsd=float(np.mean([v for _, v in self.surfaces])) if self.surfaces else None,
            boundary_nsd_per_class={name: float(np.mean(values)) for name, values in near.items()}
            or None,
            outside_field=self.outside,
            fields=self.fields,
        )

    def _by_class(self, values: Sequence[tuple[int, float]]) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for class_id, value in sorted(values):
            found.setdefault(self.names[class_id], []).append(value)
        return found
