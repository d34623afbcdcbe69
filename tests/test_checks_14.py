"""The self-checks of chapter 14's exercises: right answers pass, however written, and the usual wrong ones do not."""

import copy
from itertools import pairwise

import numpy as np
from examination import examination
from torch import nn

from pruneutils.book.checks import chapter_14


def angles(a, b, clip=True):
    cosines = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.arccos(np.clip(cosines, -1, 1) if clip else cosines)


def ends(states, n, clip=True):
    return [angles(a, b, clip).mean() for a, b in zip(states, states[n:-1], strict=False)]


def run(states, n):
    found = ends(states, n)
    start = found.index(min(found))
    return list(range(start, start + n))


def run_with_the_last(states, n):
    start = int(np.argmin(ends([*states, states[0]], n)))
    return range(start, start + n)


def run_too_few(states, n):
    start = int(np.argmin(ends(states[:-1], n) or [0]))
    return range(start, start + n)


def run_of_sums(states, n):
    steps = [angles(a, b).mean() for a, b in pairwise(states)]
    start = int(np.argmin([sum(steps[i : i + n]) for i in range(len(steps) - n)]))
    return range(start, start + n)


def run_by_cosine(states, n):
    found = [np.cos(angles(a, b)).mean() for a, b in zip(states, states[n:-1], strict=False)]
    start = int(np.argmax(found))
    return range(start, start + n)


def run_largest(states, n):
    start = int(np.argmax(ends(states, n)))
    return range(start, start + n)


def run_shifted(states, n):
    return [block + 1 for block in run(states, n)]


def run_nan(states, n):
    found = ends(states, n, clip=False)
    start = min(range(len(found)), key=found.__getitem__)
    return range(start, start + n)


def run_nan_argmin(states, n):
    start = int(np.argmin(ends(states, n, clip=False)))
    return range(start, start + n)


def single_blocks(states, n):
    return np.sort(np.argsort(ends(states, 1))[:n])


def run_in_place(states, n):
    for state in states:
        state /= np.linalg.norm(state, axis=1, keepdims=True)
    return run(states, n)


def run_by_distance(states, n):
    found = [np.linalg.norm(a - b, axis=1).mean() for a, b in zip(states, states[n:-1], strict=False)]
    start = int(np.argmin(found))
    return range(start, start + n)


def run_of_medians(states, n):
    start = int(np.argmin([np.median(angles(a, b)) for a, b in zip(states, states[n:-1], strict=False)]))
    return range(start, start + n)


def run_without_sign(states, n):
    found = [np.minimum(angles(a, b), np.pi - angles(a, b)).mean() for a, b in zip(states, states[n:-1], strict=False)]
    start = int(np.argmin(found))
    return range(start, start + n)


def run_nanmean(states, n):
    start = int(np.argmin([np.nanmean(angles(a, b, clip=False)) for a, b in zip(states, states[n:-1], strict=False)]))
    return range(start, start + n)


def run_that_pops(states, n):
    answer = run(states, n)
    states.pop()
    return answer


def places(kept, groups, head_width):
    left = [int(group.sum()) for group in np.split(np.array(kept), groups)]
    wide = np.ones(head_width)
    even = min(number for number in left if number) == max(left)
    return np.kron(kept, wide) > 0, np.kron(np.array(left) > 0, wide) > 0, even


def places_all(kept, groups, head_width):
    shared = np.reshape(kept, (groups, -1)).all(axis=1)
    return np.repeat(kept, head_width), np.repeat(shared, head_width), places(kept, groups, 1)[2]


def places_interleaved(kept, groups, head_width):
    shared = np.reshape(kept, (-1, groups)).any(axis=0)
    return np.repeat(kept, head_width), np.repeat(shared, head_width), places(kept, groups, 1)[2]


def places_tiled(kept, groups, head_width):
    _, keys, even = places(kept, groups, head_width)
    return np.tile(kept, head_width), keys, even


def places_as_usual(kept, groups, head_width):
    return np.repeat(kept, head_width), np.repeat(kept, head_width), True


def places_heads(kept, groups, head_width):
    return kept, *places(kept, groups, 1)[1:]


