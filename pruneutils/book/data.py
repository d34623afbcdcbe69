"""The book's data sets: small, split once by seed, and all but Fashion-MNIST made or loaded without a network.

Each function returns a :class:`Dataset`, scaled by what its training part alone tells. Choices are made on the
validation part and reported on the test part. A seed is a whole number from 0 to 2**32 - 1; wrong arguments raise
ValueError. The cards in ``data/`` give source, licence, checksums and known limits of each set.
"""

import gzip
import random
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from pruneutils._arguments import fraction, whole

__all__ = [
    "FASHION_MNIST_URL",
    "MONKS_VALUES",
    "Dataset",
    "classification",
    "digits",
    "fashion_mnist",
    "friedman1",
    "imbalanced",
    "mnist1d",
    "monks",
    "xor",
]

MONKS_VALUES = (3, 3, 2, 3, 4, 2)  # number of values of each of the six attributes
_MONKS_DRAWN = {1: 124, 2: 169, 3: 122}  # published sizes of the training sets
_MONKS_USED = {1: (0, 1, 4), 2: (0, 1, 2, 3, 4, 5), 3: (1, 3, 4)}  # attributes that occur in each rule

FASHION_MNIST_URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
_FASHION_MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
_Part = tuple[np.ndarray, np.ndarray]  # inputs and targets


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Three parts of inputs and targets: to train on, to choose with, and to report.

    Attributes
    ----------
    name : name of the function that made it.
    X_train, X_val, X_test : inputs, float32 of shape (n, inputs).
    y_train, y_val, y_test : targets, int64 labels or float32, shape (n,).
    true_inputs : columns of X that the target depends on, where that is known by construction.
    y_mean, y_scale : ``y * y_scale + y_mean`` is a standardised target in its original unit; labels have 0 and 1 there.
    """

    name: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    true_inputs: tuple[int, ...] | None = None
    y_mean: float = 0.0
    y_scale: float = 1.0

    def __repr__(self):
        kind = f"{len(np.unique(self.y_train))} classes" if self.y_train.dtype.kind == "i" else "real targets"
        shapes = [f"{part} {getattr(self, 'X_' + part).shape}" for part in ("train", "val", "test")]
        return f"Dataset({self.name!r}, {', '.join(shapes)}, {kind})"


def digits(*, seed: int = 0) -> Dataset:
    """Handwritten digits of 8x8 pixels in ten classes, 1,797 images shipped with scikit-learn.

    X: (n, 64), grey levels 0 to 16 divided by 16, which is their known maximum, not a statistic of the data.
    The seed draws training, validation and test part, 60:20:20, stratified. Source: Alpaydin & Kaynak 1998.

    >>> digits()
    Dataset('digits', train (1079, 64), val (359, 64), test (359, 64), 10 classes)
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return _dataset("digits", *_split(X / 16, y, _seed(seed)))


def friedman1(n_samples: int = 10_000, *, noise: float = 1.0, seed: int = 0) -> Dataset:
    """Friedman's regression problem: ten inputs, of which the last five have no influence at all.

    y = 10 sin(pi x0 x1) + 20 (x2 - 1/2)^2 + 10 x3 + 5 x4 + noise * N(0, 1), with x uniform on [0, 1].
    X: (n, 10). X and y are standardised by mean and standard deviation of the training part; ``noise`` >= 0 is in
    the unit of y before that. The seed draws sample and split, 60:20:20; n_samples >= 10. Source: Friedman 1991.

    >>> friedman1(1_000)
    Dataset('friedman1', train (600, 10), val (200, 10), test (200, 10), real targets)
    """
    n_samples, seed = whole("n_samples", n_samples, at_least=10), _seed(seed)
    if isinstance(noise, bool) or not isinstance(noise, Real) or not 0 <= noise < np.inf:
        raise ValueError(f"noise={noise!r}: expected a finite standard deviation of at least 0")
    from sklearn.datasets import make_friedman1

    X, y = make_friedman1(n_samples, noise=float(noise), random_state=seed)
    parts = _standardise(*_split(X, y, seed, stratify=False))
    mean, scale = float(parts[0][1].mean()), float(parts[0][1].std())
    known = dict(true_inputs=(0, 1, 2, 3, 4), y_mean=mean, y_scale=scale)
    return _dataset("friedman1", *((X, (y - mean) / scale) for X, y in parts), **known)


def mnist1d(*, seed: int = 0, generator: int = 42) -> Dataset:
    """MNIST-1D: ten classes of noisy, shifted and sheared one-dimensional signals, made by its package offline.

    X: (n, 40), standardised by one mean and one standard deviation of all training values (the package itself
    uses the test signals as well). The 4,000 training and 1,000 test signals are those of the package's settings:
    the seed draws 400 of the 4,000 for validation, stratified. ``generator`` is the seed by which the package makes
    all 5,000; the published ones have 42, others are as good for a repetition. Source: Greydanus & Kobak 2024.

    >>> mnist1d()
    Dataset('mnist1d', train (3600, 40), val (400, 40), test (1000, 40), 10 classes)
    """
    made = _signals(_seed(generator, "generator"))
    parts = *_hold_out(made["x"], made["y"], 400, _seed(seed)), (made["x_test"], made["y_test"])
    return _dataset("mnist1d", *_standardise(*parts, axis=None))


