"""The ledger: every transfer that a step can make, in the order of a month, and how it is noted.

A replay notes them in rows of slots like those of ``codes``, one a kind of transfer; a simulation has None
for a row, and no code at all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.codes import MAX_LAYERS, SOURCES
from sim.kernels.lanes import LANES, known, stage


class Flow(NamedTuple):
    """A kind of transfer: the ledger's columns, and the row of the city file whose clause it cites."""

    name: str
    step: str
    source: str
    destination: str
    row: str
    of_city: bool = False


def _layer_flows() -> list[Flow]:
    flows = []
    for i in range(MAX_LAYERS):
        row, step = f"settlement.waterfall.{i + 1}", f"waterfall {i + 1}"
        # balances drawn in common pass through the pool, so that each county's ledger adds up
        flows.append(Flow(f"layer{i}_common", step, "county_balance", "pool", row))
        for source in SOURCES:
            payer = "pool" if source == "all_balances" else source
            flows.append(Flow(f"layer{i}_{source}", step, payer, "unsettled", row))
    return flows


FLOWS = (
    Flow(
        "deficit_paid",
        "opening deficit",
        "county_treasury",
        "opening_deficit",
        "opening_deficit.in_january",
    ),
    Flow("returned", "pool returned", "pool", "county_balance", "opening_transfer.pool_returned"),
    Flow("opening", "opening transfer", "county_balance", "pool", "opening_transfer"),
    Flow(
        "opening_rest",
        "opening transfer",
        "county_treasury",
        "pool",
        "opening_transfer.rest_from_county_treasury",
    ),
    Flow("top_up", "top-up", "county_balance", "pool", "top_up"),
    Flow("top_up_rest", "top-up", "county_treasury", "pool", "top_up.rest_from_county_treasury"),
    Flow("repay_top_up", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("municipal", "municipal reserve", "municipal_reserve", "pool", "flows.municipal_reserve", True),
    Flow("interest_pool", "interest", "interest", "pool", "flows.interest", True),
    Flow("interest_risk", "interest", "interest", "risk_fund", "flows.interest", True),
    Flow("interest", "interest", "interest", "current", "flows.interest"),
    Flow("contributions", "contributions", "payers", "current", "flows.contributions"),
    Flow("claims", "claims", "current", "providers", "flows.claims"),
    # December up to the close; after it the settlement, in whatever month it falls
    Flow("tranche", "opening transfer", "county_balance", "pool", "opening_transfer.december_share"),
    Flow(
        "instalment",
        "opening deficit",
        "county_treasury",
        "opening_deficit",
        "opening_deficit.december_schedule",
    ),
    Flow("arrears_insured", "arrears", "payers", "current", "arrears.insured_schedule"),
    Flow("arrears_government", "arrears", "county_treasury", "current", "arrears.government_schedule"),
    Flow("recovered_pool", "recoveries", "providers", "pool", "recoveries_to"),
    Flow("recovered_balance", "recoveries", "providers", "county_balance", "recoveries_to"),
    Flow("repay_recoveries", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("made_good", "revenue made good", "county_treasury", "current", "assessment.mode"),
    Flow("off_revenue", "risk fund", "current", "risk_fund", "risk_fund.rate"),
    Flow("close", "close", "current", "unsettled", "flows.close"),
    Flow("surplus_pool", "surplus", "unsettled", "pool", "settlement.surplus_to_pool"),
    Flow("surplus_deficit", "surplus", "unsettled", "opening_deficit", "opening_deficit.own_surplus_first"),
    Flow("surplus_kept", "surplus", "unsettled", "county_balance", "settlement.surplus_to_pool"),
    Flow("repay_surplus", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("attributable_own", "assessment", "county_balance", "unsettled", "assessment.own_balance_first"),
    Flow("attributable", "assessment", "county_treasury", "unsettled", "assessment.mode"),
    *_layer_flows(),
    Flow("remainder", "unfunded", "unfunded", "unsettled", "flows.remainder"),
    Flow("repay_settlement", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("accrual", "risk fund", "county_balance", "risk_fund", "risk_fund.rate"),
    Flow("accrual_pool", "risk fund", "pool", "risk_fund", "risk_fund.rate", True),
)
FLOW_SLOTS = len(FLOWS)
_AT = {flow.name: np.int64(i * LANES) for i, flow in enumerate(FLOWS)}
F_DEFICIT_PAID, F_OPENING, F_OPENING_REST = _AT["deficit_paid"], _AT["opening"], _AT["opening_rest"]
F_RETURNED = _AT["returned"]
F_TOP_UP, F_TOP_UP_REST, F_MUNICIPAL = _AT["top_up"], _AT["top_up_rest"], _AT["municipal"]
F_INTEREST_POOL, F_INTEREST_RISK, F_INTEREST = _AT["interest_pool"], _AT["interest_risk"], _AT["interest"]
F_CONTRIBUTIONS, F_CLAIMS = _AT["contributions"], _AT["claims"]
F_TRANCHE, F_INSTALMENT = _AT["tranche"], _AT["instalment"]
F_ARREARS_INSURED, F_ARREARS_GOVERNMENT = _AT["arrears_insured"], _AT["arrears_government"]
F_RECOVERED_POOL, F_RECOVERED_BALANCE = _AT["recovered_pool"], _AT["recovered_balance"]
F_MADE_GOOD, F_OFF_REVENUE, F_CLOSE = _AT["made_good"], _AT["off_revenue"], _AT["close"]
F_SURPLUS_POOL, F_SURPLUS_DEFICIT = _AT["surplus_pool"], _AT["surplus_deficit"]
F_SURPLUS_KEPT = _AT["surplus_kept"]
F_ATTRIBUTABLE_OWN, F_ATTRIBUTABLE = _AT["attributable_own"], _AT["attributable"]
F_LAYERS, F_REMAINDER = _AT["layer0_common"], _AT["remainder"]
LAYER_STRIDE = np.int64((len(SOURCES) + 1) * LANES)
F_ACCRUAL, F_ACCRUAL_POOL = _AT["accrual"], _AT["accrual_pool"]
F_REPAY_TOP_UP, F_REPAY_RECOVERIES = _AT["repay_top_up"], _AT["repay_recoveries"]
F_REPAY_SURPLUS, F_REPAY_SETTLEMENT = _AT["repay_surplus"], _AT["repay_settlement"]


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
