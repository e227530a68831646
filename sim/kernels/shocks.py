"""The shock model: city factor, county part, monthly noise, epidemic years, policy response.

Logarithms are to base 2 and float32; a year's total is its deterministic level (float64, yuan) times 2 to
the path's deviation, so that without shocks every figure is exactly its level.  The four cells of every
vector are contributions employee, claims employee, contributions resident, claims resident (``cell =
2 x fund + kind``); one call of the generator serves the four cells of one address.  Symbols such as g, h
and eps are those of docs/model.md, sections 2 to 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.codes import CLAIMS, CONTRIBUTIONS
from sim.kernels.lanes import HALF, LANES, ixor, known, stage, wide
from sim.kernels.normals import (
    exp2,
    exp2_within,
    normal_pair,
    normals,
    student_four,
    student_pairs,
    uniform,
)
from sim.kernels.rows import quarter
from sim.kernels.threefry import words

CELLS = 4
TOGETHER = 4
"""Months of a county that are drawn in one go, and posted by ``months.post_four``: fewer calls and longer
loops, in buffers that stay in the cache.
A row of them has the months one after the other, each with its lanes."""
CITY_YEAR, EPIDEMIC, COUNTY_YEAR, COUNTY_MONTH, EXCELLENCE = (np.int64(i) for i in range(1, 6))
"""Purposes: the last word of a draw's address."""
THE_CITY = np.int64(0)
"""The city's place where a county's draws have its id."""
SHOCK_LIMIT = np.float32(8)
ONE = np.float32(1)
ZERO = np.float32(0)
HALF_LN2 = np.float32(0.34657359027997264)
ALL_BITS, NO_BITS = np.int32(-1), np.int32(0)

# words of a year's epidemic that are mirrored: whether it strikes, radius and angle of its pair of normals
WHETHER, RADIUS, ANGLE = np.int64(0), np.int64(2 * LANES), np.int64(3 * LANES)
# slots of a fund's float32 rows: contributions, claims, and the deviations of both
FIRST, SECOND = np.int64(0), np.int64(LANES)
DEVIATION_FIRST, DEVIATION_SECOND = np.int64(2 * LANES), np.int64(3 * LANES)
PER_ADDRESS = CELLS * LANES
"""Words or draws in all lanes: a year's, or a month's."""


class Noise(NamedTuple):
    """What the shock stages read: F funds, C counties, Y years; logarithms to base 2."""

    key: np.ndarray
    """(2,) uint32: the seed."""
    county_id: np.ndarray
    """(C,) uint32: stable ids."""
    fund: np.ndarray
    """(F,) int64: 0 employee, 1 resident; a fund keeps its cells where the other is left out."""
    level: np.ndarray
    """(F, C, 2, Y) float64 yuan: totals of the median path without shocks."""
    gap: np.ndarray
    """(F, Y) float32, of the median path: log claims minus log contributions of the year before, less the
    base year's."""
    profile: np.ndarray
    """(F, 2, 12) float64 shares of a year."""
    city_root: np.ndarray
    """(4, 4) float32: Cholesky root of the correlation."""
    city_scale: np.ndarray
    """(4,) float32 volatilities."""
    city_persistence: np.ndarray
    """(4,) float32."""
    county_scale: np.ndarray
    """(4,) float32."""
    monthly_scale: np.ndarray
    """(4,) float32."""
    response: np.ndarray
    """(2,) float32: per fund."""
    scalars: np.ndarray
    """(9,) float32 in the order of the constants below."""
    mirrored: bool
    """Whether the second half of every block mirrors the first (antithetic paths)."""
    given: np.ndarray
    """(blocks of a chunk, Y, 4 x LANES) float32: the city's eps where it is not drawn here; or no blocks."""


(
    COUNTY_PERSISTENCE,
    COUNTY_CORRELATION,
    CITY_NU,
    COUNTY_NU,
    EPIDEMIC_PROBABILITY,
    EPIDEMIC_CLAIMS_MEAN,
    EPIDEMIC_CLAIMS_SD,
    EPIDEMIC_CONTRIBUTIONS_MEAN,
    EPIDEMIC_CONTRIBUTIONS_SD,
) = range(9)


