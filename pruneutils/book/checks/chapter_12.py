"""Checks of the exercises of chapter 12."""

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("12.1", "the average percentage of zeros of each unit, over samples and places.")
def share_of_zeros(function):
    """Check ``function(A) -> share of zeros of each unit``, for two and for four axes."""
    A = np.array([[0.0, 1.0, -0.5], [0.0, 0.0, 2.0], [3.0, 0.0, -1.0], [0.0, 0.0, 4.0]])
    before = A.copy()
    answer = function(A)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    answer = np.asarray(answer)
    expect(np.array_equal(A, before), "the function changed A itself; work on a copy.")
    expect(answer.shape != (4,), "four values came back for three units: take the mean over the samples, axis 0.")
    expect(answer.shape != (), "one number came back: each unit, a column of A, has a share of its own.")
    expect(answer.shape == (3,), f"the answer has shape {answer.shape}, expected (3,), one value for each unit.")
    answer = answer.astype(float)
    expect(
        not np.allclose(answer, [0.25, 0.25, 1]), "these are the shares of inputs that wake a unit; count the zeros."
    )
    expect(not np.allclose(answer, [75, 75, 0]), "these are percentages; a share lies between 0 and 1.")
    expect(not np.allclose(answer, [3, 3, 0]), "these are counts; divide by the number of samples.")
    expect(
        answer.any(),
        "all shares are zero: do you ask for *always* silent, or round to whole numbers? Unit 1 is silent for 3 of 4.",
    )
    expect(
        not np.allclose(answer, [0.75, 0.75, 0.5]),
        "a negative activation is not a zero: unit 3 is never silent, as behind a leaky ReLU.",
    )
    expect(np.allclose(answer, [0.75, 0.75, 0]), f"the shares are {answer}, expected [0.75 0.75 0].")
    expect_array(function(A.astype(int)), np.array([0.75, 0.75, 0.25]), "for whole numbers the answer", "Count zeros.")
    maps = np.zeros((2, 3, 2, 2))
    maps[:, 1] = 5.0
    maps[0, 2, 0] = 1.0
    why = "A channel's zeros are counted over samples, height and width together; axis 1 counts the channels."
    answer = function(maps)
    expect(np.shape(answer) == (3,), f"for feature maps the answer has shape {np.shape(answer)}, expected (3,). {why}")
    expect_array(answer, np.array([1.0, 0.0, 0.75]), "for feature maps the answer", why)
    why = "Count exact zeros, however small the others are."
    expect_array(function(np.array([[1e-30, 0.0]])), np.array([0.0, 1.0]), "for [[1e-30, 0]] the answer", why)


def _network(seed: int = 0) -> list[np.ndarray]:
    """A small network with units cut off in front, behind, and on both sides."""
    draws = np.random.default_rng(seed)
    W1, b1 = draws.normal(size=(6, 4)), np.array([0.3, 0.7, -0.4, 0.2, -0.6, 0.9])
    W2, b2 = draws.normal(size=(3, 6)), draws.normal(size=3)
    W1[[1, 2]] = 0  # constant: 0.7, and silent, for its bias is below zero
    W2[:, 3] = 0  # not heard
    return [W1, b1, W2, b2]


def _outputs(W1, b1, W2, b2, X):
    return np.maximum(0, X @ np.asarray(W1).T + b1) @ np.asarray(W2).T + b2


@check("12.2", "every unit that was cut off is gone, and no output has changed.")
def remove_cut_off(function):
    """Check ``function(W1, b1, W2, b2) -> the same four arrays without units cut off``."""
    X = np.random.default_rng(5).normal(size=(20, 4))
    given = _network()
    before = [array.copy() for array in given]
    answer = function(*given)
    expect(answer is not None and answer is not ..., "the function returned nothing so far.")
    expect(
        all(np.array_equal(a, b) for a, b in zip(given, before, strict=True)),
        "one of the arrays that came in was changed; `b2 = b2 + ...` makes a new one, `b2 += ...` does not.",
    )
    expect(isinstance(answer, (tuple, list)) and len(answer) == 4, "expected the four arrays W1, b1, W2, b2.")
    answer = [np.asarray(array) for array in answer]
    dims = tuple(array.ndim for array in answer)
    expect(dims == (2, 1, 2, 1), f"the arrays have {dims} axes, not (2, 1, 2, 1): expected the order W1, b1, W2, b2.")
    units = {answer[0].shape[0], answer[1].size, answer[2].shape[1]}
    expect(len(units) == 1, f"W1, b1 and W2 speak of {sorted(units)} units; rows, bias and columns go together.")
    expect(
        answer[3].shape == (3,) and answer[0].shape[1] == 4 and answer[2].shape[0] == 3, "inputs and outputs must stay."
    )
    expected = _outputs(*given, X)
    got = _outputs(*answer, X)
    (left,) = units
    expect(
        left != 6,
        "6 units are left, expected 3 of 6: a unit needs both, fed *and* heard; whoever lacks one of them can go.",
    )
    if not np.allclose(got, expected):
        raw = before[3] + before[2][:, [1, 2]] @ before[1][[1, 2]]
        expect(
            not np.allclose(answer[3], raw),
            "a bias of -0.4 was folded as it is; take max(0, bias): the unit says what its ReLU lets through, nothing.",
        )
        expect(
            not np.allclose(answer[3], before[3]),
            "the outputs changed: a unit without incoming weights is constant, it says the ReLU of its bias to all "
            "that read it, and b2 is the place to put that.",
        )
        expect(False, "the outputs changed; what a removed unit says to each output must be found again in b2.")
    expect(left != 4, "a unit is left whose column in W2 is all zero: nobody hears it, so it can go, too.")
    expect(left == 3, f"{left} units are left, expected 3 of 6: two have no incoming weight, one no outgoing weight.")
    rows = [row.tolist() for row in before[0]]
    stayed = [rows.index(row.tolist()) for row in answer[0] if row.tolist() in rows]
    expect(stayed == [0, 4, 5], f"units {stayed} stayed, expected 0, 4 and 5, in their order.")
    whole = _network(seed=1)
    whole[0][whole[0] == 0] = 0.5
    whole[2][whole[2] == 0] = 0.5
    same = function(*[array.copy() for array in whole])
    expect(
        np.asarray(same[0]).shape == (6, 4) and np.allclose(_outputs(*same, X), _outputs(*whole, X)),
        "a network in which nothing is cut off must come back as it was.",
    )
    lopsided = _network(seed=2)
    lopsided[0][0], lopsided[2][:, 4] = [1, -1, 2, -2], [1, -2, 1]  # sums of zero, but weights
    same = function(*[array.copy() for array in lopsided])
    expect(
        np.asarray(same[0]).shape == (3, 4) and np.allclose(_outputs(*same, X), _outputs(*lopsided, X)),
        "weights 1, -1, 2, -2 have the sum zero, but the unit is fed; ask whether any weight differs from zero.",
    )


