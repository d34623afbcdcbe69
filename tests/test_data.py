"""Data sets: shapes, splits, rules, scaling, downloads and refusals, against statements independent of the code."""

import functools
import gzip
import hashlib
import http.server
import math
import random
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import FrozenInstanceError
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from pruneutils.book import data

CARDS = Path(__file__).parents[1] / "data"
PARTS = ("train", "val", "test")
MAKERS = {
    "digits": data.digits,
    "friedman1": data.friedman1,
    "mnist1d": data.mnist1d,
    "monks-1": functools.partial(data.monks, 1),
    "monks-2": functools.partial(data.monks, 2),
    "monks-3": functools.partial(data.monks, 3),
    "classification": data.classification,
}
SHAPES = {  # training, validation and test examples, inputs, classes
    "digits": (1079, 359, 359, 64, 10),
    "friedman1": (6000, 2000, 2000, 10, None),
    "mnist1d": (3600, 400, 1000, 40, 10),
    "monks-1": (99, 25, 432, 17, 2),
    "monks-2": (135, 34, 432, 17, 2),
    "monks-3": (98, 24, 432, 17, 2),
    "classification": (3000, 1000, 1000, 20, 4),
}


@functools.cache
def load(name, seed=0):
    return MAKERS[name](seed=seed)


def xs(dataset):
    return [getattr(dataset, f"X_{part}") for part in PARTS]


def ys(dataset):
    return [getattr(dataset, f"y_{part}") for part in PARTS]


# All sets


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_and_types(name):
    """Guards against float64 inputs, a lost or doubled example, or a part of another size than documented."""
    dataset, (*sizes, inputs, classes) = load(name), SHAPES[name]
    assert dataset.name == name
    assert [x.shape for x in xs(dataset)] == [(n, inputs) for n in sizes]
    assert [y.shape for y in ys(dataset)] == [(n,) for n in sizes]
    assert all(x.dtype == np.float32 and np.isfinite(x).all() for x in xs(dataset))
    assert all(y.dtype == (np.int64 if classes else np.float32) for y in ys(dataset))
    if classes:
        assert all(set(y.tolist()) == set(range(classes)) for y in ys(dataset))


@pytest.mark.parametrize("name", SHAPES)
def test_same_seed_same_arrays(name):
    """Guards against a draw from an unseeded generator, and against a seed without effect."""
    first, again, other = load(name), MAKERS[name](seed=0), load(name, 1)
    for part in PARTS:
        np.testing.assert_array_equal(getattr(first, f"X_{part}"), getattr(again, f"X_{part}"))
        np.testing.assert_array_equal(getattr(first, f"y_{part}"), getattr(again, f"y_{part}"))
    assert not np.array_equal(first.X_train, other.X_train)
    assert not np.array_equal(first.X_val, other.X_val)


@pytest.mark.parametrize("name", SHAPES)
def test_global_generators_are_left_alone(name):
    """Guards against mnist1d's own seeding of both global generators, which would make later draws repeat."""
    load(name)  # libraries may draw while they are imported, which is not ours to judge
    random.seed(123)
    np.random.seed(123)
    expected = random.random(), np.random.rand()
    random.seed(123)
    np.random.seed(123)
    MAKERS[name]()
    assert (random.random(), np.random.rand()) == expected


def test_dataset_is_frozen_and_prints_shapes_only():
    """Guards against a data set whose parts are swapped in place, and against a repr that prints arrays."""
    dataset = load("digits")
    with pytest.raises(FrozenInstanceError):
        dataset.X_test = dataset.X_train
    assert repr(dataset) == "Dataset('digits', train (1079, 64), val (359, 64), test (359, 64), 10 classes)"
    assert repr(load("friedman1")).endswith("real targets)")


