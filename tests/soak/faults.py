"""Faults of every kind, one after the other in random order, and what the window makes of each."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from app.core.pipeline import Pipeline
from app.core.self_test.time_code import read_code
from app.core.sources.phantom import read_spec
from app.core.supervision.engine import ChildLoader
from app.ui.application import make_application
from app.ui.controller import Controller
from app.ui.notices import Answer
from app.ui.self_test.checks import Checks
from app.ui.window import Window
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.overlay import OverlayMode
from tests.soak.watching import SenderProgram

SPEC = "phantom:calm,seed=11,size=640x360,fps=30"
NETWORK_S = 0.3
"""The bound for a stream over the network, from APP.md's promise."""
SEEN_S = 0.05
"""From the sender to the screen, at most: the promised delay of the picture."""
RECOVERY_S = 12.0
LEAST_IOU = 0.5
"""Of painted structures with the true ones of the same picture; an old overlay has less."""
LEAST_SHARE = 0.02
"""Of the picture; of smaller structures the outline's pixels decide."""
OLDEST_S = 0.2
"""Between a picture and the one that its overlay was made for: 120 ms, and while it is shown."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        words: one of these must be on screen; none where the fault may pass without a word.
        bound_s: within so long.
        seconds: how long it lasts, least and most.
    """

    words: tuple[str, ...]
    bound_s: float = NETWORK_S + SEEN_S
    seconds: tuple[float, float] = (0.6, 1.2)


STILL = (1.3, 2.0)
SENDER = {
    "stall": Fault(("SIGNAL STALLED",)),
    "freeze": Fault(("PICTURE FROZEN",), 1.0 + SEEN_S, STILL),
    "black": Fault(("BLACK PICTURE",)),
    "blue": Fault(("BLUE SCREEN",)),
    "bars": Fault(("COLOUR BARS",)),
    "slate": Fault(("NO SIGNAL PICTURE",), 1.0 + SEEN_S, STILL),
    "swapped": Fault(("COLOURS SWAPPED",)),
    "size": Fault(("PICTURE SIZE CHANGED",), seconds=STILL),
    "cut": Fault(("SIGNAL LOST",), seconds=(0.3, 2.5)),
    "truncated": Fault((), seconds=(0.3, 0.8)),
    "garbage": Fault(()),
    "rate": Fault((), seconds=STILL),
    "step": Fault((), seconds=(2.2, 2.4)),
}
LOST = 0.5
ENGINE = {
    "SIGSEGV": Fault(("crashed (SIGSEGV)",), LOST),
    "SIGKILL": Fault(("was killed (SIGKILL)",), LOST),
    "exit": Fault(("ended (exit code 3)",), LOST),
    "memory": Fault(("ran out of memory",), LOST),
    "error": Fault(("failed (ValueError)",), LOST),
    "hang": Fault(("did not answer within 1 s", "has not answered for over 1 s"), 2.0),
    "SIGSTOP": Fault(("did not answer within 1 s", "has not answered for over 1 s"), 2.0),
    "NaNalways": Fault(("answered with NaN",), LOST, (0.3, 0.6)),
}
LATCHED = "after 3 restarts within a minute"


class Audience:
    """Sees every scene: what it says and when, and whether its overlay is true."""

    def __init__(self, window, controller, phantom):
        self._window, self._phantom = window, phantom
        self.scene = None
        self.said = []
        self.checked, self.stale = 0, []
        self.ious = []
        self._turn = 0
        window.view.painted.connect(self._on_painted)
        controller.start(self._show, window.show_bare)

    def _show(self, scene):
        self.scene = scene
        self._window.show_scene(scene)
        texts = (*self._window.chips.texts, *self._window.top.texts)
        if not self.said or self.said[-1][1] != texts:
            self.said.append((time.monotonic(), texts))

    def named_at_s(self, words, since_s):
        """When one of the words was first on screen after a moment; None where none was."""
        for at_s, texts in self.said:
            if at_s >= since_s and any(word in text for text in texts for word in words):
                return at_s
        return None

    @property
    def has_overlay(self):
        return self.scene is not None and self.scene.layer is not None

    def _on_painted(self, judged_s):
        scene = self.scene
        if scene is None or scene.layer is None or judged_s > scene.snapshot.expires_s:
            return
        self._turn += 1
        if self._turn % 3 == 0:
            self._check(scene)

    def _check(self, scene):
        frame, result = scene.snapshot.frame, scene.snapshot.result
        shown, answered = read_code(frame.rgb), read_code(result.frame.rgb)
        if shown is None or answered is None:
            return
        self.checked += 1
        age_s = (shown - answered) / 30
        iou = self._iou(scene, shown)
        if iou is not None:
            self.ious.append(iou)
        if not 0 <= age_s <= OLDEST_S or (iou is not None and iou < LEAST_IOU):
            texts = self.said[-1][1] if self.said else ()
            self.stale.append({"age_s": round(age_s, 3), "iou": iou, "said": list(texts)})

    def _iou(self, scene, number):
        """Mean over structures of how painted and true pixels agree; None without a large one."""
        view = self._phantom.at(number / 30, number)
        layer, card = scene.layer, scene.snapshot.model.card
        if view.numbers.shape != layer.shape[:2]:
            return None
        classes = np.array((-1, *view.classes))[view.numbers]
        found = []
        for class_id, spec in enumerate(card.classes):
            true = classes == class_id
            if true.mean() < LEAST_SHARE:
                continue
            painted = (layer[..., :3] == np.uint8(spec.colour)).all(axis=2)
            found.append(np.count_nonzero(true & painted) / np.count_nonzero(true | painted))
        return round(float(np.mean(found)), 3) if found else None


