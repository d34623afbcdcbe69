"""The self-checks of chapter 17's exercises: right answers pass, however written, and the usual wrong ones do not."""

import numpy as np
from examination import examination

from pruneutils import masks
from pruneutils.book.checks import chapter_17


def moved(mask, drop, grow, count):
    return masks.drop_and_grow(mask, drop, grow, count / mask.sum())


def by_sorting_places(mask, drop, grow, count):
    kept, gone = np.argwhere(mask), np.argwhere(~mask)
    new = mask.copy()
    for place in sorted(kept, key=lambda p: drop[tuple(p)])[:count]:
        new[tuple(place)] = False
    for place in sorted(gone, key=lambda p: -grow[tuple(p)])[:count]:
        new[tuple(place)] = True
    return new


def grows_what_is_there(mask, drop, grow, count):
    new = mask.copy().ravel()
    kept = np.flatnonzero(new)
    new[kept[np.argsort(drop.ravel()[kept])[:count]]] = False
    new[np.argsort(np.where(mask, grow, grow - 1).ravel())[-count:]] = True
    return new.reshape(mask.shape)


def drops_what_is_gone(mask, drop, grow, count):
    new = mask.copy().ravel()
    new[np.argsort(drop.ravel())[:count]] = False
    return new.reshape(mask.shape)


def after_dropping(mask, drop, grow, count):
    new = mask.copy().ravel()
    kept = np.flatnonzero(new)
    new[kept[np.argsort(drop.ravel()[kept])[:count]]] = False
    gone = np.flatnonzero(~new)
    new[gone[np.argsort(grow.ravel()[gone])[len(gone) - count :]]] = True
    return new.reshape(mask.shape)


def marks_with_zero(mask, drop, grow, count):
    new = mask.copy().ravel()
    new[np.argsort(np.where(mask, drop, 99).ravel())[:count]] = False
    new[np.argsort(np.where(mask, 0, grow).ravel())[mask.size - count :]] = True
    return new.reshape(mask.shape)


def in_place(mask, drop, grow, count):
    mask[:] = moved(mask, drop, grow, count)
    return mask


def drops_the_largest(mask, drop, grow, count):
    return moved(mask, -drop, grow, count)


def soft(W, s, G, *, hard=False, through=False, slope=True, sign=-1.0, summed=True):
    g = 1 / (1 + np.exp(-s))
    above = abs(W) > g
    shrunken = W * above if hard else np.sign(W) * np.maximum(0, abs(W) - g)
    of_s = sign * (g * (1 - g) if slope else 1) * np.sign(W) * G * above
    return shrunken, G if through else G * above, of_s.sum() if summed else of_s


def by_clipping(W, s, G):
    g = 1 / (1 + np.exp(-s))
    shrunken = W - np.clip(W, -g, g)
    return shrunken, np.where(shrunken == 0, 0, G), -(g * (1 - g)) * np.sum(np.sign(shrunken) * G)


def only_at_zero(W, s, G):
    shrunken, of_W, _ = soft(W, s, G)
    return shrunken, of_W, -0.25 * (np.sign(W) * of_W).sum()


RIGHT = [
    (chapter_17.drop_and_grow, moved),
    (chapter_17.drop_and_grow, by_sorting_places),
    (chapter_17.soft_threshold, soft),
    (chapter_17.soft_threshold, by_clipping),
    (chapter_17.my_moves, {25: 0.6, 100: 0.5, 225: 0.3}),
]

WRONG = [
    (chapter_17.drop_and_grow, lambda *given: None, "nothing so far"),
    (chapter_17.drop_and_grow, in_place, "changed the mask"),
    (chapter_17.drop_and_grow, lambda *given: moved(*given).ravel(), "shape"),
    (chapter_17.drop_and_grow, lambda *given: moved(*given).astype(int), "boolean"),
    (chapter_17.drop_and_grow, grows_what_is_there, "kept already"),
    (chapter_17.drop_and_grow, drops_what_is_gone, "of the kept|lowest drop scores"),
    (chapter_17.drop_and_grow, after_dropping, "before the move"),
    (chapter_17.drop_and_grow, drops_the_largest, "lowest drop scores"),
    (chapter_17.drop_and_grow, marks_with_zero, "infinity"),
    (chapter_17.soft_threshold, lambda W, s, G: None, "nothing so far"),
    (chapter_17.soft_threshold, lambda W, s, G: W, "three things"),
    (chapter_17.soft_threshold, lambda W, s, G: soft(W, s, G, hard=True), "they shrink by it"),
    (chapter_17.soft_threshold, lambda W, s, G: soft(W, s, G, through=True), "no slope"),
    (chapter_17.soft_threshold, lambda W, s, G: soft(W, s, G, summed=False), "one number"),
    (chapter_17.soft_threshold, lambda W, s, G: soft(W, s, G, slope=False), "sigmoid's slope"),
    (chapter_17.soft_threshold, lambda W, s, G: soft(W, s, G, sign=1.0), "wrong sign"),
    (chapter_17.soft_threshold, only_at_zero, "a small step says"),
    (chapter_17.my_moves, [25, 100, 225], "expected a dict"),
    (chapter_17.my_moves, dict.fromkeys(range(25, 450, 25), 0.3), "at most 3"),
    (chapter_17.my_moves, {0.5: 0.3}, "whole number"),
    (chapter_17.my_moves, {100: 30}, "not a percentage"),
    (chapter_17.my_moves, {500: 0.5, 550: 0.5, 590: 0.5}, "begin earlier"),
    (chapter_17.my_moves, {50: 0.02, 100: 0.02, 150: 0.02}, "move more"),
]  # fmt: skip


(
    test_a_right_answer_is_accepted_however_it_is_written,
    test_a_usual_wrong_answer_is_rejected_with_its_reason,
    test_every_check_has_right_answers_and_at_least_three_wrong_ones,
) = examination(RIGHT, WRONG, chapter_17)
