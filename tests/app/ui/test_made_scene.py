from app.core.caption import caption
from app.core.snapshot import ModelState
from app.ui.notices import MADE_MODEL, MADE_PICTURE, Answer
from lmsfa.registry import load_engine
from lmsfa.shipped import PHANTOM_WEIGHTS, WEIGHTS

PATIENT_MS = 60_000
SCENE = "phantom:calm,size=320x240,fps=10"


def at_once(weights, _runtime):
    """The engine, without the trial of which runtime is the fastest here."""
    return load_engine(weights, "openvino-fp32")


def test_made_scene_offers_the_model_that_knows_it_and_finds_its_structures(desk, qtbot):
    opened = desk(at_once, source=SCENE, weights=WEIGHTS)
    qtbot.waitUntil(lambda: MADE_PICTURE in opened.scene.bottom, timeout=PATIENT_MS)
    opened.controller.answer(Answer.LOAD_MATCHING)
    qtbot.waitUntil(
        lambda: opened.scene.layer is not None and MADE_PICTURE not in opened.scene.bottom,
        timeout=PATIENT_MS,
    )
    card = opened.scene.snapshot.model.card
    assert caption(card) == "trained on: phantom · SYNTHETIC"
    found = {each.class_id for each in opened.scene.snapshot.result.prediction.instances}
    assert found
    assert "SYNTHETIC" in opened.scene.snapshot.source.info.name


def test_model_of_made_pictures_says_that_it_knows_nothing_of_a_real_one(desk, qtbot, dark_clip):
    opened = desk(at_once, source=SCENE, weights=PHANTOM_WEIGHTS)
    qtbot.waitUntil(
        lambda: opened.scene.snapshot.model.state is ModelState.READY, timeout=PATIENT_MS
    )
    assert MADE_MODEL not in opened.scene.bottom
    opened.controller.open(str(dark_clip))
    qtbot.waitUntil(lambda: MADE_MODEL in opened.scene.bottom)