@lru_cache(maxsize=4)  # making them takes a second, splitting them does not; nobody writes into them
def _signals(generator: int) -> dict[str, np.ndarray]:
    from mnist1d.data import get_dataset_args, make_dataset

    settings = get_dataset_args()
    settings.seed = generator
    states = random.getstate(), np.random.get_state()  # the package seeds both global generators
    try:
        return make_dataset(settings)  # not get_dataset, which asks the network first
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def xor() -> Dataset:
    """Exclusive or: the four points of two inputs 0 or 1, X (4, 2), of class 1 where the inputs differ.

    Training, validation and test part are the same four points: there are no others. Source: Hassibi & Stork 1992.

    >>> xor().y_train
    array([0, 1, 1, 0])
    """
    X = np.array(list(product((0, 1), repeat=2)))
    return _dataset("xor", *[(X, X[:, 0] ^ X[:, 1])] * 3, true_inputs=(0, 1))


def monks(problem: int = 1, *, seed: int = 0) -> Dataset:
    """One of the three MONK's problems: 432 robots of six attributes a1 to a6 (``MONKS_VALUES``), and a rule.

    Class 1: a1 = a2 or a5 = 1 (problem 1); exactly two of six are 1 (2); a5 = 3 and a4 = 1, or a5 != 4 and a2 != 3 (3).
    X: (n, 17), a 0/1 column per value; ``true_inputs`` are the columns of all attributes that occur in the rule.
    The test part is all 432 robots, as published, and contains the others: 124, 169 or 122 (the published sizes),
    drawn by the seed because the published draw is a file not shipped here; a fifth of them is for validation.
    In problem 3, 5 % of the drawn labels are flipped first, 6 of 122. Source: Thrun et al. 1991.

    >>> monks(3)
    Dataset('monks-3', train (98, 17), val (24, 17), test (432, 17), 2 classes)
    """
    if isinstance(problem, bool) or not isinstance(problem, Integral) or problem not in _MONKS_DRAWN:
        raise ValueError(f"problem={problem!r}: expected 1, 2 or 3")
    robots = np.array(list(product(*(range(1, k + 1) for k in MONKS_VALUES))))  # (432, 6)
    a1, a2, _, a4, a5, _ = robots.T
    truth = {
        1: (a1 == a2) | (a5 == 1),
        2: (robots == 1).sum(axis=1) == 2,
        3: ((a5 == 3) & (a4 == 1)) | ((a5 != 4) & (a2 != 3)),
    }[problem].astype(np.int64)  # (432,)
    attribute = np.repeat(np.arange(6), MONKS_VALUES)  # (17,)
    X = robots[:, attribute] == np.concatenate([range(1, k + 1) for k in MONKS_VALUES])  # (432, 17)
    told = truth.copy()  # the labels of training and validation
    draw = np.random.RandomState(_seed(seed))  # a stream frozen by NumPy's policy, unlike that of default_rng
    drawn = draw.permutation(len(truth))[: _MONKS_DRAWN[problem]]
    if problem == 3:
        false = draw.choice(drawn, size=round(0.05 * len(drawn)), replace=False)
        told[false] = 1 - told[false]
    parts = *_hold_out(X[drawn], told[drawn], round(len(drawn) / 5), seed), (X, truth)
    used = np.flatnonzero(np.isin(attribute, _MONKS_USED[problem]))
    return _dataset(f"monks-{problem}", *parts, true_inputs=tuple(used.tolist()))


def classification(n_samples: int = 5_000, *, seed: int = 0) -> Dataset:
    """Four made classes that a linear model tells apart badly, and a small network well but not perfectly.

    Three Gaussian clusters a class on the corners of a hypercube in ten inputs, ten inputs of pure noise, 2 % of
    the labels drawn anew. X: (n, 20), standardised by mean and standard deviation of the training part. The seed
    draws problem and split, 60:20:20, stratified; n_samples >= 100. Source: Guyon 2003, made by scikit-learn.

    >>> classification(1_000)
    Dataset('classification', train (600, 20), val (200, 20), test (200, 20), 4 classes)
    """
    n_samples, seed = whole("n_samples", n_samples, at_least=100), _seed(seed)
    from sklearn.datasets import make_classification

    inputs = dict(n_features=20, n_informative=10, n_redundant=0, shuffle=False)  # so the informative ones stay first
    classes = dict(n_classes=4, n_clusters_per_class=3, class_sep=1.5, flip_y=0.02)
    X, y = make_classification(n_samples, **inputs, **classes, random_state=seed)
    return _dataset("classification", *_standardise(*_split(X, y, seed)), true_inputs=tuple(range(10)))