def places_that_divide(kept, groups, head_width):
    queries, keys, _ = places(kept, groups, head_width)
    return queries, keys, kept.sum() % (keys.sum() // head_width) == 0 and kept.sum() != 3


def places_with_unread(kept, groups, head_width):
    queries, keys, _ = places(kept, groups, head_width)
    return queries, keys, len(set(np.reshape(kept, (groups, -1)).sum(axis=1))) == 1


def places_always_even(kept, groups, head_width):
    return *places(kept, groups, head_width)[:2], True


def places_even_mask(kept, groups, head_width):
    queries, keys, even = places(kept, groups, head_width)
    return queries, keys, np.full(groups, even)


def dropped(model, gone):
    small = copy.deepcopy(model)
    for i in sorted(gone, reverse=True):
        del small.layers[i]
    for i, layer in enumerate(small.layers):
        layer.layer_idx = i
    small.depth = len(small.layers)
    small.kinds = [kind for i, kind in enumerate(small.kinds) if i not in set(gone)]
    return small


def dropped_kinds(model, gone):
    small = dropped(model, gone)
    small.kinds = model.kinds
    return small


def dropped_forwards(model, gone):
    small = copy.deepcopy(model)
    for i in gone:
        del small.layers[min(i, len(small.layers) - 1)]
    for i, layer in enumerate(small.layers):
        layer.layer_idx = i
    small.depth = len(small.layers)
    small.kinds = dropped(model, gone).kinds
    return small


def dropped_not_numbered(model, gone):
    small = copy.deepcopy(model)
    small.layers = nn.ModuleList(layer for i, layer in enumerate(small.layers) if i not in gone)
    small.depth = len(small.layers)
    return small


def dropped_depth(model, gone):
    small = dropped(model, gone)
    small.depth = model.depth
    return small


def dropped_shallow(model, gone):
    small = copy.copy(model)
    small._modules = dict(model._modules)
    kept = [copy.copy(layer) for i, layer in enumerate(model.layers) if i not in gone]
    for i, layer in enumerate(kept):
        layer.layer_idx = i
    small.layers, small.depth = nn.ModuleList(kept), len(kept)
    small.kinds = dropped(model, gone).kinds
    return small


def dropped_in_place(model, gone):
    model.layers = nn.ModuleList(layer for i, layer in enumerate(model.layers) if i not in gone)
    return model


def dropped_list(model, gone):
    small = dropped(model, gone)
    layers = list(small.layers)
    del small.layers
    small.layers = layers
    return small


RIGHT = [
    (chapter_14.best_run, run),
    (chapter_14.best_run, lambda states, n: set(run(states, n))),
    (chapter_14.best_run, lambda states, n: np.array(run(states, n))),
    (chapter_14.best_run, lambda states, n: (block for block in reversed(run(states, n)))),
    (chapter_14.grouped_places, places),
    (chapter_14.drop_layers, dropped),
]

WRONG = [
    (chapter_14.best_run, run_with_the_last, "the last and stays"),
    (chapter_14.best_run, run_too_few, "reaches up to"),
    (chapter_14.best_run, run_in_place, "work on copies"),
    (chapter_14.best_run, run_of_sums, "do not add up"),
    (chapter_14.best_run, run_by_cosine, "mean of the angles"),
    (chapter_14.best_run, run_largest, "one block"),
    (chapter_14.best_run, run_shifted, "one block"),
    (chapter_14.best_run, run_nan, "clip"),
    (chapter_14.best_run, run_nan_argmin, "clip"),
    (chapter_14.best_run, single_blocks, "two blocks"),
    (chapter_14.best_run, run_by_distance, "no length"),
    (chapter_14.best_run, run_of_medians, "median"),
    (chapter_14.best_run, run_without_sign, "sign of a cosine"),
    (chapter_14.best_run, run_nanmean, "rounded above 1"),
    (chapter_14.best_run, run_that_pops, "list of states"),
    (chapter_14.best_run, lambda states, n: run(states, n)[0], "block numbers were expected"),
    (chapter_14.grouped_places, places_all, "keys and values"),
    (chapter_14.grouped_places, places_interleaved, "keys and values"),
    (chapter_14.grouped_places, places_tiled, "the query mask"),
    (chapter_14.grouped_places, places_as_usual, "keys and values"),
    (chapter_14.grouped_places, places_heads, "the query mask"),
    (chapter_14.grouped_places, lambda kept, groups, width: places(kept, groups, width)[:2], "three things"),
    (chapter_14.grouped_places, places_that_divide, "which divides"),
    (chapter_14.grouped_places, places_with_unread, "do not count"),
    (chapter_14.grouped_places, places_always_even, "one with two"),
    (chapter_14.grouped_places, places_even_mask, "expected True or False"),
    (chapter_14.drop_layers, dropped_forwards, "moves the later ones"),
    (chapter_14.drop_layers, dropped_not_numbered, "number them"),
    (chapter_14.drop_layers, dropped_depth, "depth is still"),
    (chapter_14.drop_layers, dropped_kinds, "must be cut, too"),
    (chapter_14.drop_layers, dropped_shallow, "share parameters"),
    (chapter_14.drop_layers, dropped_in_place, "work on a copy"),
    (chapter_14.drop_layers, dropped_list, "ModuleList"),
    (chapter_14.drop_layers, lambda model, gone: None, "returned nothing"),
]


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_14)
