"""The random generator against its published answers and a program of its definition."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernels.lanes import LANES
from sim.kernels.threefry import threefry4x32, words

MASK = 0xFFFFFFFF
PUBLISHED = [  # "threefry4x32 13" of Random123's kat_vectors
    ((0,) * 4, (0,) * 4, (0x531C7E4F, 0x39491EE5, 0x2C855A92, 0x3D6ABF9A)),
    ((MASK,) * 4, (MASK,) * 4, (0xC4189358, 0x1C9CC83A, 0xD5881C67, 0x6A0A89E0)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89),
        (0x4AA71D8F, 0x734738C2, 0x431FC6A8, 0xAE6DEBF1),
    ),
]
ROTATIONS = [(10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20)]


def threefry(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Salmon et al. 2011: thirteen rounds of two MIX functions, a permutation between them, a subkey after
    every fourth."""
    parity = 0x1BD11BDA
    for word in key:
        parity ^= word
    schedule = [*key, parity]
    x = [(c + k) & MASK for c, k in zip(counter, key, strict=True)]
    for n in range(13):
        for (i, j), bits in zip(((0, 1), (2, 3)), ROTATIONS[n % 8], strict=True):
            x[i] = (x[i] + x[j]) & MASK
            x[j] = ((x[j] << bits) | (x[j] >> (32 - bits))) & MASK
            x[j] ^= x[i]
        if n < 12:
            x[1], x[3] = x[3], x[1]
        if n % 4 == 3:
            s = n // 4 + 1
            x = [(word + schedule[(s + i) % 5]) & MASK for i, word in enumerate(x)]
            x[3] = (x[3] + s) & MASK
    return tuple(x)


def drawn(path: int, county: int, time: int, purpose: int, seed: int) -> np.ndarray:
    """(4, LANES) words as unsigned integers."""
    out = np.zeros(4 * LANES, np.int32)
    words(out, path, county, time, purpose, np.array([seed & MASK, seed >> 32], np.uint32))
    return out.view(np.uint32).reshape(4, LANES)


@pytest.mark.parametrize(("counter", "key", "answer"), PUBLISHED)
def test_published_answers(counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]) -> None:
    assert threefry4x32(*map(np.uint32, counter + key)) == answer
    assert threefry(counter, key) == answer


def test_words_are_the_definitions_on_random_addresses() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        county, purpose, time = (int(rng.integers(2**32)), int(rng.integers(1, 6)), int(rng.integers(3300)))
        seed, path = int(rng.integers(2**63)), int(rng.integers(2**23)) * LANES
        ours = drawn(path, county, time, purpose, seed)
        for lane in (0, 1, 100, LANES - 1):
            address = (path + lane, county, time, purpose)
            assert tuple(ours[:, lane]) == threefry(address, (seed & MASK, seed >> 32, 0, 0)), address


def test_the_last_path_that_a_run_can_have() -> None:
    ours = drawn(2**31 - LANES, 2**32 - 1, 16 * 199 + 12, 5, 2**64 - 1)
    assert tuple(ours[:, -1]) == threefry((2**31 - 1, 2**32 - 1, 16 * 199 + 12, 5), (MASK, MASK, 0, 0))


def test_every_part_of_the_address_matters() -> None:
    here = drawn(0, 7, 16, 1, 5)
    assert np.array_equal(here, drawn(0, 7, 16, 1, 5))
    others = [(LANES, 7, 16, 1, 5), (0, 8, 16, 1, 5), (0, 7, 17, 1, 5), (0, 7, 16, 2, 5), (0, 7, 16, 1, 6)]
    for address in [*others, (0, 7, 16, 1, 5 + 2**32)]:
        # chance agreement of one word in 1024 pairs: 2e-7
        assert not (drawn(*address) == here).any(), address


def test_a_block_continues_where_the_one_before_ends() -> None:
    both = np.concatenate([drawn(0, 3, 0, 1, 9), drawn(LANES, 3, 0, 1, 9)], axis=1)
    assert np.array_equal(drawn(LANES // 2, 3, 0, 1, 9), both[:, LANES // 2 : LANES // 2 + LANES])
    assert len(np.unique(both, axis=1)[0]) == 2 * LANES