@pytest.mark.parametrize("name", ["friedman1", "mnist1d", "classification"])
def test_parts_are_disjoint(name):
    """Guards against an example in two parts: all rows of these continuous sets are distinct."""
    rows = np.concatenate(xs(load(name)))
    assert len(np.unique(rows, axis=0)) == len(rows) == sum(SHAPES[name][:3])


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_digits_are_a_partition_of_the_original(seed):
    """Guards against lost, doubled or relabelled images: the parts together are scikit-learn's images, each once."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    original = Counter((*row, label) for row, label in zip(X.astype(int).tolist(), y.tolist(), strict=True))
    dataset = data.digits(seed=seed)
    levels = np.concatenate(xs(dataset)) * 16
    assert (levels == levels.astype(int)).all() and levels.min() == 0 and levels.max() == 16
    labels = np.concatenate(ys(dataset)).tolist()
    assert Counter((*row, label) for row, label in zip(levels.astype(int).tolist(), labels, strict=True)) == original


@pytest.mark.parametrize("name, whole", [("digits", PARTS), ("classification", PARTS), ("mnist1d", PARTS[:2])])
def test_parts_are_stratified(name, whole):
    """Guards against a plain random split: each class has its share in each part, up to rounding."""
    counts = np.array([np.bincount(getattr(load(name), f"y_{part}")) for part in whole])
    expected = counts.sum(axis=0) * counts.sum(axis=1, keepdims=True) / counts.sum()
    assert np.abs(counts - expected).max() <= 1.5


@pytest.mark.parametrize("name, axis", [("friedman1", 0), ("classification", 0), ("mnist1d", None)])
def test_scaling_uses_training_statistics_only(name, axis):
    """Guards against leakage: training data have mean 0 and deviation 1, and just for that reason all data do not."""
    dataset = load(name)
    np.testing.assert_allclose(dataset.X_train.mean(axis=axis, dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.X_train.std(axis=axis, dtype=np.float64), 1, atol=1e-6)
    together = np.concatenate(xs(dataset)).astype(np.float64)
    assert np.abs(together.mean(axis=axis)).max() > 1e-4
    assert np.abs(dataset.X_test.mean(axis=axis, dtype=np.float64)).max() > 1e-4


def test_targets_of_friedman1_are_scaled_on_training_targets():
    """Guards against test targets in the scale, and a y_mean or y_scale that does not lead back to y."""
    dataset = load("friedman1")
    assert abs(dataset.y_train.mean(dtype=np.float64)) < 1e-6 and abs(dataset.y_train.std(dtype=np.float64) - 1) < 1e-6
    assert abs(dataset.y_test.mean(dtype=np.float64)) > 1e-4
    assert load("digits").y_mean == 0 and load("digits").y_scale == 1


# friedman1


def friedman_in_order(noise):
    """Raw inputs and targets in original units, both ordered by the noise-free target of the same seed."""
    from sklearn.datasets import make_friedman1

    raw, y = make_friedman1(10_000, noise=noise, random_state=0)
    dataset = data.friedman1(noise=noise)
    X = np.concatenate(xs(dataset))
    target = np.concatenate(ys(dataset)).astype(np.float64) * dataset.y_scale + dataset.y_mean
    return raw[np.argsort(y)], X[np.argsort(target)], np.sort(target)


def test_friedman1_targets_follow_the_formula_in_five_inputs():
    """Guards against noise inputs that matter, reordered columns, or targets that lost their rows."""
    raw, X, target = friedman_in_order(noise=0.0)
    formula = [
        10 * math.sin(math.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e
        for a, b, c, d, e in raw[:, data.friedman1(100).true_inputs].tolist()
    ]
    np.testing.assert_allclose(target, formula, atol=1e-4)
    for column in range(10):
        assert np.corrcoef(raw[:, column], X[:, column])[0, 1] > 0.999  # rounding swaps a few neighbours


def test_friedman1_noise_is_in_the_unit_of_the_original_target():
    """Guards against noise added after scaling, or not passed on: variances of signal and noise add up."""
    variance = {noise: np.var(friedman_in_order(noise)[2]) for noise in (0.0, 1.0, 3.0)}
    assert abs(variance[1.0] - variance[0.0] - 1) < 0.5
    assert abs(variance[3.0] - variance[0.0] - 9) < 1.5


# mnist1d


def test_mnist1d_asks_no_network(monkeypatch, tmp_path):
    """Guards against mnist1d's get_dataset, which downloads, forgives failure and writes into the working folder."""
    asked = []

    def refuse(*args, **kwargs):
        asked.append(args)
        raise OSError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    data.mnist1d()
    assert not asked and not list(tmp_path.iterdir())


