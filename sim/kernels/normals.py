"""From random words to normal and Student-t shocks, in float32, without a scalar library call.

Polynomials are minimax fits of our own (relative or absolute error beside each); the tests hold every
function pointwise against NumPy and SciPy in float64.  Logarithms are to base 2 throughout.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernels.lanes import (
    LANES,
    bits,
    from_bits,
    iadd,
    iand,
    ishl,
    ishr,
    isub,
    ixor,
    known,
    stage,
    to_float,
    wide,
)
from sim.kernels.rows import quarter

f4, i4 = np.float32, np.int32
ONE_HALF, ONE, TWO = f4(0.5), f4(1), f4(2)
TWICE_LN2 = f4(2 * math.log(2))
PER_31_BITS = f4(2.0**-31)

# (2^f - 1) / f on abs(f) <= 1/2: 2^f to 1e-7, and exactly 1 at f = 0, so that no shock is no change
X0, X1, X2, X3, X4 = (f4(v) for v in (0.693147004, 0.240222424, 0.0555073358, 0.00967151206, 0.00132647529))
# log2(1 + f) / f on sqrt(1/2) - 1 <= f < sqrt(2) - 1: 3e-8 relative
L0, L1, L2, L3, L4, L5, L6, L7, L8 = (
    f4(v)
    for v in (
        *(1.44269502, -0.721347332, 0.480910599, -0.360703677, 0.287916839),
        *(-0.238945365, 0.215712011, -0.207265168, 0.125839233),
    )
)
# sin(pi y / 2) / y and cos(pi y / 2) in y^2 on 0..1: 7e-9 and 5e-8 absolute
S0, S1, S2, S3, S4 = (f4(v) for v in (1.57079637, -0.645963788, 0.0796899274, -0.00467416039, 0.00015167978))
C0, C1, C2, C3, C4 = (f4(v) for v in (1.0, -1.23369888, 0.253653209, -0.0208139667, 0.00085969007))
WHOLE = f4(1.5 * 2**23)
LIMIT = f4(60)
MANTISSA, ROOT_HALF = i4(0x007FFFFF), i4(0x3F3504F3)
I1, I23, I31 = i4(1), i4(23), i4(31)
POSITIVE = i4(0x7FFFFFFF)


@stage
def _rounded(t):
    """t = n + f with n whole and abs(f) <= 1/2; returns f and n where a float32 has its exponent.

    At 1.5 x 2^23 a float32 has no fraction: adding that rounds t, and leaves n in the lowest bits.
    """
    rounded = t + WHOLE
    return t - (rounded - WHOLE), ishl(bits(rounded), I23)


@stage
def _cut(t):
    """t cut at +-60."""
    return max(min(t, LIMIT), -LIMIT)


@stage
def exp2_within(t):
    """2 to the power t; 2e-7 relative.  Only for abs(t) <= 120."""
    f, exponent = _rounded(t)
    power = ((((X4 * f + X3) * f + X2) * f + X1) * f + X0) * f + ONE
    return from_bits(iadd(bits(power), exponent))


@stage
def exp2(t):
    """2 to the power t, t cut at +-60; 2e-7 relative."""
    return exp2_within(_cut(t))


@stage
def exp2_minus_1(t):
    """2^t - 1 without cancellation near t = 0, t cut at +-60."""
    f, exponent = _rounded(_cut(t))
    power = from_bits(iadd(bits(ONE), exponent))
    return power * (f * ((((X4 * f + X3) * f + X2) * f + X1) * f + X0)) + (power - ONE)


@stage
def log2(x):
    """Base-2 logarithm of a positive normal number, in a whole and a fractional part to be added."""
    i = isub(bits(x), ROOT_HALF)
    f = from_bits(iadd(iand(i, MANTISSA), ROOT_HALF)) - ONE
    part = ((((((((L8 * f + L7) * f + L6) * f + L5) * f + L4) * f + L3) * f + L2) * f + L1) * f + L0) * f
    return to_float(ishr(i, I23)), part


@stage
def uniform_31(word):
    """(k + 1/2) of the word's upper 31 bits k; divided by 2^31 it is uniform on (0, 1)."""
    return to_float(iand(ishr(word, I1), POSITIVE)) + ONE_HALF


