"""The window says when it moved an overlay, and shows none where it cannot know where to."""

from pathlib import Path

import cv2
import numpy as np
from made_clips import write_clip
from made_engines import HeldEngine, SquareEngine, loader
from made_oracle import OracleEngine
from test_overlay_in_window import PATIENT_MS, marked

ANY_WEIGHTS = Path("any.safetensors")


def test_a_moved_overlay_is_named_while_it_is_seen(desk, qtbot):
    brisk = "phantom:brisk,seed=3,size=320x180"
    oracle = loader(OracleEngine(brisk, 0.06))
    opened = desk(oracle, source=brisk, weights=ANY_WEIGHTS, max_age_ms=5000.0)
    qtbot.waitUntil(
        lambda: "MOVED" in opened.window.chips.texts and marked(opened.scene), timeout=PATIENT_MS
    )
    opened.controller.hold_raw(held=True)
    qtbot.waitUntil(lambda: "MOVED" not in opened.window.chips.texts, timeout=PATIENT_MS)


def test_a_still_overlay_is_not_called_moved(desk, qtbot, square_clip):
    opened = desk(loader(SquareEngine()), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: sum(map(marked, opened.scenes)) >= 20, timeout=PATIENT_MS)
    assert "MOVED" not in {word for scene in opened.scenes for _, word in scene.chips}


CUT = 15
"""The frame; before a model that answers no more is said to hang."""


def tissue(seed):
    noise = np.random.default_rng(seed).normal(size=(240, 320))
    smooth = cv2.GaussianBlur(noise, (0, 0), 5)
    grey = np.clip(90 + 30 * smooth / smooth.std(), 0, 190).astype(np.uint8)
    rgb = (grey[..., None] * [1, 0.5, 0.45]).astype(np.uint8)
    if seed == 1:
        rgb[40:120, 60:140] = 250
    return rgb


def test_an_overlay_is_withdrawn_at_a_cut_however_young_it_is(desk, qtbot, tmp_path):
    clip = tmp_path / "cut.mkv"
    write_clip(clip, [tissue(1)] * CUT + [tissue(2)] * 250)
    engine = HeldEngine()
    engine.gate.release()
    opened = desk(loader(engine), source=clip, weights=ANY_WEIGHTS, max_age_ms=60_000.0)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    qtbot.waitUntil(lambda: opened.scene.snapshot.frame.index > CUT + 5, timeout=PATIENT_MS)
    assert opened.scene.layer is None
    after = [s for s in opened.scenes if s.snapshot.frame and s.snapshot.frame.index >= CUT]
    assert after
    assert not any(marked(scene) for scene in after)
    before = [s for s in opened.scenes if s.snapshot.frame and s.snapshot.frame.index < CUT]
    assert any(marked(scene) for scene in before)
    engine.gate.release(1000)