def test_mnist1d_seed_moves_only_the_validation_part():
    """Guards against test signals that change with the seed, and a validation part drawn from the test part."""
    first, other = load("mnist1d"), load("mnist1d", 1)
    np.testing.assert_array_equal(first.y_test, other.y_test)
    # scales differ a little from seed to seed, because the training parts differ
    np.testing.assert_allclose(first.X_test, other.X_test, atol=0.02)
    assert np.corrcoef(first.X_test.ravel(), other.X_test.ravel())[0, 1] > 0.999999


def test_mnist1d_generator_makes_other_signals_of_the_same_kind():
    """Guards against repetitions that all read the published test signals."""
    published, fresh = load("mnist1d"), data.mnist1d(generator=43)
    assert fresh.X_test.shape == published.X_test.shape
    assert not np.isin(fresh.X_test[:, 0], published.X_test[:, 0]).mean() > 0.5
    assert np.abs(np.bincount(fresh.y_test) - 100).max() < 40
    centres = [np.stack([one.X_train[one.y_train == k].std(axis=0) for k in range(10)]) for one in (published, fresh)]
    assert np.corrcoef(centres[0].ravel(), centres[1].ravel())[0, 1] > 0.9
    with pytest.raises(ValueError, match=r"generator=-1: expected a whole number"):
        data.mnist1d(generator=-1)


# xor and MONK's


def test_xor_is_the_four_points():
    """Guards against a wrong truth table, and against parts that share memory."""
    dataset = data.xor()
    table = {(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)}
    for X, y in zip(xs(dataset), ys(dataset), strict=True):
        assert X.dtype == np.float32 and y.dtype == np.int64
        assert {(*x, label) for x, label in zip(X.tolist(), y.tolist(), strict=True)} == table
    dataset.X_train[:] = 7
    dataset.y_train[:] = 7
    assert dataset.X_test.max() == 1 and dataset.y_test.max() == 1


ROBOT = (  # the words of the report
    ("head", ("round", "square", "octagon")),
    ("body", ("round", "square", "octagon")),
    ("smiling", ("yes", "no")),
    ("holding", ("sword", "balloon", "flag")),
    ("jacket", ("red", "yellow", "green", "blue")),
    ("tie", ("yes", "no")),
)


def decode(row):
    """A row of 17 columns in words; fails where a block of columns has not exactly one 1."""
    robot, columns = {}, list(row)
    for name, values in ROBOT:
        block, columns = columns[: len(values)], columns[len(values) :]
        assert sorted(block) == [0] * (len(values) - 1) + [1]
        robot[name] = values[block.index(1)]
    assert not columns
    return robot


def in_words(problem, robot):
    if problem == 1:
        return robot["jacket"] == "red" or robot["head"] == robot["body"]
    if problem == 2:
        return [robot[name] for name, _ in ROBOT].count("yes") + sum(
            robot[name] == values[0] for name, values in ROBOT if "yes" not in values
        ) == 2
    if robot["holding"] == "sword" and robot["jacket"] == "green":
        return True
    return not (robot["jacket"] == "blue" or robot["body"] == "octagon")


