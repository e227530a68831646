"""The shock model: city factor, county part, monthly noise, epidemic years, policy response.

Logarithms are to base 2 and float32; a year's total is its deterministic level (float64, yuan) times 2 to
the path's deviation, so that without shocks every figure is exactly its level.  The four cells of every
vector are contributions employee, claims employee, contributions resident, claims resident (``cell =
2 x fund + kind``); one call of the generator serves the four cells of one address.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.codes import CLAIMS, CONTRIBUTIONS
from sim.kernels.lanes import LANES, stage, wide
from sim.kernels.normals import exp2, normal_pair, normals, student_four, student_pairs, uniform_31
from sim.kernels.threefry import words

CELLS = 4
CITY_YEAR, EPIDEMIC, COUNTY_YEAR, COUNTY_MONTH, EXCELLENCE = (np.int64(i) for i in range(1, 6))
"""Purposes: the last word of a draw's address."""
THE_CITY = np.int64(0)
"""The city's place where a county's draws have its id."""
CUT = np.float32(8)
ONE = np.float32(1)
ZERO = np.float32(0)
TO_UNIT = np.float32(2.0**-31)

# slots of the float32 rows
G, EPIDEMIC_LOG = np.int64(0), np.int64(CELLS * LANES)
CITY_SHOCK_SLOTS = CELLS + 2
H, DEVIATION = np.int64(0), np.int64(CELLS * LANES)
COUNTY_SHOCK_SLOTS = 2 * CELLS


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
    """(F, C, Y) float32: log claims minus log contributions of the year before, less the base year's."""
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
    """(CITY_SHOCK_SLOTS x LANES,) float32: g, then the epidemic's log for contributions and claims."""
    county: np.ndarray
    """(C, COUNTY_SHOCK_SLOTS x LANES) float32: h, then each cell's deviation from its level."""
    year: np.ndarray
    """(C, CELLS x LANES) float64 yuan: the year's totals, epidemic included."""
    month: np.ndarray
    """(CELLS, LANES) float64 yuan: one county's month."""
    words: np.ndarray
    """(4 x LANES,) int32."""
    draws: np.ndarray
    """(4 x LANES,) float32."""


@stage
def _cut(x):
    """Cut at +-8: the exponential of an uncut Student-t has no mean."""
    return max(min(x, CUT), -CUT)


@stage
def mix_city(city, z, cell, root, scale, persistence):
    """g[y] = phi g[y-1] + D chol(R) eps for one of the four cells."""
    wide()
    r0, r1, r2, r3 = root[0], root[1], root[2], root[3]
    for i in range(LANES):
        e = r0 * z[i] + r1 * z[LANES + i] + r2 * z[2 * LANES + i] + r3 * z[3 * LANES + i]
        city[cell + i] = persistence * city[cell + i] + scale * _cut(e)


@stage
def draw_epidemic(city, w, scalars):
    """Whether the year is struck, and the logs by which claims and contributions then change."""
    wide()
    probability = scalars[EPIDEMIC_PROBABILITY]
    m_claims, s_claims = scalars[EPIDEMIC_CLAIMS_MEAN], scalars[EPIDEMIC_CLAIMS_SD]
    m_contributions = scalars[EPIDEMIC_CONTRIBUTIONS_MEAN]
    s_contributions = scalars[EPIDEMIC_CONTRIBUTIONS_SD]
    for i in range(LANES):
        struck = ONE if uniform_31(w[i]) * TO_UNIT < probability else ZERO
        z0, z1 = normal_pair(w[2 * LANES + i], w[3 * LANES + i])
        city[EPIDEMIC_LOG + i] = struck * (m_contributions + s_contributions * z1)
        city[EPIDEMIC_LOG + LANES + i] = struck * (m_claims + s_claims * z0)


