"""Masks in a Keras 3 model, held by Keras's own constraints (https://keras.io/api/layers/constraints/).

Prunable are the kernels of dense, convolutional, transposed and depthwise convolutional layers and of ``EinsumDense``,
the projections inside attention layers included. Biases, normalisation, embeddings, recurrent and separable
convolutional layers are not. Weights go out as NumPy arrays in Keras's layout, masks come back as NumPy arrays, named
by their layer: ``layer.name``, or the attribute that holds it in a layer of your own, as in ``"encoder/hidden"``.

An optimiser applies constraints after each step, so the zeros are there again before anybody looks. What is written
past the optimiser is not masked: after ``load_weights``, ``set_weights``, a restored best epoch or averaged weights
(``use_ema``) call ``apply_masks(model, masks_of(model))``; ``weights`` refuses until then. Masks hold in traced and
XLA-compiled train steps, too. But a step that you traced yourself, or that of a larger model, before a model was given
its first masks knows nothing of them: trace it again, or compile again; ``GradualPruner`` sees to that in ``fit``.

A ``.keras`` file holds the masks, and where ``pruneutils.keras`` has been imported it is loaded with them, save those
of layers that a class of yours makes in its ``__init__``: keep ``masks_of`` beside the file, and apply it again.
Made permanent, a model is a plain one, and its file needs nothing of ours.

The TensorFlow and PyTorch backends are tested, others refused; JAX would compile the step anew for each new mask.
"""

from collections.abc import Mapping

import numpy as np

from pruneutils._gradual import GradualSteps
from pruneutils._missing import needed

with needed("keras", by="pruneutils.keras", extra="keras"):
    import keras

    from pruneutils.keras._layers import (
        checked_masks,
        held,
        mask_of,
        prunable_layers,
        retrace,
        set_constraint,
        set_mask,
        to_numpy,
    )

__all__ = ["GradualPruner", "apply_masks", "make_permanent", "masks_of", "weights"]


def weights(model: keras.Model) -> dict[str, np.ndarray]:
    """Copy every prunable kernel out of the model, masks applied.

    Parameters
    ----------
    model : built Keras 3 model.

    Returns
    -------
    layer name -> array in Keras's layout, (in, out) for dense and (height, width, in, out) for 2-D convolutional
    layers; bfloat16, which NumPy lacks, as float32. Changing an array does not change the model.

    Raises
    ------
    ValueError
        if the model is not a built one of Keras 3 or has no prunable layer, two of its layers share a kernel or a
        name, a kernel is quantised or has LoRA enabled, the backend is neither TensorFlow nor PyTorch,
        or a removed weight is not 0 (see the module's text).

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="head")])
    >>> {name: W.shape for name, W in weights(model).items()}
    {'head': (3, 2)}
    """
    taken = {}
    for name, layer in prunable_layers(model).items():
        taken[name] = to_numpy(layer.kernel)
        if held(layer) is not None and (count := np.count_nonzero(taken[name][~mask_of(layer)])):
            raise ValueError(
                f"layer {name!r}: {count} removed weights are not 0, expected none; they were written past the "
                "optimiser or in a train step traced before the mask: apply_masks(model, masks_of(model))"
            )
    return taken


def apply_masks(model: keras.Model, masks: Mapping[str, np.ndarray]) -> None:
    """Hold the given masks in the model: removed weights are 0 from now on, after each step of an optimiser, too.

    A kernel's own constraint, such as ``MaxNorm``, goes on acting on what is kept.
    A layer that already holds a mask has it replaced in place, where traced train steps see it; the first mask
    makes the model build its train step anew. Where a new mask keeps what the old one removed, training goes on
    from 0: unlike PyTorch's, a constraint does not remember the value.

    Parameters
    ----------
    model : model to change in place, before or after ``compile``, between two fits or in a callback.
    masks : layer name -> boolean array of that layer's kernel's shape, True = keep; other layers stay as they are.

    Raises
    ------
    ValueError
        as for ``weights``, save for its last reason, and if ``masks`` is empty, names a layer that the model lacks or
        that is not prunable, or a mask is not boolean or of another shape than the kernel. Nothing is then changed.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="head")])
    >>> apply_masks(model, {"head": np.array([[True], [False]])})
    >>> int((weights(model)["head"] == 0).sum())
    1
    """
    if any([set_mask(layer, mask) for layer, mask in checked_masks(model, masks)]):
        retrace(model)


