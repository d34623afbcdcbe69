"""What authors run: the environment, new chapters, refreshing notebooks, lists and ledger, the address, a release."""
