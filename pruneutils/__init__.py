"""Pruning as one chain: score, mask, hold, measure.

>>> from torch import nn
>>> from pruneutils import masks, measure, pytorch, scores
>>> model = nn.Sequential(nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 10))

>>> W = pytorch.weights(model)
>>> S = {name: scores.magnitude(W[name]) for name in W}
>>> M = masks.global_unstructured(S, sparsity=0.9)
>>> pytorch.apply_masks(model, M)
>>> round(measure.sparsity(pytorch.masks_of(model)), 3)
0.9

Each question has its word, and each word a module:

- which weights matter? a *score*: ``scores``
- what is removed together, and where from? a *mask*: ``masks``; and for each layer how much: ``allocation``
- how much, and when? a *schedule*: ``schedules``
- who keeps it so while the model trains? ``pytorch`` and ``keras`` *hold* masks, or remove structures for good
- what did it do? a *measure*: ``measure``

All but the two adapters need NumPy alone: arrays and masks by layer name go in and out.
Importing this package imports neither PyTorch nor Keras; ask for an adapter by its name, as above.
What only the book's chapters need is in ``pruneutils.book``.
"""

__version__ = "0.1.0"