@stage
def city_year(noise, shocked, path, y):
    """The year's common shocks."""
    words(shocked.words, path, THE_CITY, 16 * y, CITY_YEAR, noise.key)
    nu = noise.scalars[CITY_NU]
    if nu > ZERO:
        student_four(shocked.draws, shocked.words, nu)
    else:
        normals(shocked.draws, shocked.words)
    for k in range(CELLS):
        scale, persistence = noise.city_scale[k], noise.city_persistence[k]
        mix_city(shocked.city, shocked.draws, k * LANES, noise.city_root[k], scale, persistence)
    if noise.scalars[EPIDEMIC_PROBABILITY] > ZERO:
        words(shocked.words, path, THE_CITY, 16 * y, EPIDEMIC, noise.key)
        draw_epidemic(shocked.city, shocked.words, noise.scalars)


@stage
def walk(row, city, z, cell, persistence, correlation, scale_contributions, scale_claims, response, gap):
    """One county and fund's deviations, a year on: AR(1) county part, city part, policy response."""
    wide()
    k0, k1 = cell + CONTRIBUTIONS * LANES, cell + CLAIMS * LANES
    other = np.float32(np.sqrt(ONE - correlation * correlation))
    for i in range(LANES):
        e0 = _cut(z[k0 + i])
        e1 = _cut(correlation * z[k0 + i] + other * z[k1 + i])
        h0 = persistence * row[H + k0 + i] + scale_contributions * e0
        h1 = persistence * row[H + k1 + i] + scale_claims * e1
        ahead = gap + row[DEVIATION + k1 + i] - row[DEVIATION + k0 + i]
        row[H + k0 + i] = h0
        row[H + k1 + i] = h1
        row[DEVIATION + k0 + i] += city[G + k0 + i] + h0
        row[DEVIATION + k1 + i] += city[G + k1 + i] + h1 - response * ahead


@stage
def totals(out, row, city, level, k, kind):
    """A cell's total of the year: level x 2^(deviation + epidemic)."""
    wide()
    for i in range(LANES):
        out[k + i] = level * np.float64(exp2(row[DEVIATION + k + i] + city[EPIDEMIC_LOG + kind + i]))


@stage
def county_year(noise, shocked, path, c, y):
    """A county's year: its own shocks and the totals of its four cells."""
    words(shocked.words, path, np.int64(noise.county_id[c]), 16 * y, COUNTY_YEAR, noise.key)
    nu = noise.scalars[COUNTY_NU]
    if nu > ZERO:
        student_pairs(shocked.draws, shocked.words, nu)
    else:
        normals(shocked.draws, shocked.words)
    for f in range(noise.fund.shape[0]):
        cell = 2 * noise.fund[f]
        walk(
            shocked.county[c],
            shocked.city,
            shocked.draws,
            cell * LANES,
            noise.scalars[COUNTY_PERSISTENCE],
            noise.scalars[COUNTY_CORRELATION],
            noise.county_scale[cell + CONTRIBUTIONS],
            noise.county_scale[cell + CLAIMS],
            noise.response[noise.fund[f]],
            noise.gap[f, c, y],
        )
        for kind in range(2):
            k, level = (cell + kind) * LANES, noise.level[f, c, kind, y]
            totals(shocked.year[c], shocked.county[c], shocked.city, level, k, kind * LANES)


@stage
def spread(out, year, z, k, share, scale):
    """A month of one cell: total x share x exp(sigma eta - sigma^2 / 2), scales to base 2."""
    wide()
    mean = np.float32(0.5) * scale * scale * np.float32(0.6931471805599453)
    for i in range(LANES):
        out[i] = year[k + i] * share * np.float64(exp2(scale * z[k + i] - mean))


@stage
def county_month(noise, shocked, path, c, y, month):
    """A county's month: contributions and claims of both funds into ``shocked.month``."""
    words(shocked.words, path, np.int64(noise.county_id[c]), 16 * y + month, COUNTY_MONTH, noise.key)
    normals(shocked.draws, shocked.words)
    for f in range(noise.fund.shape[0]):
        for kind in range(2):
            cell = 2 * noise.fund[f] + kind
            share, scale = noise.profile[f, kind, month - 1], noise.monthly_scale[cell]
            spread(shocked.month[cell], shocked.year[c], shocked.draws, cell * LANES, share, scale)