@pytest.mark.parametrize("problem, positives", [(1, 216), (2, 142), (3, 228)])
def test_monks_rules(problem, positives):
    """Guards against a wrong rule or attribute: the rules in words, for all robots, and published class sizes."""
    dataset = load(f"monks-{problem}")
    robots = [decode(row) for row in dataset.X_test.tolist()]
    assert {tuple(robot.values()) for robot in robots} == set(product(*(values for _, values in ROBOT)))
    assert dataset.y_test.tolist() == [int(in_words(problem, robot)) for robot in robots]
    assert dataset.y_test.sum() == positives


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("problem, drawn, false", [(1, 124, 0), (2, 169, 0), (3, 122, 6)])
def test_monks_draw_and_noise(problem, drawn, false, seed):
    """Guards against draws with repetition, sizes that are not the published ones, and noise elsewhere than in 3."""
    dataset = load(f"monks-{problem}", seed)
    robots = [decode(row) for X in xs(dataset)[:2] for row in X.tolist()]
    labels = np.concatenate(ys(dataset)[:2]).tolist()
    assert len({tuple(robot.values()) for robot in robots}) == len(robots) == drawn
    assert sum(in_words(problem, robot) != label for robot, label in zip(robots, labels, strict=True)) == false


@pytest.mark.parametrize("problem", [1, 2, 3])
def test_monks_true_inputs(problem):
    """Guards against a wrong ground truth: an attribute is listed if and only if changing it changes some class."""
    dataset = load(f"monks-{problem}")
    names, start = [], 0
    for name, values in ROBOT:
        columns = range(start, start + len(values))
        start += len(values)
        listed = [column in dataset.true_inputs for column in columns]
        assert all(listed) or not any(listed)
        if all(listed):
            names.append(name)
    robots = [decode(row) for row in dataset.X_test.tolist()]
    for name, values in ROBOT:
        matters = any(len({in_words(problem, robot | {name: value}) for value in values}) == 2 for robot in robots)
        assert matters == (name in names), name


# classification


