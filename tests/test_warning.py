"""Early warning: counts by hand, every pair of years once, and a city whose law is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from closed_forms import CLAIMS_VOLATILITY, depletion_by_year_two, flows, one_county
from scipy import integrate
from scipy.stats import norm

from sim.kernels.codes import EVENTS
from sim.paths import event_years
from sim.warning import foresight


def first_years(*years: int) -> np.ndarray:
    return np.array(years, np.int16)


def test_seven_paths_by_hand() -> None:
    # warned early by 2 and by 5 years; in depletion's own year; after it; never; in vain, early and late
    warning = first_years(1, 0, 4, 5, -1, 2, 9)
    depletion = first_years(3, 5, 4, 3, 6, -1, -1)
    found = foresight(warning, depletion, years=10)
    assert (found.warned.hits, found.warned.of) == (6, 7)
    assert (found.depleted.hits, found.missed.hits, found.missed.of) == (5, 3, 5)
    assert found.leads.tolist() == [0, 1, 0, 0, 1, 0, 0, 0, 0]
    assert (found.early, found.lead_mean_years) == (2, 3.5)
    assert found.lead_std_error == pytest.approx(1.5)  # sqrt(4.5) / sqrt(2)
    assert [found.lead_percentile_years(p) for p in (0.05, 0.5, 0.51, 0.95)] == [2, 2, 5, 5]
    # No depletion follows the fourth (its depletion came first) nor the last two.
    assert (found.false_alarms.hits, found.false_alarms.of, found.undecided) == (3, 6, 0)


def test_false_alarms_within_some_years() -> None:
    warning = first_years(1, 0, 4, 2, 7, 9, 8)
    depletion = first_years(3, 5, 4, -1, -1, -1, 9)
    found = foresight(warning, depletion, years=10, within=2)
    # In time: 1 -> 3, 4 -> 4.  Too late: 0 -> 5.  In vain: 2 and 7, whose two years end in time (9).
    # The two years of 8 and 9 end after the horizon, whatever follows.
    assert (found.false_alarms.hits, found.false_alarms.of, found.undecided) == (3, 5, 2)
    assert found.false_alarms.value == 0.6
    assert found.false_alarms.std_error == pytest.approx(np.sqrt(0.6 * 0.4 / 5))
    alone = foresight(warning, depletion, years=10, within=0)
    assert (alone.false_alarms.hits, alone.false_alarms.of, alone.undecided) == (6, 7, 0)


@pytest.mark.parametrize("within", [None, 0, 1, 3])
def test_every_pair_of_years_once(within: int | None) -> None:
    years = 5
    pairs = list(product(range(-1, years), repeat=2))
    found = foresight(*(first_years(*each) for each in zip(*pairs, strict=True)), years, within)
    missed = sum(1 for w, d in pairs if d >= 0 and not (w >= 0 and w < d))
    assert (found.missed.hits, found.missed.of) == (missed, sum(d >= 0 for _, d in pairs))
    verdicts = []
    for w, d in pairs:
        if w >= 0:
            end = years - 1 if within is None else w + within
            came = any(year == d for year in range(w, end + 1))
            verdicts.append("open" if end > years - 1 else "hit" if came else "false")
    assert found.false_alarms.hits == verdicts.count("false")
    assert found.false_alarms.of == verdicts.count("false") + verdicts.count("hit")
    assert found.undecided == verdicts.count("open")
    assert found.leads.tolist() == [years - 1 - k for k in range(years - 1)]  # k + 1 apart


def test_a_depletion_that_a_warning_does_not_touch_follows_by_chance() -> None:
    """Warned in some year, then depleted with probability q a year: in vain (1 - q)^(within + 1)."""
    rng, years, within, q, paths = np.random.default_rng(7), 12, 3, 0.15, 200_000
    warning = rng.integers(0, years, paths)
    depletion = warning + rng.geometric(q, paths) - 1
    inside = np.where(depletion < years, depletion, -1)
    found = foresight(warning.astype(np.int16), inside.astype(np.int16), years, within)
    assert found.false_alarms.value == pytest.approx(0.85**4, abs=4 * found.false_alarms.std_error)


def test_nothing_happens() -> None:
    never = np.full(4, -1, np.int16)
    found = foresight(never, never, years=3)
    assert found.warned.value == 0
    assert all(np.isnan(x) for x in (found.missed.value, found.false_alarms.value, found.lead_mean_years))
    assert np.isnan(found.lead_percentile_years(0.5))


@pytest.mark.parametrize(
    ("arrays", "years", "within", "says"),
    [
        (([0, 1], [0]), 3, None, "two arrays"),
        (([3], [0]), 3, None, "warning: expected years"),
        (([0], [-2]), 3, None, "depletion: expected years"),
        (([0], [0]), 3, -1, "within"),
    ],
)
def test_what_cannot_be(
    arrays: tuple[list[int], list[int]], years: int, within: int | None, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        foresight(*(first_years(*each) for each in arrays), years, within)


def test_a_city_whose_law_is_known() -> None:
    """Two years, claims lognormal: the chance that a depletion comes without a warning, in closed form."""
    months, paths = 3.0, 40_000
    case = one_county(years=2)
    case = case.model_copy(update={"options": case.options.model_copy(update={"below_months": (months,)})})
    held, contributions, claims = flows(case)
    # Year one warns where (held + contributions - claims X) / (claims X / 12) < N, X = exp(sigma z).
    warns = np.log((held + contributions[0]) / (claims[0] * (1 + months / 12))) / CLAIMS_VOLATILITY

    def depleted_unwarned(z: float) -> float:
        left = held + contributions[0] - claims[0] * np.exp(CLAIMS_VOLATILITY * z) + contributions[1]
        return float(norm.pdf(z) * norm.sf(np.log(left / claims[1]) / CLAIMS_VOLATILITY - z))

    at_once, in_all = depletion_by_year_two(case)
    unwarned, _ = integrate.quad(depleted_unwarned, -9, warns, epsabs=1e-14, epsrel=1e-10)
    years = event_years(case, paths=paths, seed=5).city
    found = foresight(years[:, 0, len(EVENTS)], years[:, 0, EVENTS.index("reserve_depletion")], years=2)
    for share, exact in ((found.depleted, in_all), (found.missed, (at_once + unwarned) / in_all)):
        assert 0.05 < exact < 0.95
        assert share.value == pytest.approx(exact, abs=4 * share.std_error)
    assert found.lead_mean_years == 1
    assert found.early == found.depleted.hits - found.missed.hits
