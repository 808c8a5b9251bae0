"""What comes with the program: weights and a clip to show them on."""

from __future__ import annotations

from pathlib import Path

from lmsfa.errors import InputError
from lmsfa.registry import SYSTEMS

_ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = _ROOT / "weights" / "lmsfa-larynx.safetensors"
PHANTOM_WEIGHTS = _ROOT / "weights" / "lmsfa-phantom.safetensors"
"""Know the made scene, and nothing else."""
WEIGHTS_BY_SYSTEM = {
    "lmsfa": WEIGHTS,
    "lmsfa_small": _ROOT / "weights" / "lmsfa-larynx-small.safetensors",
    "hrmedseg": _ROOT / "weights" / "hrmedseg-larynx.safetensors",
    "endoarss": _ROOT / "weights" / "endoarss-larynx.safetensors",
}
"""By the card's `system`; not every system comes with weights."""
DEMO_CLIP = _ROOT / "resources" / "demo" / "larynx-demo.mkv"


def shipped_weights(system: str) -> Path:
    """The weights of a system that come with the program.

    Raises:
        InputError: the system is unknown, or comes without weights.
    """
    if system not in SYSTEMS:
        raise InputError(f"model must be one of {', '.join(SYSTEMS)}, got {system!r}")
    if system not in WEIGHTS_BY_SYSTEM:
        raise InputError(f"no weights of {system} come with the program; give some by --weights")
    return WEIGHTS_BY_SYSTEM[system]
