"""The self-checks of chapter 15's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
from examination import examination
from scipy.special import log_softmax, softmax

from pruneutils.book.checks import chapter_15


def reach(rate, steps, shape, *, of=None, last=0.1, half=lambda steps: steps / 2):
    t = np.arange(steps)
    of = steps if of is None else of
    shares = {
        "constant": np.ones(steps),
        "linear": 1 - t / steps,
        "cosine": (1 + np.cos(np.pi * t / of)) / 2,
        "step": np.where(t < half(steps), 1, last),
    }
    return rate * shares[shape].sum()


def closed(rate, steps, shape):
    halves = (steps + 1) // 2
    return {
        "constant": rate * steps,
        "linear": rate * (steps + 1) / 2,
        "cosine": rate * (steps + 1) / 2,
        "step": rate * (halves + (steps - halves) / 10),
    }[shape]


def distillation(z, y, v, T, alpha, *, factor=2, mean=np.mean, soft_mean=np.mean, reverse=False, of=None, less=1):
    hard = mean(-log_softmax(z, axis=1)[np.arange(len(y)), y])
    p, q = log_softmax(v / (of or T), axis=1), log_softmax(z / T, axis=1)
    p, q = (q, p) if reverse else (p, q)
    soft = soft_mean((np.exp(p) * (less * p - q)).sum(axis=1))
    return (1 - alpha) * hard + alpha * T**factor * soft


def overflowing(z, y, v, T, alpha):
    def log_soft(a):
        return np.log(np.exp(a) / np.exp(a).sum(axis=1, keepdims=True))

    hard = -log_soft(z)[np.arange(len(y)), y].mean()
    soft = (softmax(v / T, axis=1) * (log_soft(v / T) - log_soft(z / T))).sum(axis=1).mean()
    return (1 - alpha) * hard + alpha * T**2 * soft


def wrong(check, words, **options):
    right = {"reach": reach, "distillation": distillation}[check]
    return getattr(chapter_15, check), lambda *given: right(*given, **options), words


GOOD = {"rate": 0.08, "refit": True, "alpha": 0.8}

RIGHT = [
    (chapter_15.reach, reach),
    (chapter_15.reach, closed),
    (chapter_15.distillation, distillation),
    (chapter_15.own_recipe, GOOD),
    (chapter_15.own_recipe, {"rate": 0.07, "refit": True, "alpha": 0.0}),
    (chapter_15.own_recipe, {"rate": 0.09, "refit": True, "alpha": 0.8}),
]

WRONG = [
    (chapter_15.reach, lambda rate, steps, shape: None, "nothing so far"),
    (chapter_15.reach, lambda rate, steps, shape: reach(1, steps, shape), "multiply by the rate"),
    (chapter_15.reach, lambda rate, steps, shape: np.full(steps, rate), "one number"),
    (chapter_15.reach, lambda rate, steps, shape: closed(rate, steps, "constant"), "0.505"),
    (chapter_15.reach, lambda r, n, shape: r * n / 2 if shape == "cosine" else reach(r, n, shape), "one step off"),
    (chapter_15.reach, lambda r, n, shape: r * n / 2 if shape == "linear" else reach(r, n, shape), "0.05, not"),
    wrong("reach", "not none", last=0),
    wrong("reach", "three have t", half=lambda steps: steps // 2),
    (chapter_15.distillation, lambda *given: None, "nothing so far"),
    wrong("distillation", "take their mean", mean=np.sum),
    wrong("distillation", "summed the soft part", soft_mean=np.sum),
    wrong("distillation", "factor T²", factor=0),
    wrong("distillation", "comes first", reverse=True),
    wrong("distillation", "perfect pupil", less=0),
    wrong("distillation", "the temperature, too", of=1),
    (chapter_15.distillation, lambda z, y, v, T, a: distillation(z, y, v, T, 1 - a), "the teacher's share"),
    (chapter_15.distillation, lambda z, y, v, T, a: distillation(z, y, v, T, round(a)), "alpha = 0.25"),
    (chapter_15.distillation, overflowing, "stay with logarithms"),
    (chapter_15.own_recipe, {"rate": 0.03}, "expected a dict with"),
    (chapter_15.own_recipe, GOOD | {"rate": "high"}, "above 0"),
    (chapter_15.own_recipe, GOOD | {"refit": 1}, "True or False"),
    (chapter_15.own_recipe, GOOD | {"alpha": 2}, "from 0 to 1"),
    (chapter_15.own_recipe, {"rate": 0.048, "refit": False, "alpha": 0}, "find another"),
    (chapter_15.own_recipe, {"rate": 0.003, "refit": False, "alpha": 0.0}, "the reach is short"),
    (chapter_15.own_recipe, {"rate": 1.0, "refit": True, "alpha": 0.0}, "the rate is high"),
    (chapter_15.own_recipe, {"rate": 0.015, "refit": True, "alpha": 0.5}, "the reach is short"),
    (chapter_15.own_recipe, {"rate": 0.08, "refit": False, "alpha": 0.0}, "go part of the way before"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_15)
