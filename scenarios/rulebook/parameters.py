"""Names of rule parameters in nobody's words: key -> (English, Chinese).

A city's row names a parameter as the city's document does.  A scenario can set one that no document at hand
mentions; it is called as here.
"""

from __future__ import annotations

from scenarios.labels import Lang

PARAMETERS: dict[str, tuple[str, str]] = {
    "opening_transfer.months_of_city_claims": (
        "opening transfer, months of city claims",
        "统筹前结余上划额（全市月均支出的倍数）",
    ),
    "opening_transfer.months_of_own_claims": (
        "opening transfer, months of the county's own claims",
        "统筹前结余上划额（本县月均支出的倍数）",
    ),
    "opening_transfer.share_of_balance": (
        "opening transfer, share of the county's balance",
        "统筹前结余上划比例",
    ),
    "opening_transfer.share_of_balance_city_level": (
        "opening transfer, share of the city-level unit's balance",
        "市本级统筹前结余上划比例",
    ),
    "opening_transfer.december_share": (
        "opening transfer, second tranche in December of the first year, share of the balance",
        "首年12月第二批上划比例",
    ),
    "opening_transfer.rest_from_county_treasury": (
        "the county treasury pays what a balance lacks in the opening transfer",
        "上划时累计结余不足部分由县级财政补足",
    ),
    "opening_transfer.pool_returned": (
        "share of the opening pool given back to the counties",
        "期初统筹基金发还各县的比例",
    ),
    "opening_deficit.in_january": (
        "opening deficits made good in January of the first year",
        "统筹前缺口于首年1月一次补足",
    ),
    "opening_deficit.december_schedule": (
        "opening deficits made good each December, shares",
        "统筹前缺口每年12月弥补的比例",
    ),
    "opening_deficit.own_surplus_first": (
        "a county's surplus repays its opening deficit first",
        "县级所得结余先弥补统筹前缺口",
    ),
    "top_up.months": ("January top-up, months of city claims", "年初补足标准（全市月均支出的倍数）"),
    "top_up.by_balance": ("January top-up, part spread by balances", "年初补足额按累计结余分摊的部分"),
    "top_up.by_deficit": ("January top-up, part spread by deficits", "年初补足额按缺口分摊的部分"),
    "top_up.by_enrolment": ("January top-up, part spread by enrolment", "年初补足额按参保人数分摊的部分"),
    "top_up.rest_from_county_treasury": (
        "the county treasury pays what a balance lacks in the January top-up",
        "年初补足时累计结余不足部分由县级财政补足",
    ),
    "top_up.enrolment_of": ("January top-up, year of the enrolment", "年初补足所用参保人数的年度"),
    "top_up.balance": ("January top-up, balance that is drawn", "年初补足可动用的累计结余"),
    "settlement.month": ("month of settlement", "清算时间"),
    "settlement.surplus_to_pool": ("share of a surplus that goes to the pool", "当年结余归入统筹基金的比例"),
    "settlement.alone": (
        "counties that bear the treasuries' part alone",
        "财政分担部分全部自行承担的县（市、区）",
    ),
    "assessment.mode": ("what an assessed county makes good", "考核后由县级政府补足的部分"),
    "assessment.also_expenditure": (
        "an overspent plan counts as missed too",
        "超出支出计划同样视为未完成计划",
    ),
    "assessment.own_balance_first": (
        "the part to be made good draws the county's balance first",
        "自行补足部分先动用本县累计结余",
    ),
    "assessment.not_excellent_rise": (
        "rise of the county treasury's share below excellent",
        "考核未达优秀时县级财政分担比例的上升",
    ),
    "assessment.not_excellent_rise_is": ("what that rise is of", "该上升的含义"),
    "recoveries_to": ("where recoveries go", "追回基金的去向"),
    "risk_fund.rate": ("risk fund, yearly rate", "风险基金每年提取比例"),
    "risk_fund.of": ("risk fund, what the rate is a share of", "风险基金提取基数"),
    "risk_fund.stop_at": (
        "risk fund, size at which it stops, of the year's contributions",
        "风险基金停止提取的规模（当年收入的倍数）",
    ),
    "risk_fund.stop_at_months": (
        "risk fund, size at which it stops, months of city claims",
        "风险基金停止提取的规模（全市月均支出的倍数）",
    ),
    "risk_fund.source": ("risk fund, where the money comes from", "风险基金资金来源"),
    "arrears.insured_schedule": (
        "arrears of employers and insured, paid each December",
        "单位和个人欠费每年12月清偿的比例",
    ),
    "arrears.government_schedule": ("government arrears, paid each December", "政府欠费每年12月清偿的比例"),
    "policy_adjustment.trigger": ("when policy is adjusted", "何时调整医保政策"),
    "policy_adjustment.trigger_months": (
        "policy adjustment, months that trigger it",
        "触发政策调整的可支付月数",
    ),
    "policy_adjustment.contribution_part": (
        "policy adjustment, part that raises contributions",
        "政策调整中由提高缴费弥补的部分",
    ),
    "policy_adjustment.cap": ("policy adjustment, largest in a year", "政策每年调整幅度上限"),
    "policy_adjustment.debt_years": (
        "policy adjustment, years to work off an unfunded bill",
        "无来源缺口消化年限",
    ),
    "cash.working_capital_months": ("working capital, months of claims", "周转金（月均支出的倍数）"),
    "cash.held_by_county": ("money held in the counties", "暂存各县（市、区）的资金"),
    "cash.reported": ("city cash is reported", "报告市级现金"),
    "unfunded_is": ("who bears an unfunded bill", "无来源缺口的承担者"),
}


def parameter_name(key: str, lang: Lang) -> str:
    """What a parameter is called; the key where it has no name, as a document's own."""
    return PARAMETERS.get(key, (key, key))[lang == "zh"]
