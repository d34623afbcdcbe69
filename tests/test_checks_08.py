"""The self-checks of chapter 8's exercises: right answers pass, however written, and the usual wrong ones do not."""

import torch
from examination import examination
from torch.nn.utils import prune

from pruneutils import masks, pytorch
from pruneutils.book.checks import chapter_08


def by_package(layer, sparsity):
    net = torch.nn.Sequential(layer)
    kept, W = pytorch.masks_of(net)["0"], pytorch.weights(net)["0"]
    wanted = masks.unstructured(abs(W) + 100.0 * kept, sparsity)
    if (~wanted).sum() > (~kept).sum():
        prune.custom_from_mask(layer, "weight", torch.from_numpy(wanted & kept))


def by_share(layer, sparsity):
    prune.l1_unstructured(layer, "weight", amount=sparsity)


def by_float(layer, sparsity):
    removed = int((layer.weight_mask == 0).sum()) if hasattr(layer, "weight_mask") else 0
    now = removed / layer.weight.numel()
    if sparsity - now > 1e-6:
        prune.l1_unstructured(layer, "weight", amount=(sparsity - now) / (1 - now))


def stale(layer, sparsity):
    removed = int((layer.weight_mask == 0).sum()) if hasattr(layer, "weight_mask") else 0
    amount = round(sparsity * layer.weight.numel()) - removed
    if amount > 0:
        prune.l1_unstructured(layer, "weight", amount=amount)


def not_held(layer, sparsity):
    by_share(layer, sparsity)
    prune.remove(layer, "weight")


def without_guard(layer, sparsity):
    removed = int((layer.weight_mask == 0).sum()) if hasattr(layer, "weight_mask") else 0
    prune.l1_unstructured(layer, "weight", amount=round(sparsity * layer.weight.numel()) - removed)


def is_pruned_means_weight(layer, sparsity):
    if prune.is_pruned(layer):
        layer.weight = layer.weight_orig * layer.weight_mask
    stale(layer, sparsity)


def plain(state, *, zero=0.0, multiply=True):
    pruned = {key[:-5] for key in state if key.endswith("_orig") and key[:-5] + "_mask" in state}
    result = {k: v for k, v in state.items() if k.removesuffix("_orig").removesuffix("_mask") not in pruned}
    for name in pruned:
        value = state[name + "_orig"]
        result[name] = torch.where(state[name + "_mask"] == 1, value, zero) if multiply else value
    return result


def times(state):
    return {
        key.removesuffix("_orig"): value * state[key[:-5] + "_mask"] if key[:-5] + "_mask" in state else value
        for key, value in state.items()
        if not (key.endswith("_mask") and key[:-5] + "_orig" in state)
    } | {"x_orig": state["x_orig"]}


def negative_zeros(state):
    result = times(state)
    result.pop("x", None)
    return result


def by_name_only(state):
    return {k.replace("_orig", ""): v for k, v in state.items() if not k.endswith("_mask")}


def weights_only(state):
    result = plain(state)
    bias = next(k for k in state if k.endswith("bias_orig"))
    del result[bias[:-5]]
    return result | {bias: state[bias]}


def in_place(state):
    result = plain(dict(state))
    for key in [k for k in state if k.endswith("_mask")]:
        del state[key]
    return result


def deaf(model):
    found = []
    for name, module in model.named_modules():
        for key in list(module._buffers):
            tensor = key.removesuffix("_mask")
            hooks = [h for h in module._forward_pre_hooks.values() if getattr(h, "_tensor_name", "") == tensor]
            if key != tensor and tensor + "_orig" in module._parameters and not hooks and name not in found:
                found.append(name)
    return found


def deaf_by_is_pruned(model):
    return [n for n, m in model.named_modules() if hasattr(m, "weight_mask") and not prune.is_pruned(m)]


def deaf_by_any_hook(model):
    return [n for n, m in model.named_modules() if hasattr(m, "weight_mask") and not m._forward_pre_hooks]


def deaf_by_any_mask(model):
    named = model.named_modules()
    return [n for n, m in named if any(k.endswith("_mask") for k in m._buffers) and not m._forward_pre_hooks]


def deaf_weights_only(model):
    return [name for name in deaf(model) if hasattr(model.get_submodule(name), "weight_mask")]


def cut_off(layer, sparsity):
    gone = int((layer.weight_mask == 0).sum()) if hasattr(layer, "weight_mask") else 0
    if hasattr(layer, "weight_mask"):
        layer.weight = layer.weight_orig * layer.weight_mask
    if (amount := int(sparsity * layer.weight.numel() + 1e-9) - gone) > 0:
        prune.l1_unstructured(layer, "weight", amount=amount)


