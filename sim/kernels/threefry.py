"""Counter-based random words: Threefry-4x32 with 13 rounds.

A draw is a pure function of its address, so neither the order of work nor another county's presence can
change it.  Key: the seed (two words, two zeros).  Counter: path, stable county id (0 for the city),
16 x year + month (month 0: the year as a whole), purpose.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, 2011; rotation
constants of Random123 1.x.  From 12 rounds on its authors found no failure in the Crush batteries (their
table 2); 13 is the next number for which Random123 publishes known answers, against which the tests hold it.
"""

from __future__ import annotations

import numpy as np

from sim.kernels.lanes import LANES, inlined, known, rotate, signed, stage, uadd, uxor, wide
from sim.kernels.rows import quarter

u4 = np.uint32
PARITY = u4(0x1BD11BDA)
R0, R1 = u4(10), u4(26)
R2, R3 = u4(11), u4(21)
R4, R5 = u4(13), u4(27)
R6, R7 = u4(23), u4(5)
R8, R9 = u4(6), u4(20)
R10, R11 = u4(17), u4(11)
R12, R13 = u4(25), u4(10)
R14, R15 = u4(18), u4(20)


@stage
def _mix(x0, x1, x2, x3, a, b):
    """One round: two additions, rotations and exclusive-ors."""
    inlined()
    x0 = uadd(x0, x1)
    x1 = uxor(rotate(x1, a), x0)
    x2 = uadd(x2, x3)
    x3 = uxor(rotate(x3, b), x2)
    return x0, x1, x2, x3


@stage
def _four_even(x0, x1, x2, x3):
    inlined()
    x0, x1, x2, x3 = _mix(x0, x1, x2, x3, R0, R1)
    x0, x3, x2, x1 = _mix(x0, x3, x2, x1, R2, R3)
    x0, x1, x2, x3 = _mix(x0, x1, x2, x3, R4, R5)
    x0, x3, x2, x1 = _mix(x0, x3, x2, x1, R6, R7)
    return x0, x1, x2, x3


@stage
def _four_odd(x0, x1, x2, x3):
    inlined()
    x0, x1, x2, x3 = _mix(x0, x1, x2, x3, R8, R9)
    x0, x3, x2, x1 = _mix(x0, x3, x2, x1, R10, R11)
    x0, x1, x2, x3 = _mix(x0, x1, x2, x3, R12, R13)
    x0, x3, x2, x1 = _mix(x0, x3, x2, x1, R14, R15)
    return x0, x1, x2, x3


@stage
def threefry4x32(c0, c1, c2, c3, k0, k1, k2, k3):
    """Four uint32 words from a counter and a key of four uint32 words each."""
    inlined()
    k4 = uxor(uxor(uxor(PARITY, k0), k1), uxor(k2, k3))
    x0, x1, x2, x3 = uadd(c0, k0), uadd(c1, k1), uadd(c2, k2), uadd(c3, k3)
    x0, x1, x2, x3 = _four_even(x0, x1, x2, x3)
    x0, x1, x2, x3 = uadd(x0, k1), uadd(x1, k2), uadd(x2, k3), uadd(x3, uadd(k4, u4(1)))
    x0, x1, x2, x3 = _four_odd(x0, x1, x2, x3)
    x0, x1, x2, x3 = uadd(x0, k2), uadd(x1, k3), uadd(x2, k4), uadd(x3, uadd(k0, u4(2)))
    x0, x1, x2, x3 = _four_even(x0, x1, x2, x3)
    x0, x1, x2, x3 = uadd(x0, k3), uadd(x1, k4), uadd(x2, k0), uadd(x3, uadd(k1, u4(3)))
    return _mix(x0, x1, x2, x3, R8, R9)


@stage
def words(out, path, county_id, time, purpose, key):
    """Fill ``out`` (int32, 4 words x times x LANES) for paths ``path .. path + LANES``, at one time after the
    other from ``time`` on."""
    wide()
    k0, k1, zero = key[0], key[1], u4(0)
    county, why, first = u4(county_id), u4(purpose), u4(path)
    length = quarter(out)
    for t in range(length // LANES):
        when, at = u4(time + t), known(t * LANES)
        for lane in range(LANES):
            w0, w1, w2, w3 = threefry4x32(uadd(first, u4(lane)), county, when, why, k0, k1, zero, zero)
            out[at + lane] = signed(w0)
            out[length + at + lane] = signed(w1)
            out[2 * length + at + lane] = signed(w2)
            out[3 * length + at + lane] = signed(w3)