class Trial:
    """A window over a sender and an oracle, and the faults that they suffer."""

    wait_until = staticmethod(Checks.wait_until)

    def __init__(self, folder, seed):
        self._rng = np.random.default_rng([seed, 7])
        self._folder = folder
        (folder / "spec").write_text(SPEC)
        asked = read_spec(SPEC)
        self._sender = SenderProgram("--pictures", SPEC)
        self._pipeline = Pipeline(engine_loader=ChildLoader(loader="tests.soak.oracle:load"))
        self._controller = Controller(self._pipeline)
        self._window = Window(self._controller)
        self._phantom = Phantom(SCENES[asked.scene], asked.seed, asked.width, asked.height)
        self.audience = Audience(self._window, self._controller, self._phantom)
        self._controller.choose_overlay_mode(OverlayMode.FILL)
        self._controller.step_opacity(10)
        self._controller.open(self._sender.url)
        self._controller.load(folder)
        self._window.show()

    def suffer(self, kind):
        """One fault, from a healthy picture to a healthy picture; returns what was seen."""
        if not self.wait_until(lambda: self.audience.has_overlay, 30):
            return {"fault": kind, "kept": False, "why": "no overlay before it"}
        calm_s = time.monotonic() + float(self._rng.uniform(0.3, 1.0))
        self.wait_until(lambda: time.monotonic() > calm_s, 3)
        fault = SENDER.get(kind) or ENGINE[kind]
        seconds = float(self._rng.uniform(*fault.seconds))
        stale_before = len(self.audience.stale)
        begun_s = self._begin(kind, seconds)
        named = not fault.words or self.wait_until(
            lambda: self.audience.named_at_s(self._words(fault), begun_s) is not None,
            fault.bound_s + 3,
        )
        self.wait_until(lambda: time.monotonic() > begun_s + seconds, seconds + 1)
        (self._folder / "fault").unlink(missing_ok=True)
        return self._seen(kind, fault, begun_s, seconds, named=named, stale_before=stale_before)

    def _words(self, fault):
        return (*fault.words, LATCHED)

    def _begin(self, kind, seconds):
        if kind in ENGINE:
            begun_s = time.monotonic()
            (self._folder / "fault").write_text(kind)
            return begun_s
        step_s = float(self._rng.choice([-1, 1]) * 10 ** self._rng.uniform(-0.5, 3))
        return self._sender.do(kind, seconds=seconds, step_s=step_s if kind == "step" else 0.0)

    def _seen(self, kind, fault, begun_s, seconds, *, named, stale_before):
        named_at_s = self.audience.named_at_s(self._words(fault), begun_s) if fault.words else None
        took_s = None if named_at_s is None else named_at_s - begun_s
        ended_s = time.monotonic()
        if self._controller._snapshot.model.stopped:
            self._controller.answer(Answer.START_MODEL)
        back = self.wait_until(self._is_well, RECOVERY_S)
        stale = self.audience.stale[stale_before:]
        in_time = took_s is None or took_s <= fault.bound_s
        return {
            "fault": kind,
            "seconds": round(seconds, 2),
            "named_after_s": None if took_s is None else round(took_s, 3),
            "bound_s": fault.bound_s,
            "back_after_s": round(time.monotonic() - ended_s, 2) if back else None,
            "stale": stale,
            "kept": bool(named and in_time and back and not stale),
        }

    def _is_well(self):
        words = [text for text in self._window.chips.texts if text not in ("MOVED",)]
        return self.audience.has_overlay and not self._window.top.texts and not words

    def close(self):
        self._window.close()
        self._pipeline.close()
        self._sender.close()


def suffer_faults(count, seed=3):
    """So many faults of all kinds, in random order, each kind as often as any other."""
    make_application()
    kinds = [*SENDER, *ENGINE]
    rng = np.random.default_rng(seed)
    order = [
        kinds[k] for turn in range(count // len(kinds) + 1) for k in rng.permutation(len(kinds))
    ]
    with TemporaryDirectory() as folder:
        trial = Trial(Path(folder), seed)
        try:
            seen = [trial.suffer(kind) for kind in order[:count]]
        finally:
            trial.close()
    audience = trial.audience
    return {
        "faults": count,
        "kinds": dict(Counter(row["fault"] for row in seen)),
        "slowest_to_be_named_s": {
            kind: max(row.get("named_after_s") or 0 for row in seen if row["fault"] == kind)
            for kind in kinds
            if any(row["fault"] == kind for row in seen)
        },
        "overlays_checked": audience.checked,
        "overlay_iou_mean": round(float(np.mean(audience.ious)), 3) if audience.ious else None,
        "overlay_iou_least": min(audience.ious, default=None),
        "stale_overlays": len(audience.stale),
        "not_kept": [row for row in seen if not row["kept"]],
        "kept": all(row["kept"] for row in seen),
    }
