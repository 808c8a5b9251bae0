"""Answers without a model: squares on small frames, right or moved as a test wants them."""

import numpy as np

from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask

SIDE = 64


def square(top, left, side=16):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def coded(class_id, mask, score=1.0):
    return CodedMask.of(class_id, mask, score)


def frame(name, group, truths, answers, void=None):
    """`truths` are (class id, mask) pairs, `answers` (class id, mask, score)."""
    void = np.zeros((SIDE, SIDE), bool) if void is None else void
    whole = tuple(coded(*entry) for entry in answers)
    cleaned = tuple(coded(c, mask & ~void, score) for c, mask, score in answers)
    seen = tuple(entry for entry in cleaned if entry.area_px)
    true = tuple(coded(*entry) for entry in truths)
    return AnsweredFrame(name, group, SIDE, SIDE, true, seen, whole, coded(-1, void))


def answers(frames, classes=("vein", "nerve"), draw_order=(0, 1)):
    return Answers(tuple(classes), tuple(draw_order), tuple(frames))


def random_answers(seed, frames=12, groups=2):
    """Squares of three classes, found more or less well, missed, doubled and invented."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(frames):
        truths = [
            (int(rng.integers(3)), square(*rng.integers(0, 44, 2))) for _ in range(rng.integers(4))
        ]
        found = []
        for class_id, mask in truths:
            for _ in range(rng.integers(3)):
                moved = np.roll(mask, rng.integers(-4, 5, 2), (0, 1))
                # Two decimals, so that equal scores happen.
                found.append((class_id, moved, round(float(rng.random()), 2)))
        found += [
            (int(rng.integers(3)), square(*rng.integers(0, 44, 2)), round(float(rng.random()), 2))
            for _ in range(rng.integers(3))
        ]
        found.sort(key=lambda entry: -entry[2])
        made.append(frame(f"{number % groups}/{number}.png", str(number % groups), truths, found))
    return answers(made, ("vein", "nerve", "bone"), (0, 1, 2))


def graded(group, temperature):
    """Frames whose scores would be right as often as they say if softened by `temperature`."""
    made = []
    for tenths in (2, 4, 6, 8):
        odds = (tenths / (10 - tenths)) ** temperature
        for n in range(20):
            found = square(2 if n < 2 * tenths else 40, 2)
            entry = (0, found, odds / (1 + odds))
            made.append(frame(f"{group}/{tenths}{n}.png", group, [(0, square(2, 2))], [entry]))
    return made
