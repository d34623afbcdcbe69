"""Five digit networks that are sparse from the first step and move their masks by a plan, for an exercise."""

from functools import lru_cache

import numpy as np

from pruneutils import allocation, masks, scores
from pruneutils.schedules import CosineDecay

SHAPES = {"0": (64, 64), "2": (32, 64), "4": (10, 32)}
STEPS = 600


def book():
    """The plan of the chapter, seventeen moves."""
    fraction = CosineDecay(initial_share=0.3, end_step=450)
    return tuple((step, fraction(step)) for step in range(25, 450, 25))


@lru_cache
def reached(plan):
    """Mean validation accuracy of five digit networks whose random masks move by this plan."""
    import torch

    from pruneutils import pytorch
    from pruneutils.book import data, train
    from pruneutils.pytorch import curvature

    splits, nets = [data.digits(seed=k) for k in range(5)], []
    share = allocation.erdos_renyi_kernel(SHAPES, 0.95)
    for seed in range(5):
        nets.append(train.mlp(64, 64, 32, 10, seed=seed))
        for name, shape in SHAPES.items():
            mask = masks.unstructured(scores.random(np.zeros(shape), seed=10 * seed + int(name)), share[name])
            lost = shape[1] / np.maximum(mask.sum(axis=1, keepdims=True), 1)
            with torch.no_grad():
                nets[-1].get_submodule(name).weight *= torch.from_numpy(lost**0.5)
            pytorch.apply_masks(nets[-1], {name: mask})

    def moving(step, part):
        def update(nets):
            for net, split in zip(nets, splits, strict=True):
                W, held = pytorch.weights(net), pytorch.masks_of(net)
                rows = np.random.default_rng(step).integers(len(split.X_train), size=128)
                G = curvature.gradients(net, split.X_train[rows], split.y_train[rows])
                made = {n: masks.drop_and_grow(held[n], abs(W[n]), abs(G[n]), part) for n in held}
                pytorch.apply_masks(net, made)

        return update

    X, y = [split.X_train for split in splits], [split.y_train for split in splits]
    train.fit(nets, X, y, steps=STEPS, lr=0.02, before_step={step: moving(step, part) for step, part in plan})
    return float(np.mean([train.accuracy([net], s.X_val, s.y_val) for net, s in zip(nets, splits, strict=True)]))
