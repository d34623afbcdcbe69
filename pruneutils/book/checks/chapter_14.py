"""Checks of the exercises of chapter 14."""

import numpy as np

from pruneutils.book.checks import check, expect, expect_array


@check("14.1", "the run over which the stream turns least, the last block spared, and no NaN.")
def best_run(function):
    """Check ``function(states, n) -> blocks that go``, states a list of arrays (samples, width)."""

    def at(*degrees):
        return np.stack([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))], axis=-1)

    def run(states, n):
        before = [state.copy() for state in states]
        answer = function(states, n)
        expect(len(states) == len(before), "the list of states that was handed in has changed: work on a copy.")
        expect(
            all(np.array_equal(a, b) for a, b in zip(states, before, strict=True)),
            "a state was changed: work on copies.",
        )
        blocks = np.asarray(sorted(answer) if np.iterable(answer) else answer)
        expect(blocks.shape == (n,), f"{n} block numbers were expected, got {answer!r}.")
        return blocks

    # block 0 turns by 50 degrees, 1 by 30, 2 by 5, 3 by 40, 4 by 2
    states = [at(angle, angle + 10) for angle in (0, 50, 80, 85, 125, 127)]
    why = "Block 4 turns by 2 degrees only, but it is the last and stays; of the others block 2 turns least, by 5."
    expect_array(run(states, 1), np.array([2]), "the answer for one block", why)
    why = "Blocks 1 and 2 turn by 35 degrees, 2 and 3 by 45, 0 and 1 by 80; 4 stays."
    expect_array(run(states, 2), np.array([1, 2]), "the answer for two blocks", why)
    why = "States are one more than blocks; blocks 0 to 3 are the only choice."
    expect_array(run(states, 4), np.arange(4), "the answer for four of five blocks", why)
    states = [at(angle) for angle in (0, 40, 80, 120, 121, 170)]
    why = "Blocks 2 and 3 turn by 41 degrees, the others by 80: the choice reaches up to the last block but one."
    expect_array(run(states, 2), np.array([2, 3]), "the answer where the best run comes late", why)
    # there and back: 0 and 1 cancel, single steps would choose 2 and 3
    states = [at(angle) for angle in (0, 60, 1, 21, 41, 42)]
    expect_array(
        run(states, 2),
        np.array([0, 1]),
        "the answer where two blocks cancel",
        "Compare the input of the first with the output of the last; do not add up the blocks' own distances.",
    )
    # mean angle 45 in both places, but cosines differ: (0, 90) has mean cosine .5, (45, 46) .70; angles 45 and 45.5
    states = [at(0, 0), at(0, 90), at(45, 136), at(170, 10)]
    expect_array(
        run(states, 1),
        np.array([0]),
        "the answer where angle and cosine disagree",
        "The mean of the angles decides, 45 against 45.5 degrees, not the angle of the mean cosine.",
    )
    first = np.random.default_rng(0).normal(size=(400, 2))
    turned = np.where(np.arange(400)[:, None] < 200, 7.7 * first, first[:, ::-1] * [1, -1])  # by 0 or by 90 degrees
    ten = np.deg2rad(10)
    states = [first, turned, turned @ np.array([[np.cos(ten), np.sin(ten)], [-np.sin(ten), np.cos(ten)]]), -first]
    with np.errstate(invalid="ignore"):
        expect_array(
            run(states, 1),
            np.array([1]),
            "the answer where a block only stretches some tokens",
            "Rounding gives cosines above 1, arccos of which is NaN: clip them.",
        )
    states = [at(0, 10), at(178, 188), at(198, 208), at(0, 0)]
    expect_array(
        run(states, 1),
        np.array([1]),
        "the answer where a block turns the stream round",
        "Block 0 turns by 178 degrees, block 1 by 20: the sign of a cosine counts.",
    )

    def rotated(x, degrees):
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        return x @ np.array([[c, s], [-s, c]])

    turned = np.where(np.arange(400)[:, None] < 160, 7.7 * first, rotated(first, 16))
    states = [first, turned, rotated(turned, 10), -first]
    with np.errstate(invalid="ignore"):
        expect_array(
            run(states, 1),
            np.array([0]),
            "the answer where a block stretches two fifths of the tokens",
            "Block 0 turns 160 tokens by 0 and 240 by 16 degrees, 9.6 in the mean of all, block 1 all by 10: the angle "
            "counts and no length, the mean and not the median; tokens whose cosine was rounded above 1 count, too.",
        )


