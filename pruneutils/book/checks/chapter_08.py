"""Checks of the exercises of chapter 8."""

from pruneutils.book.checks import check, expect


def _layer():
    import torch

    layer = torch.nn.Linear(5, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.7, -0.1, 0.9, 0.3, -1.0], [0.2, -0.8, 0.5, -0.6, 0.4]]))
    return layer


def _removed(layer) -> int:
    from torch.nn.utils import prune

    expect(
        hasattr(layer, "weight_mask") and prune.is_pruned(layer),
        "the layer holds no mask afterwards: use the library's l1_unstructured, and do not call remove.",
    )
    return int((layer.weight_mask == 0).sum())


@check("8.1", "the total is exact, the ranking is current, and nothing comes back.")
def prune_to(function):
    """Check ``function(layer, sparsity)``, which prunes a layer to a sparsity in all."""
    import torch
    from torch.nn.utils import prune

    layer = _layer()
    values = layer.weight.detach().clone()
    function(layer, 0.3)
    gone = _removed(layer)
    expect(gone == 3, f"a dense layer of ten weights at 0.3 loses 3, but {gone} went.")
    three = [[1, 0, 1, 0, 1], [0, 1, 1, 1, 1]]
    expect(layer.weight_mask.int().tolist() == three, "not the three smallest by absolute value went.")
    expect(torch.equal(layer.weight_orig, values), "the function changed the weights themselves.")
    function(layer, 0.7)
    gone = _removed(layer)
    expect(gone != 8, "8 of ten are gone instead of 7: amount is a share of what is left, 0.7 of seven rounds to 5.")
    expect(gone == 7, f"ten weights pruned to 0.7 in all have lost 7, but {gone} are gone.")
    expect(not hasattr(layer, "bias_mask"), "the bias was pruned, too.")
    function(layer, 0.7)
    expect(_removed(layer) == 7, "asked for 0.7 once more it must not remove any more: count what is gone already.")
    function(layer, 0.2)
    expect(_removed(layer) == 7, "a layer that is sparser than asked must stay as it is.")

    layer = _layer()
    function(layer, 0.1)
    function(layer, 0.25)
    gone = _removed(layer)
    expect(
        gone == 2,
        f"from 0.1 to 0.25 of ten weights: round(2.5) = 2 in all, but {gone} are gone; a share of what is left "
        "is rounded once more, an integer amount is exact, and round() takes a half to the even number.",
    )

    layer = _layer()
    function(layer, 0.28)
    gone = _removed(layer)
    expect(gone == 3, f"0.28 of ten weights is round(2.8) = 3, but {gone} went: round, do not cut off.")

    layer = prune.l1_unstructured(_layer(), "weight", amount=2)
    with torch.no_grad():
        layer.weight_orig[0, 1] = 5.0  # an optimiser may move a removed original
        layer.weight_orig[0, 4] = 0.01  # as a step of training would, after the last forward pass
    function(layer, 0.3)
    expect(
        int(layer.weight_mask[0, 4]) == 0,
        "after a step of training the old values were ranked: weight is computed at a forward pass; renew it first.",
    )
    expect(
        int(layer.weight_mask[0, 1]) == 0 and _removed(layer) == 3,
        "where the layer was pruned before, its removed weights must stay removed and the total be exact.",
    )

    conv = torch.nn.Conv2d(3, 4, 3)
    conv = prune.l1_unstructured(conv, "bias", amount=1)
    function(conv, 0.5)
    expect(_removed(conv) == 54, "a convolution of shape (4, 3, 3, 3) whose bias alone was pruned has lost not half.")
    function(conv, 0.75)
    expect(_removed(conv) == 81, "a convolution of shape (4, 3, 3, 3) at 0.75 has lost 81 of 108 weights.")


