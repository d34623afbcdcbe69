"""What the chapters share beyond pruning itself: data, training, plots, explorers, claims and checks of exercises."""

from pruneutils._missing import require

require("IPython", "matplotlib", "mnist1d", "pooch", "sklearn", by="pruneutils.book", extra="book")
