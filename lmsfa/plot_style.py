"""How every plot looks."""

from __future__ import annotations

from typing import Any

INKS = ("#0b6e75", "#b3541e", "#5b4a9c", "#8a8f98", "#a3226a", "#2f7d32", "#c08a00", "#1f5fa8")
INK, MUTED, HAIRLINE = "#1b1f24", "#5b6570", "#d9dee3"
STYLE: Any = {
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": HAIRLINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "svg.hashsalt": "report",
}
