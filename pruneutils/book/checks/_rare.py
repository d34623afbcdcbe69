"""Pruned digit networks that have seen one class rarely, for an exercise: fine-tuned on what the reader hands in."""

from functools import lru_cache

import numpy as np

from pruneutils import masks, scores

SPARSITY, RARE = 0.92, (8, 1, 5, 3)  # a run each


@lru_cache
def splits():
    """The imbalanced splits, and the whole ones."""
    from pruneutils.book import data

    whole = [data.digits(seed=k) for k in range(len(RARE))]
    return [data.imbalanced(d, rare, seed=k) for k, (d, rare) in enumerate(zip(whole, RARE, strict=True))], whole


@lru_cache
def pruned():
    """Four networks, trained and pruned, that hold their masks."""
    from pruneutils import pytorch
    from pruneutils.book import train

    nets, parts = [train.mlp(64, 64, 32, 10, seed=k) for k in range(len(RARE))], splits()[0]
    train.fit(nets, [d.X_train for d in parts], [d.y_train for d in parts], steps=400, batch=64, lr=5e-3)
    for net in nets:
        sizes = {name: scores.lamp(W) for name, W in pytorch.weights(net).items()}
        pytorch.apply_masks(net, masks.global_unstructured(sizes, SPARSITY))
    return nets


def accuracies(made):
    """Mean validation accuracy on the common classes and on the rare one, after fine-tuning on these (X, y)."""
    from pruneutils import pytorch
    from pruneutils.book import train

    found = []
    for net, (X, y), split, rare in zip(pruned(), made, splits()[1], RARE, strict=True):
        tuned = pytorch.clone(net)
        train.fit([tuned], X, y, steps=225, batch=64, lr=0.03)
        right = train.predict([tuned], split.X_val)[0].argmax(axis=1) == split.y_val
        found.append([right[split.y_val != rare].mean(), right[split.y_val == rare].mean()])
    return np.mean(found, axis=0)


@lru_cache
def plain():
    """The same after fine-tuning on the training parts as they are."""
    return accuracies([(d.X_train, d.y_train) for d in splits()[0]])
