"""Words of the pictures beside those of ``scenarios.labels``: key -> (English, Chinese)."""

from __future__ import annotations

from scenarios.labels import Lang, event_words

_CAPTIONS: dict[str, tuple[str, str]] = {
    "with_about": ("{title}: {what}", "{title}：{what}"),
    "colon": ("{a}: {b}", "{a}：{b}"),
    "several": ("{city}, {count} scenarios: {what}", "{city}，{count}个情景：{what}"),
    # depletion and the burden beside it
    "depletion": ("depletion and who pays", "结余耗尽概率与负担"),
    "probability_by": (
        "{fund}: probability of event by year",
        "{fund}：截至当年的事件概率",
    ),
    "depleted_by": (
        "{fund}: probability that reserves were depleted by then",
        "{fund}：截至当年累计结余曾耗尽的概率",
    ),
    "wilson_band": ("Band: 95% Wilson interval of the simulation.", "阴影为模拟误差的Wilson 95%区间。"),
    "wilson_lines": ("Lines: 95% Wilson intervals of the simulation.", "线段为模拟误差的Wilson 95%区间。"),
    "event_is": ("Event: {event}.", "事件：{event}。"),
    "burden_of_year": (
        "{fund}: burden of the year, mean, % of base-year city claims",
        "{fund}：当年负担均值，占基年全市基金支出的百分比",
    ),
    "no_burden_note": (
        "Burden: not estimated by a run of weighted paths; a plain run shows who pays.",
        "负担：加权路径的运行不作估计，由谁承担须见普通运行。",
    ),
    "all_burden": (
        "Burden: mean of the year, not discounted: treasuries (opening deficits and arrears included), the"
        " unfunded bill by its change over the year, and what policy takes from patients and payers;"
        " ordinary subsidies left out.",
        "负担为当年均值，未折现：各级财政（含统筹前缺口和欠费），无来源缺口按当年变动计，以及政策调整由患者和缴费人承担的部分；"
        "不含常规财政补助。",
    ),
    "bill": (
        "The burden beside it, {fund}: mean of the whole horizon, discounted, % of base-year city claims:"
        " {parts}.",
        "同时须看负担：{fund}全期均值，占基年全市基金支出的百分比，已折现：{parts}。",
    ),
    "unfunded_end": ("unfunded at the end, not discounted", "期末无来源缺口（未折现）"),
    "no_bill": ("nothing", "无"),
    # who pays
    "payers_title": ("who pays, year by year", "分年度由谁承担"),
    "opening_deficits": ("Opening deficits (county treasuries)", "统筹前缺口（县财政）"),
    "arrears": ("Arrears (government)", "欠费（政府）"),
    "runoff": ("Run-off (treasuries)", "期末未结清算（财政）"),
    "claims_cut": ("Patients and providers: claims cut", "患者和医疗机构：削减支付"),
    "contributions_raised": ("Payers: contributions raised", "缴费人：提高缴费"),
    "unfunded": ("Nobody: unfunded", "无人承担：无来源缺口"),
    "unfunded_delegated": (
        "Unfunded: all city … all counties, by a later rule",
        "无来源缺口：全由市…全由县，另行规定",
    ),
    "own_balance": ("Counties' own balances", "各县累计结余"),
    "risk_fund": ("Risk fund", "风险基金"),
    "pool": ("Pool", "统筹基金"),
    "paid_in_year": (
        "{fund}: deficits by who pays, mean of the year, % of base-year city claims",
        "{fund}：缺口由谁承担，当年均值，占基年全市基金支出的百分比",
    ),
    "horizon_title": (
        "{fund}: {years} together, % of base-year city claims",
        "{fund}：{years}年合计，占基年全市基金支出的百分比",
    ),
    "own_accounts": (
        "Balances, risk fund and pool are the fund's own: what they pay for deficits settled in the year."
        " What moves between them, and their part of the run-off, is left out.",
        "累计结余、风险基金和统筹基金属于基金自身，所列为当年清算缺口时的支付；相互之间的划转及其在期末清算中的支付不计。",
    ),
    "no_accounts": (
        "These results do not hold what balances, risk fund and pool pay: shown is what falls outside the"
        " fund.",
        "这些结果未含累计结余、风险基金和统筹基金的支付，图中只有基金以外的负担。",
    ),
    "horizon_bars": (
        "Bars: means over the whole horizon, not discounted, run-off included; the unfunded bill is that of"
        " the last year.",
        "条形为全期均值，未折现，含期末未结清算；无来源缺口为期末存量。",
    ),
    # counties
    "counties": ("{fund}, county by county", "{fund}：分县（市、区）"),
    "sheet_of": ("{what}, sheet {number} of {count}", "{what}（第{number}张，共{count}张）"),
    "county_cell": ("gap left {chance}, bill {bill}", "缺口{chance}，负担{bill}"),
    "county_median": ("Months of capacity, median", "可支付月数中位数"),
    "county_p05_p95": ("p05–p95", "p05—p95"),
    "county_gap": (
        "Probability of a gap left by then (band: 95% Wilson)",
        "截至当年曾有缺口的概率（阴影为Wilson 95%区间）",
    ),
    "county_note": (
        "A gap is left where a deficit was once larger than the county's own balance. Headings: its"
        " probability by the last year and, beside it, the county's bill: the mean of all treasuries'"
        " payments for the county, discounted, % of base-year city claims.",
        "缺口指曾有年度动用本县累计结余后仍不足。标题列出截至末年的概率，并列该县负担：各级财政为其支付的均值，已折现，占基年全市基金支出的百分比。",
    ),
    "county_same_year": (
        "Months: the county's own balance, with results not settled yet and less its opening deficit, ÷ (the"
        " same year's own claims ÷ 12).",
        "月数＝（本县累计结余＋未结算收支－统筹前缺口）÷（当年度本县基金支出÷12）。",
    ),
    "county_previous_year": (
        "Months: the county's own balance, with results not settled yet and less its opening deficit, ÷ (the"
        " previous year's own claims ÷ 12).",
        "月数＝（本县累计结余＋未结算收支－统筹前缺口）÷（上年度本县基金支出÷12）。",
    ),
    # transfers
    "transfers": ("transfers between counties", "县际转移"),
    "net_axis": (
        "{fund}: net from pool and risk fund, 100m yuan",
        "{fund}：统筹与风险基金净得，亿元",
    ),
    "net_receiver": ("Net receiver (mean)", "净受益（均值）"),
    "net_payer": ("Net payer (mean)", "净上缴（均值）"),
    "p05_p95": ("p05–p95", "p05—p95"),
    "net_note": (
        "Net: drawn for the county's gaps less paid in (opening transfer, top-ups from balances, surpluses,"
        " risk fund), whole horizon, not discounted. What stays in the pool at the end was"
        " paid in and not drawn, so payments can outweigh receipts.",
        "净得为弥补该县缺口的支用减上缴（统筹前上划、以结余补足、结余归集、风险基金），全期合计，未折现。"
        "期末留在统筹基金中的部分已上缴而未支用，故上缴可大于受益。",
    ),
    "gini": ("Gini of net transfers, mean: {values}.", "净转移基尼系数均值：{values}。"),
    # depletion years
    "depletion_year": ("when reserves are first depleted", "累计结余首次耗尽的年份"),
    "first_in": (
        "{fund}: share of paths first depleted in the year",
        "{fund}：当年首次耗尽的路径占比",
    ),
    "hazard_in": (
        "{fund}: hazard among paths not yet depleted",
        "{fund}：尚未耗尽的路径当年耗尽的概率",
    ),
    "never": ("not by {last}: {share}", "至{last}年未耗尽：{share}"),
    "reached": ("p05 / p25 / p50 of the year: {years}", "年份p05 / p25 / p50：{years}"),
    "not_reached": ("not reached", "未达到"),
    # comparison
    "comparison": ("differences to {name}", "与“{name}”之差"),
    "dumbbell_first": ("The first scenario", "首个情景"),
    "dumbbell_other": ("Scenario of the row", "该行情景"),
    "dumbbell_interval": ("95% interval of the difference", "差值的95%区间"),
    "dumbbell_note": (
        "Bars: the paired difference's 95% interval, laid off from the first scenario; the same random"
        " numbers in all. Figures at the right: that difference and its interval (of probabilities: Agresti"
        " and Min).",
        "横条为配对差值的95%区间，自首个情景起量；各情景使用相同的随机数。右侧为该差值及其区间（概率按Agresti–Min）。",
    ),
    "bases_differ": (
        "Money in 100m yuan, for the scenarios' base-year claims differ.",
        "各情景基年基金支出不同，金额以亿元计。",
    ),
    "by_year": ("{metric} by {year}", "{metric}（截至{year}年）"),
    "at_year": ("{metric}, {year}", "{metric}（{year}年）"),
    "metric:months_of_capacity": ("Months of payment capacity, mean", "可支付月数均值"),
    "metric:reserves": ("Reserves, mean", "累计结余均值"),
    "metric:outlay:county_treasury": ("County treasuries, mean", "县财政均值"),
    "metric:outlay:city_treasury": ("City treasury, mean", "市财政均值"),
    "metric:outlay:opening_deficits": ("Opening deficits, mean", "统筹前缺口均值"),
    "metric:outlay:arrears": ("Arrears, mean", "统筹前欠费均值"),
    "metric:outlay:runoff": ("Run-off, mean", "期末未结清算均值"),
    "metric:adjustment:claims": ("Claims cut, mean", "削减支付均值"),
    "metric:adjustment:contributions": ("Contributions raised, mean", "提高缴费均值"),
    "metric:unfunded": ("Unfunded bill, mean", "无来源缺口均值"),
    "metric:gini": ("Gini of net transfers, mean", "净转移基尼系数均值"),
    "discounted": ("{metric}, discounted", "{metric}（折现）"),
    "unit:probability": ("%", "%"),
    "unit:points": ("percentage points", "百分点"),
    "unit:months": ("months", "月"),
    "unit:money": ("% of base-year city claims", "占基年全市基金支出%"),
    "unit:yuan": ("100m yuan", "亿元"),
    "unit:plain": ("", ""),
    # sensitivity
    "at_low": ("At the parameter's low value", "参数取低值"),
    "at_high": ("At its high value", "参数取高值"),
    "tornado": ("what moves the outcomes", "各因素的影响"),
    "tornado_note": (
        "Bars: mean over the scenarios at the lowest and at the highest value (of many values: lowest and"
        " highest third), everything else varying. Line: mean over all scenarios. Only what varies in numbers"
        " has a bar.",
        "条形为取最低值与最高值（取值很多时为最低与最高三分之一）的情景均值，其余各项随之变动；竖线为全部情景的均值。"
        "只列取值为数字的项目。",
    ),
    "readings": ("which reading moves what", "各项解读的影响"),
    "readings_note": (
        "Points: paired difference to the run with the default readings, and its 95% interval. Hollow: the"
        " interval holds nought.",
        "点为与默认解读运行的配对差值及其95%区间；空心表示区间含零。",
    ),
    # what a directory does not support
    "no_counties": ("the rules never draw the counties' own balances", "所用规则不动用各县累计结余"),
    "no_transfers": ("nothing goes through a pool or risk fund", "没有经由统筹或风险基金的转移"),
    "only_probabilities": ("a run of weighted paths holds the event alone", "加权路径的运行仅含该事件"),
    "not_drawn": ("Not drawn: {name} ({why}).", "未绘制：{name}（{why}）。"),
    # the rules of a city
    "rules_title": ("{city}: who pays, when and by which clause", "{city}：何时、由谁、依据何条承担"),
    "at_start": (
        "At the start: balances, deficits and arrears brought in",
        "统筹启动时：带入的结余、缺口和欠费",
    ),
    "each_january": ("Each January from the second year on", "自次年起每年1月"),
    "the_year": ("The year", "当年收支"),
    "the_year_is": ("county by county: contributions less claims", "分县（市、区）：收入减支出"),
    "settled_in": ("Settlement: {when}", "清算：{when}"),
    "each_december": ("Each December", "每年12月"),
    "left_open": ("Left to later rules besides", "其他授权另行规定的事项"),
    "surplus": ("Surplus", "结余"),
    "deficit": (
        "Deficit: layers in order, each takes what the one above left",
        "缺口：逐层分担，每层承担上一层的余下部分",
    ),
    "limited": ("Of a gap up to {share} of the year's contributions", "限于不超过当年收入{share}的缺口"),
    "pool_short": ("Where the pool is short: {rule}", "统筹基金不足时：{rule}"),
    "rest_unfunded": ("What is left has no payer", "余下部分无来源"),
    "rest_delegated": ("What is left: city and counties, by a later rule", "余下部分由市、县分担，另行规定"),
    "nothing_left": ("Nothing is left", "无余下部分"),
    "both_funds": ("Employee and resident fund", "职工医保与城乡居民医保"),
    "diagram_note": (
        "The parts of a bar are as wide as their shares. At the right: the clause, the reading it depends on,"
        " and what it is where the document does not state it. Cash, interest and plain flows are left out.",
        "条形各段宽度即分担比例。右侧为条款、所依据的解读，以及并非原文规定时的性质。资金存放、利息和一般收支从略。",
    ),
}


def caption(key: str, lang: Lang, **values: object) -> str:
    """The words for ``key`` in one language, with ``values`` filled in."""
    return _CAPTIONS[key][lang == "zh"].format(**values)


def metric_caption(metric: str, lang: Lang, year: int | None = None) -> str:
    """The words for a metric, an event's by that year; a metric without words by its name."""
    if metric.startswith("event:"):
        name = event_words(metric.removeprefix("event:"), lang)
        name = name[:1].upper() + name[1:]
        return name if year is None else caption("by_year", lang, metric=name, year=year)
    bare = metric.removesuffix(":discounted")
    name = caption(f"metric:{bare}", lang) if f"metric:{bare}" in _CAPTIONS else metric
    if bare != metric:
        name = caption("discounted", lang, metric=name)
    return name if year is None else caption("at_year", lang, metric=name, year=year)
