"""A row's slots cleared, filled, copied and added up, whatever they hold."""

from __future__ import annotations

from sim.kernels.lanes import LANES, known, stage, wide


@stage
def quarter(row):
    """A quarter of a row's length, in whole slots of LANES: the compiler then knows that it is, or every loop
    over it would exist a second time, for what is left over."""
    return known(row.shape[0] // (4 * LANES) * LANES)


@stage
def clear(row, slot):
    """A slot of a row to 0."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        row[slot + i] = 0.0


@stage
def fill(row, slot, value):
    """A slot of a row to one value in all lanes."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        row[slot + i] = value


@stage
def sum_of(county, city, slot, into):
    """Adds a county's slot to a city's."""
    wide()
    slot = known(slot)
    into = known(into)
    for i in range(LANES):
        city[into + i] += county[slot + i]


@stage
def wipe(row):
    """A whole row to 0."""
    for i in range(row.shape[0]):
        row[i] = 0


@stage
def copy_row(source, target, until):
    """A row's slots up to ``until``, where the rows are not one and the same."""
    wide()
    for i in range(until):
        target[i] = source[i]