@check("12.3", "what the removed units said is said by the others, as far as they can.")
def refit(function):
    """Check ``function(A, kept, V, b) -> (weights for the kept units, bias)`` by least squares."""
    draws = np.random.default_rng(2)
    A = np.maximum(0, draws.normal(size=(200, 6)) + 0.4)
    A[:, 1] = 3 * A[:, 0]  # a duplicate of a kept unit
    A[:, 3] = 2.5  # a constant
    V, b = draws.normal(size=(4, 6)), draws.normal(size=4)
    given = [A.copy(), V.copy(), b.copy()]

    def call(*kept):
        mask = np.isin(np.arange(6), kept)
        answer = function(A, mask.copy(), V, b)
        expect(answer is not None and answer is not ..., "the function returned nothing so far.")
        expect(isinstance(answer, (tuple, list)) and len(answer) == 2, "expected a pair, weights and bias.")
        weights, bias = (np.asarray(part, dtype=float) for part in answer)
        expect(
            all(np.array_equal(x, y) for x, y in zip((A, V, b), given, strict=True)),
            "A, V or b was changed; work on copies.",
        )
        shape = (4, len(kept))
        expect(weights.shape == shape, f"the weights have shape {weights.shape}, expected {shape}: kept units only.")
        expect(bias.shape == (4,), f"the bias has shape {bias.shape}, expected (4,).")
        return A[:, mask] @ weights.T + bias, weights, bias

    dense = A @ V.T + b
    said, weights, _ = call(0, 2, 3, 4, 5)
    expect(
        not np.allclose(weights, V[:, [0, 2, 3, 4, 5]]),
        "unit 1 is three times unit 0, and unit 0's column is as before; it must grow by three times unit 1's.",
    )
    mask = np.isin(np.arange(6), [0, 2, 3, 4, 5])
    expect(
        not np.allclose(said + b, dense),
        "the bias lacks `b`: what the fit finds for the column of ones is added to the bias that was there.",
    )
    expect(
        not any(np.allclose(said + A[:, mask] @ V[:, mask].T + more, dense) for more in (0, b)),
        "the weights lack `V`: what the fit finds is added to the weights that the kept units had.",
    )
    expect(np.allclose(said, dense), "unit 1 is three times unit 0, so removing it must change nothing; it does.")
    said = call(0, 1, 2, 4, 5)[0]
    expect(
        np.allclose(said, dense),
        "unit 3 is constant, so removing it must change nothing: add a column of ones to the kept activations; its "
        "coefficient goes into the bias.",
    )
    said = call(0, 3, 4)[0]
    design = np.column_stack([A[:, [0, 3, 4]], np.ones(len(A))])
    best = design @ np.linalg.lstsq(design, dense, rcond=None)[0]
    error, least = ((said - dense) ** 2).mean(), ((best - dense) ** 2).mean()
    folded = ((A[:, [1, 2, 5]] - A[:, [1, 2, 5]].mean(axis=0)) @ V[:, [1, 2, 5]].T) ** 2
    expect(
        not np.isclose(error, folded.mean()), "that folds the means only; the kept units can say more than a constant."
    )
    expect(
        error < least * (1 + 1e-6),
        f"the mean squared change of the next layer's argument is {error:.4f}; {least:.4f} is possible.",
    )
    swapped = call(2, 5)[0]
    design = np.column_stack([A[:, [2, 5]], np.ones(len(A))])
    best = design @ np.linalg.lstsq(design, dense, rcond=None)[0]
    expect(
        np.allclose(swapped, best, atol=1e-6), "with units 2 and 5 kept the fit is not the best one; is `kept` used?"
    )
