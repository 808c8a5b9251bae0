"""What the paper (arXiv:2512.21984) prints of PELD: quoted, never claimed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A row of Table II: mAP50, mAP50-95, precision and average recall in per cent."""

    method: str
    mask_ap50: float
    mask_ap: float
    precision: float
    average_recall: float


TABLE_II = (
    PublishedRow("Mask R-CNN", 75.9, 41.1, 74.8, 61.9),
    PublishedRow("YOLACT", 70.8, 31.7, 68.5, 59.2),
    PublishedRow("SOLOv2", 73.1, 41.8, 75.8, 67.3),
    PublishedRow("Swin Mask R-CNN", 74.4, 36.5, 75.2, 68.4),
    PublishedRow("Mask2Former", 74.8, 43.4, 78.4, 65.6),
    PublishedRow("ConvNeXt", 76.0, 42.4, 77.8, 70.6),
    PublishedRow("YOLOv8-seg", 72.0, 40.9, 75.4, 70.3),
    PublishedRow("YOLOv11-seg", 70.7, 40.1, 80.6, 61.8),
    PublishedRow("LMSF-A", 74.4, 43.0, 78.9, 73.3),
)