def ranked_anew(layer, sparsity):
    prune.l1_unstructured(layer, "weight", amount=0)
    wanted = round(sparsity * layer.weight.numel())
    if int((layer.weight_mask == 0).sum()) < wanted:
        order = layer.weight_orig.abs().flatten().argsort()
        layer.weight_mask.fill_(1).view(-1)[order[:wanted]] = 0


def zeroed(state):
    plain = chapter_07_plain(state)
    return {name: value * 0 if name == "causal_mask" else value for name, value in plain.items()}


def chapter_07_plain(state):
    pruned = {name[:-5] for name in state if name.endswith("_orig") and name[:-5] + "_mask" in state}
    plain = {name: state[name + "_orig"] * state[name + "_mask"] + 0.0 for name in pruned}
    hidden = {name + end for name in pruned for end in ("_orig", "_mask")}
    return plain | {name: value for name, value in state.items() if name not in hidden}


def any_orig(state):
    pruned = [name for name in state if name.endswith("_orig") and name[:-5] + "_mask" in state]
    product = {name.replace("_orig", ""): state[name] * state[name[:-5] + "_mask"] + 0.0 for name in pruned}
    hidden = {name[:-5] + end for name in pruned for end in ("_orig", "_mask")}
    return product | {name: value for name, value in state.items() if name not in hidden}


def deaf_tensors(model, names=None, once=False):
    found = []
    for place, module in model.named_modules():
        hooked = {getattr(hook, "_tensor_name", None) for hook in module._forward_pre_hooks.values()}
        held = [n[:-5] for n, _ in module.named_buffers(recurse=False) if hasattr(module, n[:-5] + "_orig")]
        found += [place for n in held if n not in hooked and n in (names or held)]
    return list(dict.fromkeys(found)) if once else found


RIGHT = [
    (chapter_08.plain_state, chapter_07_plain),
    (chapter_08.deaf_layers, lambda model: deaf_tensors(model, once=True)),
    (chapter_08.prune_to, by_package),
    (chapter_08.plain_state, plain),
    (chapter_08.deaf_layers, deaf),
    (chapter_08.deaf_layers, lambda model: tuple(deaf(model))),
]

WRONG = [
    (chapter_08.prune_to, cut_off, "do not cut off"),
    (chapter_08.prune_to, ranked_anew, "must stay removed"),
    (chapter_08.plain_state, zeroed, "causal_mask was changed"),
    (chapter_08.plain_state, any_orig, "does not know"),
    (chapter_08.deaf_layers, deaf_tensors, "once all the same"),
    (chapter_08.deaf_layers, lambda model: deaf_tensors(model, ("weight", "bias"), once=True), "another name"),
    (chapter_08.prune_to, lambda layer, sparsity: None, "holds no mask"),
    (chapter_08.prune_to, by_share, "share of what is left"),
    (chapter_08.prune_to, by_float, "rounded once more"),
    (chapter_08.prune_to, stale, "old values"),
    (chapter_08.prune_to, not_held, "holds no mask"),
    (chapter_08.prune_to, without_guard, "raised ValueError"),
    (chapter_08.prune_to, is_pruned_means_weight, "raised AttributeError"),
    (chapter_08.prune_to, lambda layer, s: prune.random_unstructured(layer, "weight", s), "not the three smallest"),
    (chapter_08.plain_state, lambda state: None, "nothing so far"),
    (chapter_08.plain_state, lambda state: state, "does not know"),
    (chapter_08.plain_state, lambda state: plain(state, multiply=False), "multiply"),
    (chapter_08.plain_state, lambda state: plain(state, zero=-0.0), "-0.0"),
    (chapter_08.plain_state, negative_zeros, "-0.0"),
    (chapter_08.plain_state, by_name_only, "no pruning made them"),
    (chapter_08.plain_state, weights_only, "does not know"),
    (chapter_08.plain_state, in_place, "make a new dict"),
    (chapter_08.deaf_layers, lambda model: None, "nothing so far"),
    (chapter_08.deaf_layers, lambda model: [], "was not found"),
    (chapter_08.deaf_layers, lambda model: model(torch.ones(1, 4)), "the model was run"),
    (chapter_08.deaf_layers, deaf_by_is_pruned, "tensor by tensor"),
    (chapter_08.deaf_layers, deaf_by_any_hook, "somebody else"),
    (chapter_08.deaf_layers, deaf_by_any_mask, "causal_mask"),
    (chapter_08.deaf_layers, deaf_weights_only, "not only weights"),
    (chapter_08.deaf_layers, lambda model: deaf(model)[::-1], "order"),
    (chapter_08.deaf_layers, lambda model: "1.0", "list of names"),
]  # fmt: skip


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_08)
