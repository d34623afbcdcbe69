"""The self-checks of chapter 16's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
import torch
from examination import examination

from pruneutils import masks, pytorch, scores
from pruneutils.book.checks import chapter_16


def rewind(start, net, sparsity, *, base=None, of=None, ranked=masks.global_unstructured):
    sizes = {name: scores.magnitude(W) for name, W in pytorch.weights(of or net).items()}
    copy = pytorch.clone(base or start)
    pytorch.apply_masks(copy, ranked(sizes, sparsity))
    return copy


def by_values(start, net, sparsity):
    """Copies the start's values into a copy of the net."""
    copy = rewind(start, net, sparsity, base=net)
    with torch.no_grad():
        for layer, own in ((copy[0], start[0]), (copy[2], start[2])):
            layer.weight_orig.copy_(own.weight)
            layer.bias.copy_(own.bias)
    pytorch.refresh(copy)
    return copy


def biases_left(start, net, sparsity):
    copy = by_values(start, net, sparsity)
    with torch.no_grad():
        copy[0].bias.copy_(net[0].bias)
    return copy


def in_place(start, net, sparsity):
    copy = rewind(start, net, sparsity)
    with torch.no_grad():
        start[0].weight.zero_()
    return copy


def layerwise(sizes, sparsity):
    return {name: masks.unstructured(S, sparsity) for name, S in sizes.items()}


def flow(A, B):
    A, B = np.abs(A), np.abs(B)
    return A * B.sum(axis=0)[:, None], B * A.sum(axis=1)


def flow_by_products(A, B):
    A, B = np.abs(A), np.abs(B)
    return np.diag(B.sum(0)) @ A, B @ np.diag(A.sum(1))


def flow_in_place(A, B):
    np.abs(A, out=A)
    return flow(A, B)


def scaled(signs, mask):
    return signs / np.sqrt(mask.shape[1] * mask.mean())


RIGHT = [
    (chapter_16.rewound, rewind),
    (chapter_16.rewound, by_values),
    (chapter_16.synflow_scores, flow),
    (chapter_16.synflow_scores, flow_by_products),
    (chapter_16.my_start, scaled),
    (chapter_16.my_start, lambda signs, mask: signs / np.sqrt(np.maximum(1, mask.sum(axis=1, keepdims=True)))),
]

WRONG = [
    (chapter_16.rewound, lambda start, net, s: None, "nothing so far"),
    (chapter_16.rewound, lambda start, net, s: start, "make a copy"),
    (chapter_16.rewound, lambda start, net, s: pytorch.clone(start), "no mask"),
    (chapter_16.rewound, lambda start, net, s: rewind(start, net, s, base=net), "not rewinding"),
    (chapter_16.rewound, lambda start, net, s: rewind(start, net, s, of=start), "the trained network"),
    (chapter_16.rewound, lambda start, net, s: rewind(start, net, s, ranked=layerwise), "all layers together"),
    (chapter_16.rewound, in_place, "has changed"),
    (chapter_16.rewound, biases_left, "biases"),
    (chapter_16.synflow_scores, lambda A, B: None, "nothing so far"),
    (chapter_16.synflow_scores, lambda A, B: flow(A, B)[0], "two arrays|reader|raised|shape"),
    (chapter_16.synflow_scores, lambda A, B: (A * B.sum(axis=0)[:, None], B * A.sum(axis=1)), "absolute values"),
    (chapter_16.synflow_scores, lambda A, B: (0 * A + abs(B).T, abs(A).sum(axis=1)[None]), "the slopes"),
    (chapter_16.synflow_scores, lambda A, B: (np.abs(A), np.abs(B)), "leads on"),
    (chapter_16.synflow_scores, lambda A, B: (flow(A, B)[0], np.abs(B)), "reaches it"),
    (chapter_16.synflow_scores, flow_in_place, "work on copies"),
    (chapter_16.my_start, lambda signs, mask: None, "nothing so far"),
    (chapter_16.my_start, lambda signs, mask: signs.ravel(), "shape"),
    (chapter_16.my_start, lambda signs, mask: 0.1 * np.ones(signs.shape), "keep the signs"),
    (chapter_16.my_start, lambda signs, mask: -0.2 * signs, "keep the signs"),
    (chapter_16.my_start, lambda signs, mask: 1e-3 * signs, "try larger ones"),
    (chapter_16.my_start, lambda signs, mask: 3 * signs, "try smaller ones"),
    (chapter_16.my_start, lambda signs, mask: np.inf * signs, "not finite"),
]  # fmt: skip


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_16)
