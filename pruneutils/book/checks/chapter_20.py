"""Checks of the exercises of chapter 20."""

import numpy as np

from pruneutils.book.checks import check, expect


@check("20.1", "TODO: what was understood.")
def kept_share(function):
    """Check ``function(mask) -> share of the weights that are kept``."""
    found = function(np.array([True, False, False, False, False]))
    expect(found is not None, "the function returned nothing so far.")
    expect(not np.isclose(found, 0.8), "0.8 is the share that is removed.")
    expect(not np.isclose(found, 1), "1 is the number that is kept; divide by the number of all.")
    expect(np.isclose(found, 0.2), f"one of five weights is kept, 0.2, not {found}.")
