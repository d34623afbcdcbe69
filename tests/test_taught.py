"""Distillation in ``train.fit`` and ``Trial.fit`` against a plain PyTorch loop, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pruneutils import masks, scores
from pruneutils.book.compare import Trial
from pruneutils.book.train import fit, mlp, predict
from pruneutils.pytorch import apply_masks, clone, masks_of, weights

X = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
LABELS, NUMBERS = np.digitize(X[:, 0] + X[:, 1], [-1, 1]), (X[:, 0] * X[:, 1]).astype(np.float32)


def pruned(net, seed):
    found = {name: masks.unstructured(scores.random(W, seed=seed), 0.5) for name, W in weights(net).items()}
    apply_masks(net, found)
    return net


def held(net):
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def same(these, those):
    return all(torch.equal(these[name], those[name]) for name in these | those)


def plain_loop(net, teacher, X, y, *, steps, lr, batch, seed, temperature, soft):
    """The textbook's loop: torch's own KL divergence, with the teacher asked anew on every batch."""
    X, y, generator = torch.from_numpy(X), torch.from_numpy(y), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=0.0)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)
    order = torch.cat([torch.randperm(len(X), generator=generator) for _ in range(steps)])
    losses = []
    for rows in order[: steps * batch].split(batch):
        with torch.no_grad():
            said = teacher(X[rows])
        outputs = net(X[rows])
        if y.dtype == torch.int64:
            student, told = (F.log_softmax(z / temperature, dim=1) for z in (outputs, said))
            hard = F.cross_entropy(outputs, y[rows])
            apart = temperature**2 * F.kl_div(student, told, reduction="batchmean", log_target=True)
        else:
            hard, apart = F.mse_loss(outputs[:, 0], y[rows]), F.mse_loss(outputs, said)
        loss = (1 - soft) * hard + soft * apart
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(("temperature", "soft"), [(1.0, 0.5), (3.0, 0.9), (2.0, 1.0)])
@pytest.mark.parametrize("y", [LABELS, NUMBERS], ids=["labels", "numbers"])
def test_a_taught_network_is_what_a_plain_loop_makes_of_it(y, temperature, soft):
    """Two pruned networks, each with data and a teacher of its own, one teacher of another architecture's width."""
    temperature = temperature if y is LABELS else 1.0
    outputs = 3 if y is LABELS else 1
    nets = [pruned(mlp(5, 8, outputs, seed=seed), seed) for seed in (0, 1)]
    teachers = [mlp(5, 16, outputs, seed=7), mlp(5, 4, outputs, seed=8)]
    plain, before = [clone(net) for net in nets], [held(teacher) for teacher in teachers]
    splits = [(X, y), (X[::-1].copy(), y[::-1].copy())]
    options = {"steps": 20, "lr": 0.01, "batch": 16}
    taught = {"temperature": temperature, "soft": soft}
    losses = fit(nets, *map(list, zip(*splits, strict=True)), seed=[3, 4], teachers=teachers, **options, **taught)
    for i, (net, other) in enumerate(zip(nets, plain, strict=True)):
        expected = plain_loop(other, teachers[i], *splits[i], seed=3 + i, **options, **taught)
        assert np.allclose(losses[i], expected, atol=1e-5)
        assert all(np.allclose(weights(net)[n], W, atol=2e-5) for n, W in weights(other).items())
    assert all(same(held(teacher), state) for teacher, state in zip(teachers, before, strict=True))


def test_a_share_of_zero_is_no_teacher_at_all():
    nets = [mlp(5, 8, 3, seed=0) for _ in range(2)]
    fit(nets[:1], X, LABELS, steps=10)
    fit(nets[1:], X, LABELS, steps=10, teachers=[mlp(5, 8, 3, seed=1)], soft=0.0)
    assert all(torch.allclose(a, held(nets[1])[name], atol=1e-6) for name, a in held(nets[0]).items())


def test_a_pupil_that_listens_only_becomes_its_teacher():
    """Whatever the labels say: here they are all the same."""
    teacher, pupil = mlp(5, 8, 3, seed=1), mlp(5, 16, 3, seed=0)
    fit([teacher], X, LABELS, steps=200, lr=0.01)
    fit([pupil], X, np.zeros(60, dtype=int), steps=500, lr=0.02, teachers=[teacher], soft=1.0)
    said, learnt = predict([teacher], X)[0].argmax(axis=1), predict([pupil], X)[0].argmax(axis=1)
    assert (said == learnt).mean() > 0.95


