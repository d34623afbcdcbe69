"""What the chapters share beyond pruning itself: data, training, plots, explorers, claims and checks of exercises."""