def test_classification_needs_a_network_and_leaves_room_for_damage():
    """Guards against settings too easy or too hard for pruning to show: linear model well below a small network."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    dataset = load("classification")
    fit = dataset.X_train, dataset.y_train
    linear = LogisticRegression(max_iter=500).fit(*fit).score(dataset.X_val, dataset.y_val)
    network = MLPClassifier((64, 32), max_iter=50, learning_rate_init=3e-3, early_stopping=True, random_state=0)
    score = network.fit(*fit).score(dataset.X_val, dataset.y_val)
    assert 0.35 < linear < score - 0.08 and score < 0.97


def test_classification_noise_inputs_say_nothing():
    """Guards against shuffled columns: neighbours in the noise inputs are at chance, in the true inputs far above."""
    from sklearn.neighbors import KNeighborsClassifier

    dataset = load("classification")
    noise = [column for column in range(20) if column not in dataset.true_inputs]
    score = {}
    for which, columns in (("noise", noise), ("true", list(dataset.true_inputs))):
        near = KNeighborsClassifier(15).fit(dataset.X_train[:, columns], dataset.y_train)
        score[which] = near.score(dataset.X_val[:, columns], dataset.y_val)
    assert len(noise) == 10 and abs(score["noise"] - 0.25) < 0.06 and score["true"] > 0.7


# fashion_mnist: small stand-ins of the four files behind a local server


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Address, folder and arrays of a local server with 60 training and 20 test images, with their checksums."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    draw = np.random.default_rng(0)
    arrays = {
        "train-images-idx3-ubyte.gz": draw.integers(0, 256, (60, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte.gz": np.repeat(np.arange(10, dtype=np.uint8), 6),
        "t10k-images-idx3-ubyte.gz": draw.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte.gz": np.repeat(np.arange(10, dtype=np.uint8), 2),
    }
    served = tmp_path / "served"
    served.mkdir()
    sums = {}
    for name, array in arrays.items():
        (served / name).write_bytes(idx(array))
        sums[name] = hashlib.md5((served / name).read_bytes()).hexdigest()
    monkeypatch.setattr(data, "_FASHION_MNIST_MD5", sums)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", served, arrays
    server.shutdown()
    server.server_close()


@pytest.fixture
def nobody():
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return f"http://127.0.0.1:{port}/"


def test_fashion_mnist_is_fetched_split_and_kept(stand_in, nobody, tmp_path):
    """Guards against a wrong parse of the files, mixed parts, and a second download of what is in the cache."""
    url, _, arrays = stand_in
    cache = tmp_path / "cache"
    dataset = data.fashion_mnist(cache=cache, base_url=url)
    assert [x.shape for x in xs(dataset)] == [(50, 784), (10, 784), (20, 784)]
    assert all(x.dtype == np.float32 for x in xs(dataset)) and all(y.dtype == np.int64 for y in ys(dataset))
    assert np.bincount(dataset.y_val).tolist() == [1] * 10
    images, labels = arrays["train-images-idx3-ubyte.gz"], arrays["train-labels-idx1-ubyte.gz"]
    expected = {(bytes(image.ravel()), int(label)) for image, label in zip(images, labels, strict=True)}
    back = np.rint(np.concatenate(xs(dataset)[:2]) * 255).astype(np.uint8)
    given = np.concatenate(ys(dataset)[:2])
    assert {(bytes(row), int(label)) for row, label in zip(back, given, strict=True)} == expected
    test = arrays["t10k-images-idx3-ubyte.gz"].reshape(20, 784).astype(np.float32) / 255
    np.testing.assert_array_equal(dataset.X_test, test)
    np.testing.assert_array_equal(dataset.y_test, arrays["t10k-labels-idx1-ubyte.gz"])

    again = data.fashion_mnist(cache=str(cache), base_url=nobody)
    np.testing.assert_array_equal(again.X_train, dataset.X_train)
    assert sorted(file.name for file in cache.iterdir()) == sorted(arrays)


def test_fashion_mnist_uses_the_users_cache_folder(stand_in, tmp_path, monkeypatch):
    """Guards against files in the working folder, and against an address without its last slash."""
    import pooch

    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "home" / project)
    data.fashion_mnist(base_url=stand_in[0].rstrip("/"))
    assert len(list((tmp_path / "home" / "pruneutils").iterdir())) == 4


def test_corrupted_download_is_refused_and_not_kept(stand_in, tmp_path):
    """Guards against a damaged file that is used, or stays in the cache and spoils the next call."""
    url, served, arrays = stand_in
    cache, name = tmp_path / "cache", "t10k-labels-idx1-ubyte.gz"
    (served / name).write_bytes(b"<html>please log in</html>")
    with pytest.raises(ValueError, match=f"^{name}: .*another checksum, which was not kept.*by hand") as caught:
        data.fashion_mnist(cache=cache, base_url=url)
    assert url + name in str(caught.value) and str(cache) in str(caught.value)
    assert data._FASHION_MNIST_MD5[name] in str(caught.value)
    assert sorted(file.name for file in cache.iterdir()) == sorted(set(arrays) - {name})
    (served / name).write_bytes(idx(arrays[name]))
    assert len(data.fashion_mnist(cache=cache, base_url=url).y_test) == 20


def test_broken_file_in_the_cache_is_not_used(stand_in, nobody, tmp_path):
    """Guards against trust in a file because it lies there: offline it is named, online it is replaced."""
    url, _, arrays = stand_in
    cache, name = tmp_path / "cache", "train-images-idx3-ubyte.gz"
    cache.mkdir()
    (cache / name).write_bytes(b"half a file")
    with pytest.raises(ConnectionError, match=f"^{name}: no file with MD5 checksum"):
        data.fashion_mnist(cache=cache, base_url=nobody)
    assert len(data.fashion_mnist(cache=cache, base_url=url).y_train) == 50
    assert (cache / name).read_bytes() == idx(arrays[name])


def test_offline_error_says_what_to_do(stand_in, nobody, tmp_path):
    """Guards against a bare traceback of urllib3: file, address, folder, checksum and remedy are named."""
    cache, name = tmp_path / "cache", "train-images-idx3-ubyte.gz"
    with pytest.raises(ConnectionError) as caught:
        data.fashion_mnist(cache=cache, base_url=nobody)
    for part in (name, nobody + name, str(cache), data._FASHION_MNIST_MD5[name], "by hand", "again"):
        assert part in str(caught.value)
    assert not list(cache.iterdir())


def test_missing_file_on_the_server_is_a_connection_error(stand_in, tmp_path):
    """Guards against a page of the error 404 that is taken for the file."""
    url, served, _ = stand_in
    (served / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(ConnectionError, match=r"^train-labels-idx1-ubyte\.gz: .*HTTPError"):
        data.fashion_mnist(cache=tmp_path / "cache", base_url=url)


# Refusals


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: data.monks(4), r"problem=4: expected 1, 2 or 3"),
        (lambda: data.monks(1.0), r"problem=1\.0: expected 1, 2 or 3"),
        (lambda: data.monks(True), r"problem=True: expected 1, 2 or 3"),
        (lambda: data.monks([1]), r"problem=\[1\]: expected 1, 2 or 3"),
        (lambda: data.friedman1(0), r"n_samples=0: expected a whole number of at least 10"),
        (lambda: data.friedman1(99.5), r"n_samples=99\.5: expected a whole number of at least 10"),
        (lambda: data.friedman1(noise=-1), r"noise=-1: expected a finite standard deviation of at least 0"),
        (lambda: data.friedman1(noise=math.nan), r"noise=nan: expected"),
        (lambda: data.friedman1(noise=math.inf), r"noise=inf: expected"),
        (lambda: data.friedman1(noise="1"), r"noise='1': expected"),
        (lambda: data.friedman1(noise=True), r"noise=True: expected"),
        (lambda: data.imbalanced(data.digits(), 10), r"rare=10: expected one of the labels"),
        (lambda: data.imbalanced(data.friedman1(100), 0), r"rare=0: expected one of the labels"),
        (lambda: data.imbalanced(data.digits(), 8, share=1), r"share=1: expected a fraction"),
        (lambda: data.classification(99), r"n_samples=99: expected a whole number of at least 100"),
        (lambda: data.fashion_mnist(base_url="/tmp"), r"base_url='/tmp': expected an address that begins with http"),
        (lambda: data.fashion_mnist(base_url=None), r"base_url=None: expected an address"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    """Guards against an answer to a senseless question, and an error that does not name argument and value."""
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize("make", [*MAKERS.values(), data.fashion_mnist], ids=[*MAKERS, "fashion_mnist"])
@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, None, "0", True])
def test_wrong_seeds_are_refused(make, seed):
    """Guards against seed=None, an unrepeatable draw, and a library's error that calls the seed something else."""
    with pytest.raises(ValueError, match=re.escape(f"seed={seed!r}: expected a whole number")):
        make(seed=seed)


