"""The overlay is withdrawn where nothing reliable can be seen, and comes back with the scene."""

import math
import time

from made_clips import now, square_picture, until, write_clip
from made_engines import SquareEngine, loader

from app.core.snapshot import ModelState, SourceState
from lmsfa.quality.circle import Circle

ANY = "weights.safetensors"


def shown(pipeline):
    """Every frame's first snapshot until the recording ends."""
    seen = []
    give_up_s = time.monotonic() + 30
    while (snapshot := now(pipeline)).source.state is not SourceState.ENDED:
        assert time.monotonic() < give_up_s
        if snapshot.frame is not None and (not seen or snapshot.frame is not seen[-1].frame):
            seen.append(snapshot)
        time.sleep(0.001)
    return seen


def played(pipelines, path, pictures):
    write_clip(path, pictures)
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.max_age_ms = math.inf
    pipeline.load(ANY)
    until(lambda: now(pipeline).model.state is ModelState.READY)
    pipeline.open(str(path))
    return shown(pipeline)


def test_no_overlay_while_the_lens_is_out_of_the_body(tmp_path, pipelines):
    inside = square_picture(60, 40, 60, height=160, width=240)
    room = inside.copy()
    room[inside[..., 0] < 200] = (110, 118, 122)
    seen = played(pipelines, tmp_path / "out.mkv", [inside] * 20 + [room] * 25 + [inside] * 25)
    lines = [snapshot.source.view.condition.line for snapshot in seen]
    assert list(dict.fromkeys(lines)) == ["", "OVERLAY OFF: OUT OF BODY"]
    first = lines.index("OVERLAY OFF: OUT OF BODY")
    last = len(lines) - lines[::-1].index("OVERLAY OFF: OUT OF BODY")
    assert all(snapshot.result is None for snapshot in seen[first:last])
    assert any(snapshot.result is not None for snapshot in seen[:first])
    assert any(snapshot.result is not None for snapshot in seen[last:])


def test_the_field_of_view_travels_with_the_picture(tmp_path, pipelines):
    circle = Circle(160, 120, 110)
    rgb = square_picture(130, 90, 50, height=240, width=320)
    rgb[circle.mask(240, 320) == 0] = 0
    seen = played(pipelines, tmp_path / "round.mkv", [rgb] * 15)
    found = seen[-1].source.view.field.circle
    assert found is not None
    assert found.is_near(circle, 3)
