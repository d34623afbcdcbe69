"""The self-checks of chapter 13's exercises: right answers pass, however written, and the usual wrong ones do not."""

import math

import numpy as np
from examination import examination

from pruneutils.book.checks import chapter_13


def by_torch(bias, gamma, beta, mean, var, eps):
    import torch

    b, g, o, m, v = (torch.tensor(a)[None, :, None, None] for a in (bias, gamma, beta, mean, var))
    z = b.expand(1, -1, 2, 2)
    out = torch.nn.functional.batch_norm(z, m.flatten(), v.flatten(), g.flatten(), o.flatten(), False, 0.0, eps)
    return out.relu()[0, :, 0, 0].tolist()


def without_bias(bias, gamma, beta, mean, var, eps):
    return np.maximum(0, beta - gamma * mean / np.sqrt(var + eps))


def without_relu(bias, gamma, beta, mean, var, eps):
    return gamma * (bias - mean) / np.sqrt(var + eps) + beta


def variance_as_deviation(bias, gamma, beta, mean, var, eps):
    return np.maximum(0, gamma * (bias - mean) / (var + eps) + beta)


def eps_outside(bias, gamma, beta, mean, var, eps):
    with np.errstate(divide="ignore"):
        return np.maximum(0, gamma * (bias - mean) / (np.sqrt(var) + eps) + beta)


def no_eps(bias, gamma, beta, mean, var, eps):
    with np.errstate(divide="ignore"):
        return np.maximum(0, gamma * (bias - mean) / np.sqrt(var) + beta)


def relu_before(bias, gamma, beta, mean, var, eps):
    return np.maximum(0, gamma * (bias - mean) / np.sqrt(var + eps)) + beta


def bias_after(bias, gamma, beta, mean, var, eps):
    return np.maximum(0, beta - gamma * mean / np.sqrt(var + eps) + bias)


def in_place(bias, gamma, beta, mean, var, eps):
    bias -= mean
    return np.maximum(0, gamma * bias / np.sqrt(var + eps) + beta)


def by_colours(sums):
    colour = {name: name for pair in sums for name in pair}
    for a, b in sums:
        old, new = colour[a], colour[b]
        colour = {name: new if c == old else c for name, c in colour.items()}
    groups = {c: tuple(sorted(n for n in colour if colour[n] == c)) for c in colour.values()}
    return sorted(groups.values())


def pairs_only(sums):
    return sorted({tuple(sorted(pair)) for pair in sums})


def first_match(sums):
    groups = []
    for pair in sums:
        for group in groups:
            if group & set(pair):
                group.update(pair)
                break
        else:
            groups.append(set(pair))
    return sorted(tuple(sorted(group)) for group in groups)


def one_pass(sums):
    neighbours = {}
    for a, b in sums:
        neighbours.setdefault(a, {a}).add(b)
        neighbours.setdefault(b, {b}).add(a)
    return sorted({tuple(sorted(group)) for group in neighbours.values()})


def unsorted(sums):
    return [tuple(sorted(group, reverse=True)) for group in by_colours(sums)]


def none_for_none(sums):
    return by_colours(sums) or None


def consuming(sums):
    groups = by_colours(sums)
    sums.clear()
    return groups


def by_root(width, factor, to=8):
    return max(to, int(math.sqrt(width * width / factor) + 1e-9) // to * to)


def linear(width, factor, to=8):
    return max(to, int(width / factor) // to * to)


def nearest(width, factor, to=8):
    return max(to, round(width / math.sqrt(factor) / to) * to)


def upwards(width, factor, to=8):
    return math.ceil(width / math.sqrt(factor) / to) * to


def to_the_nearest_whole(width, factor, to=8):
    return max(to, round(width / factor**0.5) // to * to)


def whole_factor(width, factor, to=8):
    return max(to, math.isqrt(width * width // int(factor)) // to * to)


def strictly_less(width, factor, to=8):
    return max((k for k in range(to, width + 1, to) if k * k * factor < width * width), default=to)


def emptied(width, factor, to=8):
    return int(width / math.sqrt(factor)) // to * to


def not_rounded(width, factor, to=8):
    return max(to, int(width / math.sqrt(factor)))


def always_eight(width, factor, to=8):
    return by_root(width, factor, 8)


def as_float(width, factor, to=8):
    return float(by_root(width, factor, to))


RIGHT = [
    (chapter_13.speaks, by_torch),
    (chapter_13.speaks, lambda b, g, o, m, v, e: [max(0.0, x) for x in g * (b - m) * (v + e) ** -0.5 + o]),
    (chapter_13.partners, by_colours),
    (chapter_13.channels_for, by_root),
    (chapter_13.channels_for, lambda width, factor, to=8: np.int64(by_root(width, factor, to))),
]
WRONG = [
    (chapter_13.speaks, without_bias, "the bias is missing"),
    (chapter_13.speaks, without_relu, "ReLU"),
    (chapter_13.speaks, variance_as_deviation, "square root"),
    (chapter_13.speaks, eps_outside, "under the root"),
    (chapter_13.speaks, no_eps, "eps is added"),
    (chapter_13.speaks, relu_before, "ReLU"),
    (chapter_13.speaks, bias_after, "before batch-norm, not after"),
    (chapter_13.speaks, in_place, "has changed"),
    (chapter_13.speaks, lambda *arguments: 4.0, "one value a channel"),
    (chapter_13.partners, pairs_only, "all three are one group"),
    (chapter_13.partners, first_match, "join two groups"),
    (chapter_13.partners, one_pass, "all three are one group"),
    (chapter_13.partners, unsorted, "sort each tuple"),
    (chapter_13.partners, none_for_none, "return []"),
    (chapter_13.partners, consuming, "has changed"),
    (chapter_13.partners, lambda sums: [set(pair) for pair in sums], "list of tuples"),
    (chapter_13.channels_for, linear, "both sides are cut"),
    (chapter_13.channels_for, nearest, "round down"),
    (chapter_13.channels_for, upwards, "round down"),
    (chapter_13.channels_for, to_the_nearest_whole, "71 of 100"),
    (chapter_13.channels_for, whole_factor, "factor 2.25"),
    (chapter_13.channels_for, strictly_less, "exactly a quarter is allowed"),
    (chapter_13.channels_for, emptied, "must not be emptied"),
    (chapter_13.channels_for, not_rounded, "expected 40"),
    (chapter_13.channels_for, always_eight, "multiples of 16|any count"),
    (chapter_13.channels_for, as_float, "expected an integer"),
]
test_right_answers_pass, test_wrong_answers_are_told_why, test_no_check_is_left_out = examination(
    RIGHT, WRONG, chapter_13
)
