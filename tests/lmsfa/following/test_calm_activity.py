import numpy as np

from lmsfa.following.activity import CALM_S, CalmActivity
from lmsfa.following.tracker import Tracker
from lmsfa.prediction import Prediction


def told(name, score=0.9, index=0):
    return Prediction(index, index / 25, (), name, "model", (), score)


def calmed(*answers, rate_fps=25):
    """What is shown after each of these (name, score)."""
    calm = CalmActivity()
    return [
        calm.calmed(told(name, score), number / rate_fps)
        for number, (name, score) in enumerate(answers)
    ]


def test_a_single_answer_of_another_mind_does_not_turn_the_activity_over():
    shown = calmed(*[("cutting", 0.8)] * 10, ("washing", 0.9), *[("cutting", 0.8)] * 5)
    assert {answer.activity for answer in shown} == {"cutting"}


def test_another_activity_is_named_once_it_has_the_greater_mean():
    shown = calmed(*[("cutting", 0.9)] * 25, *[("washing", 0.9)] * 25)
    names = [answer.activity for answer in shown]
    turns = [number for number in range(1, 50) if names[number] != names[number - 1]]
    assert turns == [37]


def test_confidence_is_the_mean_of_what_the_last_second_gave_the_activity():
    assert calmed(("cutting", 0.8), ("cutting", 0.6))[-1].activity_score == 0.7
    doubted = calmed(("cutting", 0.9), ("washing", 0.5))[-1]
    assert (doubted.activity, doubted.activity_score) == ("cutting", 0.45)


def test_answers_over_a_second_old_do_not_count():
    slow = calmed(("cutting", 0.99), ("washing", 0.4), rate_fps=1 / CALM_S)
    assert (slow[-1].activity, slow[-1].activity_score) == ("washing", 0.4)


def test_a_model_without_activities_is_left_alone():
    answer = Prediction(0, 0.0, (), None, "model")
    assert CalmActivity().calmed(answer, 0.0) is answer


def test_another_source_begins_anew():
    tracker, rgb = Tracker(), np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for index in range(10):
        shown = tracker.tracked(told("cutting", 0.9, index), rgb, 1)
    assert (shown.activity, round(shown.activity_score, 6)) == ("cutting", 0.9)
    shown = tracker.tracked(told("washing", 0.9, 10), rgb, 1)
    assert shown.activity == "cutting"
    shown = tracker.tracked(told("washing", 0.6, 11), rgb, 2)
    assert (shown.activity, shown.activity_score) == ("washing", 0.6)