@stage
def uniform(word):
    """Uniform on (0, 1), of the word's upper 31 bits."""
    return uniform_31(word) * PER_31_BITS


@stage
def minus_log2(word):
    """-log2 of the word's uniform number, at least 0: a part above 0 belongs to a whole of 30 or less."""
    whole, part = log2(uniform_31(word))
    return (f4(31) - whole) - part


@stage
def direction(word):
    """Cosine and sine of an angle uniform on the circle: a half turn from the word, its low bit the side."""
    y = to_float(word) * PER_31_BITS
    q = y * y
    sine = y * ((((S4 * q + S3) * q + S2) * q + S1) * q + S0)
    cosine = (((C4 * q + C3) * q + C2) * q + C1) * q + C0
    return from_bits(ixor(bits(cosine), ishl(word, I31))), sine


@stage
def radius_of(word):
    """Radius sqrt(-2 ln u) of two standard normals, of a uniform u."""
    return math.sqrt(minus_log2(word) * TWICE_LN2)


@stage
def turned(radius, word):
    """The radius in a random direction: two standard normals."""
    cosine, sine = direction(word)
    return radius * cosine, radius * sine


@stage
def normal_pair(a, b):
    """Two independent standard normals from two words (Box and Muller 1958); |z| <= 6.66."""
    return turned(radius_of(a), b)


@stage
def normals(out, words):
    """Standard normals (4, any number) in pairs of rows, from words of the same shape, as ``normal_pair``.

    In two loops: while one long chain of operations waits for its results, little of the next lanes' fits
    into the processor's queue.
    """
    wide()
    length = quarter(out)
    for pair in range(2):
        first, second = known(2 * pair * length), known((2 * pair + 1) * length)
        for i in range(length):
            out[first + i] = radius_of(words[first + i])
        for i in range(length):
            z0, z1 = turned(out[first + i], words[second + i])
            out[first + i] = z0
            out[second + i] = z1


@stage
def student_pairs(out, words, nu):
    """Two independent pairs, each bivariate Student-t with one mixing variable, of unit variance.

    R = sqrt(nu (U^(-2/nu) - 1)) is the exact radius of a bivariate t (Bailey 1994), here scaled by
    sqrt((nu - 2) / nu).
    """
    wide()
    for half in range(2):
        i = 2 * half * LANES
        for lane in range(LANES):
            radius = math.sqrt((nu - TWO) * exp2_minus_1(minus_log2(words[i + lane]) * (TWO / nu)))
            out[i + lane], out[i + LANES + lane] = turned(radius, words[i + LANES + lane])


@stage
def student_four(out, words, nu):
    """Four components of one Student-t vector with a single mixing variable, of unit variance.

    The first pair as in ``student_pairs``.  Given it, the second pair is bivariate t with nu + 2 degrees
    of freedom, scaled by sqrt((nu + R1^2) / (nu + 2)) (Ding 2016, "On the conditional distribution of the
    multivariate t distribution"), so two words more complete the vector and no mixing variable is drawn.
    """
    wide()
    scale = (nu - TWO) / nu
    for lane in range(LANES):
        first = nu * exp2_minus_1(minus_log2(words[lane]) * (TWO / nu))
        second = (nu + first) * exp2_minus_1(minus_log2(words[2 * LANES + lane]) * (TWO / (nu + TWO)))
        out[lane], out[LANES + lane] = turned(math.sqrt(scale * first), words[LANES + lane])
        z2, z3 = turned(math.sqrt(scale * second), words[3 * LANES + lane])
        out[2 * LANES + lane], out[3 * LANES + lane] = z2, z3
