"""Words of the report: key -> (English, Chinese)."""

from __future__ import annotations

from scenarios.labels import Lang

_PHRASES: dict[str, tuple[str, str]] = {
    "of_fund": ("{fund}: {title}", "{fund}：{title}"),
    "of_scenario": ("{scenario}, {title}", "{scenario}，{title}"),
    # sections
    "summary": ("Summary", "摘要"),
    "assumptions": ("What the figures rest on", "数字的依据"),
    "rules": ("Rules, clause by clause", "规则与条款"),
    "differences": ("What differs between the scenarios", "各情景的不同之处"),
    "pictures": ("Pictures", "图"),
    "tables": ("Tables", "表"),
    "reproduce": ("To reproduce", "复现"),
    "contents": ("Contents", "目录"),
    "report": ("fundsim report", "fundsim 报告"),
    "skip": ("Skip to the content", "跳到正文"),
    # the page's tools
    "copy": ("Copy table", "复制表格"),
    "copied": ("Copied", "已复制"),
    "sort": ("Sort by {heading}", "按{heading}排序"),
    # statements
    "constructed": (
        "Constructed base case: published figures put together, no city's accounts.",
        "构造的基准情形：由公开数据拼合而成，并非任何城市的账目。",
    ),
    "own_figures": ("The scenario does not call its figures constructed.", "情景未声明其数字为构造数字。"),
    "verdict": (
        "{scenario}, {fund}: by {last} reserves were depleted at some year's end with a probability of {chance}"
        " (95 % interval of the simulation). At the end of {last} the median is {median} months of payment"
        " capacity, and in one path of ten it is below {low}. Over the whole horizon treasuries pay {paid} of"
        " base-year city claims in the mean, discounted{unfunded}.",
        "{scenario}，{fund}：截至{last}年，年末累计结余曾耗尽的概率为{chance}（模拟误差95%区间）；{last}年末累计结余可支付月数"
        "中位数为{median}个月，一成路径低于{low}个月。全期各级财政负担均值折现后合计为基年全市基金支出的{paid}{unfunded}。",
    ),
    "verdict_unfunded": (
        "; at the end {bill} of base-year claims stay unfunded in the mean",
        "；期末另有相当于基年支出{bill}的缺口无来源",
    ),
    "never_alone": (
        "Read depletion beside the bill: a rule that sends losses to a treasury depletes little and costs much.",
        "耗尽概率须与负担并读：把亏损转给财政的规则，耗尽概率低而负担高。",
    ),
    "nothing_differs": ("No rule and no input differs.", "规则与输入均无不同。"),
    # tables
    "table:main_figures": ("main figures", "主要结果"),
    "note:main_figures": (
        "Depletion: probability that settled reserves were nought or less at some year's end, with its Wilson"
        " interval. Months: percentiles of payment capacity at the last year's end. Burden: mean over the whole"
        " horizon, discounted, as % of base-year city claims; unfunded: stock at the end, not discounted.",
        "耗尽：年末清算后累计结余曾不大于零的概率及其Wilson区间。月数：最后一年末累计结余可支付月数的分位数。"
        "负担：全期均值，已折现，占基年全市基金支出的百分比；无来源缺口为期末存量，未折现。",
    ),
    "table:differences": ("differences from {first} on the same paths", "与{first}之差（同一组路径）"),
    "note:differences": (
        "Scenario less the first, at the horizon, with the 95 % interval of the paired difference. Probability in"
        " percentage points; money in % of base-year city claims.",
        "该情景减去第一个情景，模拟期末，附配对差的95%区间。概率之差单位为百分点；金额之差为占基年全市基金支出的百分比。",
    ),
    "table:by_year": ("year by year", "分年度结果"),
    "note:by_year": (
        "Probabilities are cumulative. Money: mean of the year, not discounted, % of base-year city claims;"
        " unfunded: stock at the year's end.",
        "概率为截至当年的累计概率。负担为当年均值，未折现，占基年全市基金支出的百分比；无来源缺口为年末存量。",
    ),
    "table:who_pays": ("who pays over the whole horizon", "全期由谁承担"),
    "note:who_pays": (
        "100m yuan, discounted; the unfunded bill is the stock at the end and not discounted.",
        "单位：亿元，已折现；无来源缺口为期末存量，未折现。",
    ),
    "table:counties": ("counties", "各县（市、区）"),
    "note:counties": (
        "100m yuan, means. Net: drawn from the pool less paid in, not discounted; treasuries: discounted. Gap:"
        " probability that by {last} a deficit was once larger than the county's own balance.",
        "单位：亿元，均值。净得为从统筹支用减上缴，未折现；财政支付已折现。缺口：截至{last}年曾动用本县累计结余后仍不足的概率。",
    ),
    "table:rules": ("rules in force in the simulation", "模拟所用规则"),
    "note:rules": (
        "Status: stated in the document; reading: its wording leaves it open; delegated: left to a later rule;"
        " assumption: nobody's text.",
        "性质：明文为文件载明；解读为文字有歧义；授权为留待另行规定；假设为并无依据。",
    ),
    "table:assumptions": ("assumptions", "假设"),
    "note:assumptions": ("About: keys of the scenario.", "所涉：情景文件的键。"),
    "table:contrast": ("rules and inputs that differ", "不同的规则与输入"),
    "note:contrast": ("Everything else is the same in all scenarios.", "其余各项在各情景中相同。"),
    # headings
    "heading:scenario": ("Scenario", "情景"),
    "heading:fund": ("Fund", "基金"),
    "heading:year": ("Year", "年份"),
    "heading:depleted": ("Depleted [95%]", "耗尽概率[95%]"),
    "heading:p05": ("Months p05", "可支付月数p05"),
    "heading:p50": ("Median", "中位数"),
    "heading:p95": ("p95", "p95"),
    "heading:mean": ("Mean", "均值"),
    "heading:tvar95": ("Mean of worst 5%", "最差5%均值"),
    "heading:by_counties": ("County treasuries", "县财政"),
    "heading:by_city": ("City treasury", "市财政"),
    "heading:by_counties_yuan": ("County treasury pays", "县财政支付"),
    "heading:by_city_yuan": ("City treasury pays for it", "市财政为其支付"),
    "heading:unfunded": ("Unfunded at end", "期末无来源缺口"),
    "heading:unfunded_stock": ("Unfunded", "无来源缺口"),
    "heading:line": ("Line", "项目"),
    "heading:county": ("County", "县（市、区）"),
    "heading:pool_net": ("Net from pool", "统筹净得"),
    "heading:gap": ("Gap left [95%]", "缺口概率[95%]"),
    "heading:figure": ("Figure", "指标"),
    "heading:difference": ("Difference", "差"),
    "heading:interval": ("95% interval", "95%区间"),
    "heading:parameter": ("Parameter", "参数"),
    "heading:value": ("Value", "取值"),
    "heading:clause": ("Clause", "条款"),
    "heading:status": ("Status", "性质"),
    "heading:reading": ("Reading", "解读"),
    "heading:statement": ("Statement", "陈述"),
    "heading:about": ("About", "所涉"),
    "heading:key": ("Key", "键"),
    "differs:event:reserve_depletion": ("Depleted, points", "耗尽概率（百分点）"),
    "differs:months_of_capacity": ("Months of capacity, mean", "可支付月数均值"),
    "differs:outlay:county_treasury:discounted": ("County treasuries, %", "县财政（%）"),
    "differs:outlay:city_treasury:discounted": ("City treasury, %", "市财政（%）"),
    "differs:unfunded": ("Unfunded at end, %", "期末无来源缺口（%）"),
}


def phrase(key: str, lang: Lang, **values: object) -> str:
    """The words for ``key`` in one language, with ``values`` filled in."""
    return _PHRASES[key][lang == "zh"].format(**values)
