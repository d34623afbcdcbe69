"""What authors run: the environment, refreshing notebooks, the ledger of claims, the address."""
