"""Masks in a PyTorch model, held by ``torch.nn.utils.prune`` itself (its documentation:
https://docs.pytorch.org/docs/stable/nn.html#utilities), and structures removed from it.

Prunable are the weights of linear and convolutional layers; biases and normalisation are not, nor are the
projections of ``nn.MultiheadAttention``: it never calls its ``out_proj``, so no hook could keep a mask there.
Weights go out as NumPy arrays, masks come back as NumPy arrays, named by their layer as in ``named_modules``.
"""

from pruneutils._missing import needed

with needed("torch", by="pruneutils.pytorch", extra="torch"):
    from pruneutils.pytorch._hold import (
        GradualPruner,
        apply_masks,
        clone,
        make_permanent,
        masks_of,
        refresh,
        weights,
    )
    from pruneutils.pytorch.at_initialisation import grasp, synflow, synflow_masks
    from pruneutils.pytorch.attention import remove_heads
    from pruneutils.pytorch.refitting import refit
    from pruneutils.pytorch.removal import coupled_layers, remove_channels, remove_neurons

__all__ = [
    "GradualPruner",
    "apply_masks",
    "clone",
    "coupled_layers",
    "grasp",
    "make_permanent",
    "masks_of",
    "refit",
    "refresh",
    "remove_channels",
    "remove_heads",
    "remove_neurons",
    "synflow",
    "synflow_masks",
    "weights",
]