@pytest.mark.parametrize("make, least", [(data.friedman1, 10), (data.classification, 100)])
def test_smallest_samples_work(make, least):
    """Guards against a documented minimum that fails inside the split."""
    for seed in range(5):
        assert [len(y) for y in ys(make(least, seed=seed))] == [least * 3 // 5, least // 5, least // 5]


# One class made rare


@pytest.mark.parametrize("rare", range(10))
def test_imbalanced_takes_samples_of_one_class_alone_and_keeps_the_order(rare):
    """A helper that drops samples of another class, or shuffles inputs against labels."""
    whole = data.digits(seed=3)
    left = data.imbalanced(whole, rare, seed=rare)
    for part in PARTS:
        X, y, X_left, y_left = (getattr(d, f"{a}_{part}") for d in (whole, left) for a in "Xy")
        counts, now = Counter(y.tolist()), Counter(y_left.tolist())
        assert {k: n for k, n in now.items() if k != rare} == {k: n for k, n in counts.items() if k != rare}
        assert counts[rare] - now[rare] == round(8 / 9 * len(y) / 10)
        rows = {row.tobytes(): at for at, row in enumerate(X)}
        at = [rows[row.tobytes()] for row in X_left]
        assert at == sorted(at) and (y[at] == y_left).all()


def test_imbalanced_copies_have_one_size_and_draw_by_the_seed():
    made = [data.imbalanced(data.digits(seed=k), k, seed=k) for k in range(10)]
    assert len({(d.X_train.shape, d.X_val.shape, d.X_test.shape) for d in made}) == 1
    whole = data.digits()
    first, again, other = (data.imbalanced(whole, 8, seed=seed).X_train for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert (data.imbalanced(whole, 8, share=0).y_train == 8).sum() <= 2


# Imports and cards


def test_import_is_light():
    """Guards against a framework, or half a second of libraries, at the import of the module."""
    heavy = ["torch", "tensorflow", "sklearn", "scipy", "matplotlib", "mnist1d", "pooch", "requests"]
    code = f"import sys; from pruneutils.book import data; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CARDS.parent)
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr


def test_every_set_has_a_card():
    """Guards against a data set without its source, licence, shapes and limits."""
    sets = {"digits", "friedman1", "mnist1d", "xor", "monks", "classification", "fashion_mnist"}
    for name in sorted(sets):
        text = (CARDS / f"{name}.md").read_text(encoding="utf-8")
        assert f"pruneutils.book.data.{name}" in text and callable(getattr(data, name))
        for heading in ("Source and licence", "Shapes and units", "How it is made and split", "Known limits"):
            assert f"\n## {heading}\n" in text, (name, heading)
        assert f"{name}.md" in (CARDS / "README.md").read_text(encoding="utf-8")


def rows(pattern):
    """Rows of the cards' tables, as groups of the pattern."""
    cards = sorted(CARDS.glob("*.md"))
    return [row for card in cards for row in re.findall(pattern, card.read_text(encoding="utf-8"), re.MULTILINE)]


CHECKSUMS = rows(r"^\| `(\w+)\(([^)]*)\)` \| `([Xy]_\w+)` \| `([0-9a-f]{64})` \|$")
FIRST_VALUES = rows(r"^\| `(\w+)\(\)` \| `(X_\w+)` \| `([-.,\d ]+)` \|$")


def test_cards_have_checksums():
    """Guards against patterns that find nothing any more, so that the next two tests are empty."""
    assert {name for name, *_ in CHECKSUMS} == {"digits", "mnist1d", "xor", "monks", "classification"}
    assert {name for name, *_ in FIRST_VALUES} == {"friedman1", "mnist1d", "classification"}


@pytest.mark.parametrize("name, argument, array, checksum", CHECKSUMS)
def test_checksums_of_the_cards(name, argument, array, checksum):
    """Guards against data that change silently with a library: exact arrays and labels by their checksum."""
    made = load(f"monks-{argument}" if name == "monks" else name) if name != "xor" else data.xor()
    stored = np.ascontiguousarray(getattr(made, array))
    assert hashlib.sha256(stored.astype(stored.dtype.newbyteorder("<")).tobytes()).hexdigest() == checksum


@pytest.mark.parametrize("name, array, values", FIRST_VALUES)
def test_first_values_of_the_cards(name, array, values):
    """Guards against scaled inputs that change silently, where the last bit may depend on the processor."""
    expected = [float(value) for value in values.split(",")]
    np.testing.assert_allclose(getattr(load(name), array)[0, : len(expected)], expected, atol=1e-3)


def test_card_of_fashion_mnist_has_the_checksums_in_use():
    """Guards against a card that disagrees with the code about the files or their address."""
    assert dict(rows(r"^\| `([\w.-]+)` \| `([0-9a-f]{32})` \|$")) == data._FASHION_MNIST_MD5
    assert data.FASHION_MNIST_URL in (CARDS / "fashion_mnist.md").read_text(encoding="utf-8")