@check("8.2", "anybody can load it, strictly.")
def plain_state(function):
    """Check ``function(state) -> state`` without the names of masks."""
    import torch
    from torch import nn
    from torch.nn.utils import prune

    def build():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))
        net.register_buffer("causal_mask", torch.tensor([1.0, 0.0]))
        net.register_parameter("x_orig", nn.Parameter(torch.ones(2)))
        net.add_module("feat_orig", nn.Linear(3, 3))
        net.forward = lambda x: net[3](net[2](net[1](net[0](x))))
        return net

    pruned = build()
    prune.l1_unstructured(pruned.feat_orig, "weight", 3)
    prune.ln_structured(pruned[0], "weight", 2, n=2, dim=0)
    prune.l1_unstructured(pruned[3], "weight", 0.5)
    prune.l1_unstructured(pruned[3], "bias", 1)
    state = pruned.state_dict()
    copies = {name: value.clone() for name, value in state.items()}
    plain = function(state)
    expect(plain is not None and plain is not ..., "the function returned nothing so far.")
    expect(
        list(state) == list(copies) and all(torch.equal(state[name], copies[name]) for name in copies),
        "the dict that was handed in, or a tensor in it, has changed: make a new dict, and do not multiply in place.",
    )
    expect("causal_mask" in plain and "x_orig" in plain, "causal_mask or x_orig is missing: no pruning made them.")
    wanted = set(build().state_dict())
    extra, missing = sorted(set(plain) - wanted), sorted(wanted - set(plain))
    expect(not extra, f"the plain model does not know {extra}.")
    expect(not missing, f"the plain model misses {missing}; biases may be pruned, too.")
    for name in ("causal_mask", "x_orig", "0.bias"):
        expect(torch.equal(plain[name], state[name]), f"{name} was changed, though nothing pruned it.")
    zeros = int((plain["3.weight"] == 0).sum())
    expect(zeros == 24, f"3.weight has {zeros} zeros, expected 24: multiply weight_orig by its mask.")
    expect(int((plain["3.bias"] == 0).sum()) == 1, "3.bias has lost its zero: it was pruned as well.")
    model = build()
    model.load_state_dict(plain)
    x = torch.randn(5, 1, 4, 4)
    with torch.no_grad():
        same = torch.equal(model.eval()(x), pruned.eval()(x))
    expect(same, "the loaded model computes something else than the pruned one.")
    expect(plain["1.num_batches_tracked"].dtype == torch.int64, "1.num_batches_tracked is no longer an integer.")
    negative = any(bool((torch.signbit(v) & (v == 0)).any()) for v in plain.values() if v.is_floating_point())
    expect(not negative, "some zeros are -0.0, what a negative weight times 0 is; add 0.0.")


@check("8.3", "no layer holds a mask that nobody applies.")
def deaf_layers(function):
    """Check ``function(model) -> names of the modules that hold a mask without its hook``."""
    import torch
    from torch import nn
    from torch.nn.utils import prune

    def deafen(layer, name):
        for key, hook in list(layer._forward_pre_hooks.items()):
            if getattr(hook, "_tensor_name", None) == name:
                del layer._forward_pre_hooks[key]

    def run(model):
        def refuse(*_):
            raise RuntimeError("the model was run; look at its hooks instead")

        handles = [module.register_forward_hook(refuse) for module in model.modules()]
        try:
            found = function(model)
        finally:
            for handle in handles:
                handle.remove()
        expect(found is not None and found is not ..., "the function returned nothing so far.")
        expect(not isinstance(found, str), f"it returned {found!r}, expected a list of names.")
        return list(found)

    sound = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 2))
    prune.l1_unstructured(sound[0], "weight", 0.5)
    prune.random_unstructured(sound[0], "weight", 0.5)
    prune.remove(prune.l1_unstructured(sound[1][0], "weight", 0.5), "weight")
    sound[2].register_buffer("causal_mask", torch.ones(2))
    found = run(sound)
    expect("0" not in found, "layer '0' holds a mask and its hook, a container: it is healthy.")
    expect("1.0" not in found, "layer '1.0' was made permanent; zeros alone need no hook.")
    expect("2" not in found, "layer '2' has a buffer causal_mask, which no pruning made: there is no causal_orig.")
    expect("" not in found and "1" not in found, "the containers of layers hold no mask themselves.")
    expect(found == [], f"in a sound model it found {found}.")

    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.Conv2d(2, 2, 2)), nn.Linear(4, 2))
    for layer in (model[0], model[1][0], model[1][1]):
        prune.l1_unstructured(layer, "weight", 3)
    prune.l1_unstructured(model[1][1], "bias", 1)
    prune.l1_unstructured(model[2], "bias", 1)
    try:
        prune.l1_unstructured(model[1][0], "weight", 1000)
    except ValueError:
        deafen(model[1][0], "weight")  # the library has done so; should it learn better, the exercise stays
    found = run(model)
    expect("1.0" in found, "layer '1.0', whose second call was refused, was not found.")
    expect(found == ["1.0"], f"only '1.0' is deaf, but {found} were found.")
    model[1][0].register_forward_pre_hook(lambda module, inputs: None)
    expect(run(model) == ["1.0"], "a hook of somebody else on '1.0' hid that the pruning hook is missing.")
    deafen(model[1][1], "weight")
    found = run(model)
    expect("1.1" in found, "layer '1.1' has a hook for its bias, but none for its weight: compare tensor by tensor.")
    deafen(model[2], "bias")
    found = run(model)
    expect("2" in found, "layer '2' holds a mask for its bias without a hook: not only weights are pruned.")
    expect(found == ["1.0", "1.1", "2"], f"expected ['1.0', '1.1', '2'] in the order of named_modules, not {found}.")
    deafen(model[1][1], "bias")
    found = run(model)
    expect(
        found == ["1.0", "1.1", "2"], f"layer '1.1' is deaf for both tensors and named once all the same, not {found}."
    )
    recurrent = nn.Sequential(prune.l1_unstructured(nn.LSTM(2, 2), "weight_ih_l0", 3))
    expect(run(recurrent) == [], "in a sound LSTM a deaf layer was found.")
    deafen(recurrent[0], "weight_ih_l0")
    expect(run(recurrent) == ["0"], "a tensor may have another name, such as weight_ih_l0: read names off the buffers.")
