"""What comes with the program: weights and a clip to show them on."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = _ROOT / "weights" / "lmsfa-larynx.safetensors"
PHANTOM_WEIGHTS = _ROOT / "weights" / "lmsfa-phantom.safetensors"
"""Know the made scene, and nothing else."""
DEMO_CLIP = _ROOT / "resources" / "demo" / "larynx-demo.mkv"
