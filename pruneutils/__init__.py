"""Pruning in four questions: scores, masks, schedules and measures, with PyTorch and Keras adapters.

``scores``, ``masks`` and ``schedules`` are pure NumPy.
``pytorch`` and ``keras`` hold masks in a model by each framework's own mechanism.
Importing this package imports neither PyTorch nor TensorFlow; ask for an adapter by its name,
``from pruneutils import pytorch``.
"""

__version__ = "0.1.0"
