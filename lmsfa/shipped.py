"""What comes with the program: weights and a clip to show them on."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = _ROOT / "weights" / "lmsfa-larynx.safetensors"
DEMO_CLIP = _ROOT / "resources" / "demo" / "larynx-demo.mkv"