@check("14.2", "a key goes when the last query that reads it goes, and a kernel for even groups needs even groups.")
def grouped_places(function):
    """Check ``function(kept, groups, head_width) -> (mask of query rows, mask of key and value rows, even)``."""

    def masks(kept, groups, width):
        kept = np.array(kept, dtype=bool)
        copies = kept.copy()
        answer = function(kept, groups, width)
        expect(
            isinstance(answer, (tuple, list)) and len(answer) == 3,
            "expected three things: mask of queries, mask of keys and values, whether a grouped kernel is right.",
        )
        expect(np.array_equal(kept, copies), "the mask that was handed in has changed.")
        expect(isinstance(answer[2], (bool, np.bool_)), f"the third answer is {answer[2]!r}, expected True or False.")
        return answer

    queries, keys, even = masks([1, 0, 0, 0, 1, 1], 3, 2)
    why = "Heads 0, 4 and 5 are kept, each of two rows that lie together."
    expect_array(queries, np.array([1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], dtype=bool), "the query mask", why)
    why = "Query heads 0 and 1 share the first key head, 2 and 3 the second, 4 and 5 the third; the second is unread."
    expect_array(keys, np.array([1, 1, 0, 0, 1, 1], dtype=bool), "the mask of keys and values", why)
    expect(not even, "one key head is left with one reader and one with two: a grouped kernel is not right any more.")
    _, keys, even = masks([0, 1, 1, 0], 4, 3)
    why = "With as many groups as heads this is ordinary attention: both masks are equal."
    expect_array(keys, np.repeat([False, True, True, False], 3), "the mask of keys and values", why)
    expect(even, "each key head that stays has one reader; those that go do not count: a grouped kernel is right.")
    _, keys, even = masks([0, 0, 1], 1, 1)
    why = "One key head serves all queries; it stays while one of them is kept."
    expect_array(keys, np.array([True]), "the mask of keys and values", why)
    expect(even, "one key head with one reader: a grouped kernel is right.")
    queries, keys, even = masks([1, 1, 1, 0, 1, 0, 0, 0], 2, 2)
    why = "Four query heads read each key head; both are read."
    expect_array(keys, np.ones(4, dtype=bool), "the mask of keys and values", why)
    expect_array(queries, np.repeat([1, 1, 1, 0, 1, 0, 0, 0], 2) == 1, "the query mask", why)
    expect(
        not even,
        "four query heads are left for two key heads, which divides, but three read the first and one the second: "
        "a kernel would give two to each, without an error.",
    )
    _, _, even = masks([1, 1, 0, 0, 0, 1, 0, 1], 2, 2)
    expect(even, "two query heads are left for each of two key heads: a grouped kernel is right, whichever they are.")


@check("14.3", "the cache has a place for every layer, and no other.")
def drop_layers(function):
    """Check ``function(model, gone) -> smaller copy``; layers know their numbers and write into a cache by them."""
    import torch
    from torch import nn

    class Layer(nn.Module):
        def __init__(self, layer_idx):
            super().__init__()
            self.layer_idx, self.linear = layer_idx, nn.Linear(3, 3)

    class Model(nn.Module):
        def __init__(self, depth):
            super().__init__()
            self.layers, self.depth = nn.ModuleList(Layer(i) for i in range(depth)), depth
            self.kinds = ["local", "global", "sparse", "full", "sliding", "linear"][:depth]

        def forward(self, x):
            cache = [None] * self.depth
            for layer in self.layers:
                x = x + layer.linear(x)
                cache[layer.layer_idx] = x
            return x, cache

    def expected(model, gone, x):
        for i, layer in enumerate(model.layers):
            if i not in gone:
                x = x + layer.linear(x)
        return x

    torch.manual_seed(0)
    x = torch.randn(4, 3)
    for depth, gone in ((6, [1, 2, 3]), (6, [1, 2, 4]), (5, [4, 0]), (4, {2}), (3, ())):
        model = Model(depth)
        kinds = [kind for i, kind in enumerate(model.kinds) if i not in gone]
        state = {name: value.clone() for name, value in model.state_dict().items()}
        small = function(model, gone)
        left = depth - len(gone)
        whole = len(model.layers) == depth and [layer.layer_idx for layer in model.layers] == list(range(depth))
        whole = whole and len(model.kinds) == depth
        expect(whole and model.depth == depth, "the model that was handed in has changed: work on a copy.")
        expect(small is not None and small is not ..., "the function returned nothing so far.")
        expect(
            len(small.layers) == left,
            f"of {depth} layers without {list(gone)} {len(small.layers)} are left, not {left}.",
        )
        expect(
            isinstance(small.layers, nn.ModuleList), "layers must stay an nn.ModuleList: a plain list hides parameters."
        )
        numbers = [layer.layer_idx for layer in small.layers]
        expect(numbers == list(range(left)), f"the layers left are numbered {numbers}: number them 0, 1, 2, ... anew.")
        expect(
            list(small.kinds) == kinds,
            f"kinds is {small.kinds}, expected {kinds}: a list with an entry for each layer must be cut, too.",
        )
        expect(small.depth == left, f"depth is still {small.depth}: the cache is made by it.")
        with torch.no_grad():
            output, cache = small(x)
            right = torch.allclose(output, expected(model, set(gone), x), atol=1e-6)
        expect(
            right,
            f"outputs differ: other layers than {list(gone)} were taken out, or weights not copied; "
            "deleting by index one by one moves the later ones.",
        )
        expect(all(entry is not None for entry in cache), "a place in the cache stays empty.")
        with torch.no_grad():
            for parameter in small.parameters():
                parameter.add_(1.0)
        untouched = all(torch.equal(model.state_dict()[name], value) for name, value in state.items())
        expect(untouched, "training the smaller model changes the original: they share parameters, make a deep copy.")