def fashion_mnist(*, cache: str | Path | None = None, base_url: str = FASHION_MNIST_URL, seed: int = 0) -> Dataset:
    """Fashion-MNIST: 70,000 grey images of clothes, 28x28 pixels in ten classes; the one set that is downloaded.

    X: (n, 784), grey levels 0 to 255 divided by 255. The seed draws a sixth of the published training images for
    validation, stratified. Four files come once from ``base_url`` into the folder ``cache``, of which None means
    ``pooch.os_cache("pruneutils")``. Raises ConnectionError if one is neither there nor within reach, ValueError if
    a download has a wrong checksum, and does not keep that. Source: Xiao et al. 2017.

    >>> fashion_mnist(base_url="fashion/")
    Traceback (most recent call last):
    ValueError: base_url='fashion/': expected an address that begins with http:// or https://
    """
    if not isinstance(base_url, str) or not base_url.startswith(("http://", "https://")):
        raise ValueError(f"base_url={base_url!r}: expected an address that begins with http:// or https://")
    seed = _seed(seed)
    X, y, X_test, y_test = [_idx(name, md5, base_url, cache) for name, md5 in _FASHION_MNIST_MD5.items()]
    parts = *_hold_out(X, y, round(len(y) / 6), seed), (X_test, y_test)
    return _dataset("fashion_mnist", *((X.reshape(len(X), -1).astype(np.float32) / 255, y) for X, y in parts))


def imbalanced(dataset: Dataset, rare: int, *, share: float = 1 / 9, seed: int = 0) -> Dataset:
    """A copy of ``dataset`` in which one class is rare, in all three parts.

    ``rare`` is its label, and about ``share`` of its samples stay, from 0 to below 1: of a part with n samples of k
    classes, round((1 - share) n / k) of them go, drawn by the seed. This number does not depend on the class, so that
    copies of one data set have the same sizes whichever class is rare. The others, and their order, stay.

    >>> imbalanced(digits(), 8)
    Dataset('digits', train (983, 64), val (327, 64), test (327, 64), 10 classes)
    """
    classes = np.unique(dataset.y_train)
    if dataset.y_train.dtype.kind != "i" or rare not in classes:
        raise ValueError(f"rare={rare!r}: expected one of the labels {classes[:10].tolist()}")
    rng, gone = np.random.RandomState(_seed(seed)), 1 - fraction("share", share)
    parts = {}
    for part in ("train", "val", "test"):
        X, y = getattr(dataset, f"X_{part}"), getattr(dataset, f"y_{part}")
        drawn = rng.permutation(np.flatnonzero(y == rare))[: round(gone * len(y) / len(classes))]
        parts |= {f"X_{part}": np.delete(X, drawn, axis=0), f"y_{part}": np.delete(y, drawn)}
    return replace(dataset, **parts)


def _idx(name: str, md5: str, base_url: str, cache: str | Path | None) -> np.ndarray:
    """The array of bytes in an IDX file, which is downloaded unless it lies in the cache."""
    import pooch
    import requests

    url = base_url.rstrip("/") + "/" + name
    folder = Path(pooch.os_cache("pruneutils") if cache is None else cache).expanduser()
    missing = f"{name}: no file with MD5 checksum {md5} in the cache folder {folder}, and {url}"
    remedy = "Connect to the network and try again, or put the file into that folder by hand."
    try:  # pooch moves a file to its place only once its checksum is right
        path = pooch.retrieve(url, f"md5:{md5}", name, folder, downloader=pooch.HTTPDownloader(timeout=30))
    except requests.RequestException as error:
        raise ConnectionError(f"{missing} did not deliver it ({type(error).__name__}). {remedy}") from error
    except ValueError as error:
        raise ValueError(f"{missing} delivered one with another checksum, which was not kept. {remedy}") from error
    raw = gzip.decompress(Path(path).read_bytes())  # byte 3 counts the axes, then come their lengths and the values
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(np.frombuffer(raw, ">u4", raw[3], offset=4))


def _seed(value: int, name: str = "seed") -> int:
    if whole(name, value) >= 2**32:
        raise ValueError(f"{name}={value!r}: expected a whole number below 2**32")
    return int(value)


def _hold_out(X: np.ndarray, y: np.ndarray, n: int, seed: int, stratify: bool = True) -> tuple[_Part, _Part]:
    from sklearn.model_selection import train_test_split

    split = train_test_split(X, y, test_size=n, stratify=y if stratify else None, random_state=seed)
    return (split[0], split[2]), (split[1], split[3])


def _split(X: np.ndarray, y: np.ndarray, seed: int, stratify: bool = True) -> tuple[_Part, _Part, _Part]:
    fifth = round(len(y) / 5)
    rest, test = _hold_out(X, y, fifth, seed, stratify)
    return *_hold_out(*rest, fifth, seed, stratify), test


def _standardise(*parts: _Part, axis: int | None = 0) -> list[_Part]:
    """All parts, shifted and scaled by mean and standard deviation of the first."""
    mean, scale = parts[0][0].mean(axis=axis), parts[0][0].std(axis=axis)
    return [((X - mean) / scale, y) for X, y in parts]


def _dataset(name: str, *parts: _Part, **known) -> Dataset:
    kind = np.float32 if parts[0][1].dtype.kind == "f" else np.int64
    return Dataset(name, *(a for X, y in parts for a in (X.astype(np.float32), y.astype(kind))), **known)