def masks_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Read the masks that the model holds; a layer without one counts as kept whole.

    Parameters
    ----------
    model : built Keras 3 model.

    Returns
    -------
    layer name -> boolean array, one for every prunable layer.

    Raises
    ------
    ValueError
        as for ``weights``, save for its last reason.

    Examples
    --------
    >>> masks_of(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="head")]))
    {'head': array([[ True],
           [ True]])}
    """
    return {name: mask_of(layer) for name, layer in prunable_layers(model).items()}


def make_permanent(model: keras.Model) -> None:
    """Write the zeros into the kernels and give these back the constraints that they had before the masks.

    The zeros are then ordinary values: training from here on without a mask brings them back.
    The variables are those of before; an optimiser made earlier still trains them.

    Parameters
    ----------
    model : model to change in place; layers without a mask are left alone.

    Raises
    ------
    ValueError
        as for ``weights``, save for its last reason.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="head")])
    >>> apply_masks(model, {"head": np.array([[True], [False]])})
    >>> make_permanent(model)
    >>> model.layers[0].kernel_constraint, float(model.layers[0].kernel[1, 0])
    (None, 0.0)
    """
    masked = [layer for layer in prunable_layers(model).values() if held(layer) is not None]
    for layer in masked:
        layer.kernel.assign(held(layer).masked(layer.kernel))
        set_constraint(layer, held(layer).inner)
    if masked:
        retrace(model)


class GradualPruner(GradualSteps, keras.callbacks.Callback):
    """Raise a model's sparsity along a schedule while it trains.

    Give it to ``fit`` as a callback, the last one if others restore or average weights, or call ``step()`` after each
    optimiser step of a loop of your own, traced after the pruner was made. In ``fit`` a step is a batch, and counting
    goes on in the next ``fit``. Where the schedule asks for more than is removed, masks are made anew from the scores
    of the current weights. A weight once removed, by whomever, stays removed: a model that is sparser than the
    schedule keeps its masks. From the start each layer to prune holds a mask, all True where it had none.

    Parameters
    ----------
    model : model to prune in place; the one that trains, or a part of it.
    schedule : step -> sparsity, such as ``PolynomialDecay``; steps count from 0.
    score : what ranks the weights, larger = keep: array of weights -> array of scores; or, where scores need more than
        that, such as gradients, data or names, model -> {layer name: array of scores}, which is called once whenever
        masks are made. The first time, ``score`` is given the model, and if it does not answer with a mapping,
        from then on arrays.
    scope : "global" ranks the weights of all layers together, "layer" those of each layer alone; or how sparse each
        layer is to be, ({layer name: shape}, sparsity) -> {layer name: sparsity}, such as
        ``allocation.erdos_renyi_kernel``.
    ignored_layers : names of layers that get no mask and whose weights do not count in the sparsity.

    Attributes
    ----------
    sparsity : the sparsity last asked for by the schedule, a share of the weights of the layers not ignored;
        ``fit`` records it in the history of each epoch.

    Raises
    ------
    ValueError
        as for ``weights``, and if ``scope`` is none of these, ``schedule`` or ``score`` cannot be called, or
        ``ignored_layers`` names a layer that the model lacks or all that it has; from ``step()``, if ``score`` is
        neither kind of function, its scores are NaN or infinite or not one for each weight, or ``scope`` does not
        give each layer a sparsity in [0, 1). The masks are then as before.

    References
    ----------
    Zhu & Gupta (2017), section 3; https://arxiv.org/abs/1710.01878.

    Examples
    --------
    >>> from pruneutils.schedules import Constant
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, name="head")])
    >>> model.compile("sgd", "mse")
    >>> pruner = GradualPruner(model, Constant(sparsity=0.5))
    >>> history = model.fit(np.ones((8, 4)), np.ones((8, 5)), verbose=0, callbacks=[pruner])
    >>> history.history["sparsity"], int(masks_of(model)["head"].sum())
    ([0.5], 10)
    """

    _weights, _masks_of, _apply_masks = staticmethod(weights), staticmethod(masks_of), staticmethod(apply_masks)

    _first_batch = 0

    def _begin(self):
        """Hold masks before the first train step is traced: it would know nothing of later ones."""
        apply_masks(self.pruned, self._ranked(masks_of(self.pruned)))

    def set_model(self, model):
        """Meet the model that trains, of which the one to prune may be a part."""
        if model is not self.model and model is not self.pruned:
            retrace(model)
        super().set_model(model)

    def on_train_batch_begin(self, batch, logs=None):
        """Remember the first batch of a call; ``compile(steps_per_execution=...)`` runs several in one."""
        self._first_batch = batch

    def on_train_batch_end(self, batch, logs=None):
        """Take the schedule's step of the last batch."""
        batches = (self.params or {}).get("steps") or batch + 1  # the last call of an epoch counts past the data
        self._step += min(batch, batches - 1) - self._first_batch
        self.step()

    def on_epoch_end(self, epoch, logs=None):
        """Record the sparsity beside the loss."""
        if logs is not None:
            logs["sparsity"] = self.sparsity

    def on_train_end(self, logs=None):
        """Mask what was written past the optimiser, such as averaged weights."""
        held = {name: mask for name, mask in masks_of(self.pruned).items() if not mask.all()}
        if held:
            apply_masks(self.pruned, held)
