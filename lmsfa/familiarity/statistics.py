"""What the features of a model's training pictures are like; a part of its card."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lmsfa.errors import InputError

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Familiarity:
    """The mean and the whitening of features, and how far from them a picture is unlike.

    A picture's distance is the length of W (features - mean), Mahalanobis's with a shrunk
    covariance.

    Attributes:
        kind: `features.KIND` of those that were measured.
        count: how many features, F.
        numbers: base64 of float32, little endian: the mean (F), then the rows of W, an upper
            triangle (F (F + 1) / 2).
        bound: the distance from which on a picture is unlike the training pictures; over 0.
        pictures: how many were measured, augmented ones one by one.
    """

    kind: str
    count: int
    numbers: str
    bound: float
    pictures: int

    def __post_init__(self) -> None:
        """Checks that the numbers are as many as is said, and finite."""
        texts = isinstance(self.kind, str) and isinstance(self.numbers, str)
        whole = all(
            isinstance(value, int) and not isinstance(value, bool) and value > 0
            for value in (self.count, self.pictures)
        )
        if not texts or not whole or not isinstance(self.bound, int | float):
            raise InputError("familiarity has fields of the wrong kind; make it anew")
        if not 0 < self.bound < np.inf:
            raise InputError(f"familiarity's bound must be over 0, got {self.bound!r}")
        found = _decoded(self.numbers)
        expected = self.count + self.count * (self.count + 1) // 2
        if found.size != expected or not np.isfinite(found).all():
            raise InputError(
                f"familiarity of {self.count} features must hold {expected} finite numbers, "
                f"got {found.size}"
            )

    @classmethod
    def of(
        cls, kind: str, mean: NDArray[Any], whitening: NDArray[Any], bound: float, pictures: int
    ) -> Self:
        """Packs statistics.

        Args:
            kind: as the attribute.
            mean: (F,).
            whitening: (F, F), of which the upper triangle is kept.
            bound: as the attribute.
            pictures: as the attribute.
        """
        triangle = whitening[np.triu_indices(len(mean))]
        packed = np.concatenate([mean, triangle]).astype("<f4").tobytes()
        return cls(kind, len(mean), base64.b64encode(packed).decode(), bound, pictures)

    def mean(self) -> Numbers:
        """(F,) float32."""
        return _decoded(self.numbers)[: self.count]

    def whitening(self) -> Numbers:
        """(F, F) float32, upper triangular."""
        matrix = np.zeros((self.count, self.count), dtype=np.float32)
        matrix[np.triu_indices(self.count)] = _decoded(self.numbers)[self.count :]
        return matrix


def _decoded(numbers: str) -> Numbers:
    try:
        packed = base64.b64decode(numbers, validate=True)
        return np.frombuffer(packed, dtype="<f4").astype(np.float32)
    except (binascii.Error, ValueError):
        raise InputError("familiarity's numbers are no base64 of float32; make it anew") from None