def test_a_teacher_speaks_in_evaluation_mode_and_is_left_as_it_was():
    """Dropout would give another answer each time, and batch-norm would learn from its pupil's data."""
    teacher = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)).train()
    before, runs = held(teacher), []
    for _ in range(2):
        net = mlp(5, 8, 3, seed=0)
        runs.append(fit([net], X, LABELS, steps=5, teachers=[teacher]))
    assert np.array_equal(*runs) and same(before, held(teacher)) and teacher.training


def test_masks_stay_while_a_teacher_speaks():
    net = pruned(mlp(5, 8, 3, seed=0), 0)
    before = masks_of(net)
    fit([net], X, LABELS, steps=10, teachers=[mlp(5, 8, 3, seed=1)])
    assert all(np.array_equal(mask, before[name]) for name, mask in masks_of(net).items())
    assert all((W[~before[name]] == 0).all() for name, W in weights(net).items())


BAD = {
    "two teachers": {"teachers": [mlp(5, 8, 3, seed=1)] * 2},
    "no teachers": {"teachers": []},
    "other classes": {"teachers": [mlp(5, 8, 4, seed=1)]},
    "soft above 1": {"teachers": [mlp(5, 8, 3, seed=1)], "soft": 1.5},
    "soft below 0": {"teachers": [mlp(5, 8, 3, seed=1)], "soft": -0.1},
    "a temperature of 0": {"teachers": [mlp(5, 8, 3, seed=1)], "temperature": 0},
    "a temperature that is no number": {"teachers": [mlp(5, 8, 3, seed=1)], "temperature": float("nan")},
    "soft without a teacher": {"soft": 0.3},
    "a temperature without a teacher": {"temperature": 2.0},
    "numbers and a temperature": {"teachers": [mlp(5, 8, 3, seed=1)], "temperature": 2.0, "y": NUMBERS},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_refused_teaching_leaves_the_networks_alone(bad):
    net = pruned(mlp(5, 8, 3, seed=0), 0)
    before, options = held(net), {"y": LABELS, "steps": 3} | bad
    with pytest.raises(ValueError, match="expected"):
        fit([net], X, **options)
    assert same(before, held(net))


def test_a_teacher_that_says_no_number_is_refused():
    teacher = mlp(5, 8, 3, seed=1)
    with torch.no_grad():
        teacher[0].bias[0] = float("nan")
    with pytest.raises(ValueError, match="expected finite"):
        fit([mlp(5, 8, 3, seed=0)], X, LABELS, steps=3, teachers=[teacher])


def trial():
    """Two runs at two rates."""
    parts = X, X[::-1].copy()
    y = LABELS, LABELS[::-1].copy()
    return Trial(seeds=(0, 1) * 2, X=parts * 2, y=y * 2, rates=(0.01, 0.01, 0.03, 0.03), decays=(0.0,) * 4)


def test_a_trial_gives_every_point_of_the_grid_its_runs_teacher():
    teachers = [mlp(5, 8, 3, seed=7), mlp(5, 8, 3, seed=8)]
    nets = trial().fit([mlp(5, 8, 3, seed=s) for s in (0, 1, 0, 1)], steps=10, teachers=teachers, temperature=2.0)
    for i, net in enumerate(nets):
        alone, one = mlp(5, 8, 3, seed=i % 2), trial()
        options = {"seed": one.seeds[i], "teachers": [teachers[i % 2]], "temperature": 2.0}
        fit([alone], one.X[i], one.y[i], steps=10, lr=one.rates[i], **options)
        assert all(torch.allclose(a, held(alone)[name], atol=2e-5) for name, a in held(net).items())


def test_a_trial_wants_a_teacher_for_each_run():
    nets = [mlp(5, 8, 3, seed=s) for s in (0, 1, 0, 1)]
    with pytest.raises(ValueError, match="expected 2, one a run"):
        trial().fit(nets, steps=2, teachers=[mlp(5, 8, 3, seed=7)] * 4)
