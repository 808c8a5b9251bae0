"""What an engine in a process of its own answers arrives as it was."""

from dataclasses import astuple

import numpy as np
from made_scenes import scene

from app.core.supervision.answers import as_message, from_message
from lmsfa.prediction import Instance, MaskPlacement, Prediction


def same(one, other):
    assert (one.class_id, one.score, one.box_xyxy) == (
        other.class_id,
        other.score,
        other.box_xyxy,
    )
    assert astuple(one.placement) == astuple(other.placement)
    assert np.array_equal(one.mask, other.mask)


def test_instances_and_candidates_arrive_as_they_were():
    found = scene(7, 720, 1280).instances
    empty = Instance(
        0, 0.5, (0.0, 0.0, 1.0, 1.0), np.zeros((0, 3), np.uint8), MaskPlacement(0.0, 0.0, 4.0, 4.0)
    )
    sent = Prediction(
        5, 2.5, (*found[:4], empty), "cutting", "model", (*found[4:], empty), unlikeness=1.5
    )
    head, masks = as_message(sent)
    come = from_message(head, b"".join(masks))
    assert (come.frame_index, come.captured_s, come.activity) == (5, 2.5, "cutting")
    assert (come.model_id, come.unlikeness) == ("model", 1.5)
    for told, meant in ((come.instances, sent.instances), (come.candidates, sent.candidates)):
        assert len(told) == len(meant)
        for one, other in zip(told, meant, strict=True):
            same(one, other)


def test_nothing_found_arrives_as_nothing_found():
    head, masks = as_message(Prediction(0, 0.0, (), None, "model"))
    come = from_message(head, b"".join(masks))
    assert come.instances == come.candidates == ()