class Shocked(NamedTuple):
    """The shocks' state and buffers for one block of paths."""

    city: np.ndarray
    """(2, 2 x LANES) float32: g of each fund's contributions and claims."""
    epidemic: np.ndarray
    """(2 x LANES,) float32: the year's log for contributions and claims."""
    county: np.ndarray
    """(C, 2, 4 x LANES) float32: h of contributions and claims, then their deviations from the level."""
    year: np.ndarray
    """(C, 2, 2 x LANES) float64 yuan: the year's totals of each fund, epidemic included."""
    words: np.ndarray
    """(4 x TOGETHER x LANES,) int32."""
    draws: np.ndarray
    """(4 x TOGETHER x LANES,) float32."""
    factors: np.ndarray
    """(2, 2 x TOGETHER x LANES) float32, by fund: of one county's year; then of the months drawn together,
    those of all contributions before those of all claims."""


@stage
def mirror(draws):
    """The second half of the lanes has the first half's shocks with the other sign, at every time."""
    wide()
    for n in range(draws.shape[0] // LANES):
        at = known(n * LANES)
        for i in range(HALF):
            draws[at + HALF + i] = -draws[at + i]


@stage
def mirror_words(words, word, bits):
    """The same for one word of every lane: the first half's with these bits turned.  With ALL_BITS U becomes
    1 - U, and a direction turns by half a circle."""
    wide()
    word = known(word)
    for i in range(HALF):
        words[word + HALF + i] = ixor(words[word + i], bits)


@stage
def _cut(x):
    """Cut at +-8: the exponential of an uncut Student-t has no mean."""
    return max(min(x, SHOCK_LIMIT), -SHOCK_LIMIT)


@stage
def mix_city(city, z, slot, root, scale, persistence):
    """g[y] = phi g[y-1] + D chol(R) eps for one of the four cells, chol(R) eps cut at +-8."""
    wide()
    slot = known(slot)
    r0, r1, r2, r3 = root[0], root[1], root[2], root[3]
    for i in range(LANES):
        e = r0 * z[i] + r1 * z[LANES + i] + r2 * z[2 * LANES + i] + r3 * z[3 * LANES + i]
        city[slot + i] = persistence * city[slot + i] + scale * _cut(e)


@stage
def draw_epidemic(epidemic, w, scalars):
    """Whether the year is struck, and the logs by which claims and contributions then change."""
    wide()
    probability = scalars[EPIDEMIC_PROBABILITY]
    m_claims, s_claims = scalars[EPIDEMIC_CLAIMS_MEAN], scalars[EPIDEMIC_CLAIMS_SD]
    m_contributions = scalars[EPIDEMIC_CONTRIBUTIONS_MEAN]
    s_contributions = scalars[EPIDEMIC_CONTRIBUTIONS_SD]
    for i in range(LANES):
        struck = ONE if uniform(w[i]) < probability else ZERO
        z0, z1 = normal_pair(w[2 * LANES + i], w[3 * LANES + i])
        epidemic[FIRST + i] = struck * (m_contributions + s_contributions * z1)
        epidemic[SECOND + i] = struck * (m_claims + s_claims * z0)


@stage
def city_draws(noise, shocked, path, y):
    """The city's eps of the year, independent of each other, into ``shocked.draws``."""
    draws, drawn = shocked.draws[:PER_ADDRESS], shocked.words[:PER_ADDRESS]
    words(drawn, path, THE_CITY, 16 * y, CITY_YEAR, noise.key)
    nu = noise.scalars[CITY_NU]
    if nu > ZERO:
        student_four(draws, drawn, nu)
    else:
        normals(draws, drawn)
    if noise.mirrored:
        mirror(draws)


@stage
def take(draws, given):
    """The city's eps that were drawn elsewhere, (4 x LANES,) copied."""
    for i in range(CELLS * LANES):
        draws[i] = given[i]


@stage
def draw_city(noise, shocked, out, path):
    """The city's eps of all years, of some blocks of paths, into ``out`` (blocks, Y, 4 x LANES)."""
    for b in range(out.shape[0]):
        for y in range(out.shape[1]):
            city_draws(noise, shocked, path + b * LANES, y)
            take(out[b, y], shocked.draws)


@stage
def city_year(noise, shocked, path, y):
    """The year's common shocks, from the city's eps in ``shocked.draws``."""
    for k in range(CELLS):
        scale, persistence = noise.city_scale[k], noise.city_persistence[k]
        mix_city(shocked.city[k // 2], shocked.draws, k % 2 * LANES, noise.city_root[k], scale, persistence)
    if noise.scalars[EPIDEMIC_PROBABILITY] > ZERO:
        words(shocked.words[:PER_ADDRESS], path, THE_CITY, 16 * y, EPIDEMIC, noise.key)
        if noise.mirrored:
            mirror_words(shocked.words, WHETHER, ALL_BITS)
            mirror_words(shocked.words, RADIUS, NO_BITS)
            mirror_words(shocked.words, ANGLE, ALL_BITS)
        draw_epidemic(shocked.epidemic, shocked.words, noise.scalars)


@stage
def walk(row, city, z, persistence, correlation, scale_contributions, scale_claims, response, gap):
    """One county and fund's deviations, a year on: AR(1) county part, city part, policy response."""
    wide()
    other = np.float32(np.sqrt(ONE - correlation * correlation))
    for i in range(LANES):
        e0 = _cut(z[FIRST + i])
        e1 = _cut(correlation * z[FIRST + i] + other * z[SECOND + i])
        h0 = persistence * row[FIRST + i] + scale_contributions * e0
        h1 = persistence * row[SECOND + i] + scale_claims * e1
        ahead = gap + row[DEVIATION_SECOND + i] - row[DEVIATION_FIRST + i]
        row[FIRST + i] = h0
        row[SECOND + i] = h1
        row[DEVIATION_FIRST + i] += city[FIRST + i] + h0
        row[DEVIATION_SECOND + i] += city[SECOND + i] + h1 - response * ahead


@stage
def year_totals(out, factors, row, epidemic, contributions, claims):
    """A fund's totals of the year: their levels (yuan) times 2 to deviation and epidemic's log."""
    wide()
    for i in range(2 * LANES):
        factors[i] = exp2(row[DEVIATION_FIRST + i] + epidemic[i])
    for i in range(LANES):
        out[FIRST + i] = contributions * np.float64(factors[FIRST + i])
        out[SECOND + i] = claims * np.float64(factors[SECOND + i])


@stage
def month_factors(out, z, scale, fund):
    """A fund's factors (2, any number of months) from the draws of all cells (4, as many): 2 to the power
    sigma eta - ln 2 sigma^2 / 2, whose mean is 1, for sigma to base 2."""
    wide()
    length = quarter(z)
    for kind in range(2):
        sigma = scale[2 * fund + kind]
        correction = HALF_LN2 * sigma * sigma
        to, cell = known(kind * length), known((2 * fund + kind) * length)
        for i in range(length):
            out[to + i] = exp2_within(sigma * z[cell + i] - correction)


@stage
def county_year(noise, shocked, path, c, y):
    """A county's year: its own shocks and the totals of its four cells."""
    draws, drawn = shocked.draws[:PER_ADDRESS], shocked.words[:PER_ADDRESS]
    words(drawn, path, np.int64(noise.county_id[c]), 16 * y, COUNTY_YEAR, noise.key)
    nu = noise.scalars[COUNTY_NU]
    if nu > ZERO:
        student_pairs(draws, drawn, nu)
    else:
        normals(draws, drawn)
    if noise.mirrored:
        mirror(draws)
    for f in range(noise.fund.shape[0]):
        fund = noise.fund[f]
        row, levels = shocked.county[c, fund], noise.level[f, c]
        walk(
            row,
            shocked.city[fund],
            draws[2 * fund * LANES :],
            noise.scalars[COUNTY_PERSISTENCE],
            noise.scalars[COUNTY_CORRELATION],
            noise.county_scale[2 * fund + CONTRIBUTIONS],
            noise.county_scale[2 * fund + CLAIMS],
            noise.response[fund],
            noise.gap[f, y],
        )
        contributions, claims = levels[CONTRIBUTIONS, y], levels[CLAIMS, y]
        year_totals(
            shocked.year[c, fund], shocked.factors[fund], row, shocked.epidemic, contributions, claims
        )


@stage
def county_months(noise, shocked, path, c, y, first, months):
    """A county's months from ``first`` on, at most TOGETHER: each fund's into ``shocked.factors``."""
    draws, drawn = shocked.draws[: months * PER_ADDRESS], shocked.words[: months * PER_ADDRESS]
    words(drawn, path, np.int64(noise.county_id[c]), 16 * y + first, COUNTY_MONTH, noise.key)
    normals(draws, drawn)
    if noise.mirrored:
        mirror(draws)
    for f in range(noise.fund.shape[0]):
        fund = noise.fund[f]
        month_factors(shocked.factors[fund], draws, noise.monthly_scale, fund)
