"""Notes of a month's transfers: rows of flows in a replay; in a simulation None, and no code at all."""

from __future__ import annotations

from sim.kernels.lanes import known, stage


@stage
def note(flow, at, amount):
    """Write down one path's transfer, where transfers are written down."""
    if flow is not None:
        flow[known(at)] = amount


@stage
def row_of(flows, n):
    """The rows of a fund, or the row of a county."""
    if flows is None:
        return None
    return flows[n]
