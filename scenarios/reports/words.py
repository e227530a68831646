"""Words of reports and tables: key -> (English, Chinese)."""

from __future__ import annotations

from scenarios.labels import Lang

_PHRASES: dict[str, tuple[str, str]] = {
    "of_fund": ("{fund}: {title}", "{fund}：{title}"),
    "of_scenario": ("{scenario}, {title}", "{scenario}，{title}"),
    "colon": ("{a}: {b}", "{a}：{b}"),
    "stop": (".", "。"),
    "comma": (", ", "、"),
    "all": ("all", "全部"),
    "own_way": (
        "; {others} others in their own figures",
        "；另有{others}个各用自己的数字",
    ),
    "and_more": (" and {more} more", "等，另有{more}个"),
    "with_unit": ("{what}, {unit}", "{what}（{unit}）"),
    "low": ("low", "下限"),
    "high": ("high", "上限"),
    # sections
    "summary": ("Summary", "摘要"),
    "differences": ("What differs, and in what it results", "情景之异同与结果之差"),
    "pictures": ("Pictures", "图"),
    "results": ("Pictures and tables", "图与表"),
    "rules": ("Rules, clause by clause", "规则与条款"),
    "assumptions": ("What the figures rest on", "数字的依据"),
    "levers": ("Lever by lever", "各政策手段的影响"),
    "scenarios": ("Scenarios", "情景"),
    "reproduce": ("To reproduce", "复现"),
    # the page and its tools
    "report": ("fundsim report", "fundsim 报告"),
    "contents": ("Contents", "目录"),
    "skip": ("Skip to the content", "跳到正文"),
    "copy": ("Copy table", "复制表格"),
    "copied": ("Table copied", "表格已复制"),
    "panels": ("Panels: {panels}.", "分图：{panels}。"),
    # statements
    "constructed": (
        "Constructed base case: published figures put together, no city's accounts. What it assumes is listed"
        " below, with the sources.",
        "构造的基准情形：由公开数据拼合而成，并非任何城市的账目。所作假设及来源列于文后。",
    ),
    "own_figures": ("The scenario does not call its figures constructed.", "情景未声明其数字为构造数字。"),
    "verdict_chance": (
        "{scenario}, {fund}: {event} by {last} with a probability of {chance} (95 % interval of the"
        " simulation).",
        "{scenario}，{fund}：截至{last}年，{event}的概率为{chance}（模拟误差95%区间）。",
    ),
    "verdict": (
        " At the end of {last} the median is {median} months of payment capacity, and in one path of ten"
        " it is at most {low}. Over the whole horizon treasuries pay {paid} % of base-year city claims in the"
        " mean, discounted",
        "{last}年末累计结余可支付月数中位数为{median}个月，一成路径不超过{low}个月。全期各级财政负担均值折现后合计为"
        "基年全市基金支出的{paid}%",
    ),
    "verdict_policy": (
        "; patients and payers bear {borne} % by adjusted policy",
        "；患者与缴费人因政策调整另承担{borne}%",
    ),
    "verdict_unfunded": (
        "; at the end {bill} % of base-year claims stay unfunded in the mean",
        "；期末另有相当于基年支出{bill}%的缺口无来源",
    ),
    "never_alone": (
        "Read depletion beside the bill: a rule that sends losses to a treasury depletes little and costs"
        " much.",
        "耗尽概率须与负担并读：把亏损转给财政的规则，耗尽概率低而负担高。",
    ),
    "no_bill": (
        "This run weighs its paths for one event and estimates neither months of capacity nor who pays."
        " Run the scenario"
        " plainly too, and read the probability beside the bill.",
        "本次运行为单一事件加权，不估计可支付月数，也不估计由谁承担；须另作普通运行，与负担并读。",
    ),
    "reproduce_how": (
        "The scenario, rules, paths and seed below give the same figures again, to the last bit. The"
        " files of the"
        " results hold the same, and every metric beside.",
        "以下情景、规则、路径数与随机种子可重现全部数字，逐位一致；结果目录中的文件另含全部指标。",
    ),
    # tables of results
    "table:main_figures": ("Main figures", "主要结果"),
    "note:main_figures": (
        "Chance: {event}, by {last}, with its Wilson interval. Months: percentiles of payment capacity at"
        " the last year's end, 240 for 240 and more. Who pays: mean over the whole horizon, discounted, % of"
        " base-year city claims; opening deficits,"
        " arrears and run-off are old debts of both treasuries; patients and payers bear what policy cuts"
        " and raises."
        " Unfunded: stock at the end, not discounted.",
        "概率：截至{last}年{event}的概率及其Wilson区间。月数：最后一年末累计结余可支付月数的分位数，240表示240及以上。负担：全期均值，已折现，"
        "占基年全市基金支出的百分比；统筹前缺口、欠费与期末清算由两级财政承担；政策调整由患者和缴费人承担。"
        "无来源缺口为期末存量，未折现。",
    ),
    "table:side_by_side": ("Side by side", "各情景对照"),
    "note:side_by_side": (
        "Difference: the scenario less {first}, on the same paths. Probabilities in %, Wilson interval;"
        " their differences"
        " in percentage points, interval of Agresti and Min. Means: ± 1.96 standard errors, those of a"
        " difference over"
        " pairs of paths. Money: 100m yuan, discounted, the unfunded bill not.",
        "差为该情景减去{first}，按同一组路径计。概率单位为%，取Wilson区间；概率之差单位为百分点，取Agresti–Min区间；均值为"
        "±1.96倍标准误，差的标准误按成对路径计算。金额单位为亿元，已折现，无来源缺口未折现。",
    ),
    "note:chance": (
        "{event}, with its Wilson interval.",
        "{event}的概率及其Wilson区间。",
    ),
    "table:by_year": ("year by year", "分年度结果"),
    "note:by_year": (
        "Chance: {event}, by that year, with its Wilson interval. Months: 240 for 240 and more. Who pays:"
        " mean of the year, not discounted, % of base-year city claims; unfunded: stock at the year's end.",
        "概率：截至当年{event}的概率及其Wilson区间。月数240表示240及以上。负担为当年均值，未折现，占基年全市基金支出的百分比；无来源缺口为年末存量。",
    ),
    "table:who_pays": ("who pays over the whole horizon, 100m yuan", "全期由谁承担（亿元）"),
    "note:who_pays": (
        "Discounted; the unfunded bill is the stock at the end and not discounted.",
        "已折现；无来源缺口为期末存量，未折现。",
    ),
    "table:counties": ("counties, 100m yuan", "各县（市、区）（亿元）"),
    "note:counties": (
        "Means of the whole horizon. Net: drawn from the pool less paid in, not discounted; treasuries:"
        " discounted. Gap:"
        " probability that by {last} a deficit was once larger than the county's own balance.",
        "全期均值。净得为从统筹支用减上缴，未折现；财政支付已折现。缺口：截至{last}年曾动用本县累计结余后仍不足的概率。",
    ),
    # tables of what they rest on
    "table:rules": ("Rules in force in the simulation", "模拟所用规则"),
    "note:rules": (
        "Status: stated in the document; reading: its wording leaves it open; delegated: left to a later"
        " rule;"
        " assumption: nobody's text.",
        "性质：原文规定为文件载明；解读为文字有歧义；授权另定为留待另行规定；假设为并无依据。",
    ),
    "table:differences": ("Rules and inputs that differ", "不同的规则与输入"),
    "note:differences": (
        "Everything else is the same in all scenarios. An input stands under its key of the scenario file.",
        "其余各项在各情景中相同。输入以情景文件的键表示。",
    ),
    "table:assumptions": ("Assumptions", "假设"),
    "note:assumptions": ("About: keys of the scenario file.", "所涉：情景文件的键。"),
    "table:sources": ("Sources", "来源"),
    "note:sources": (
        "Lines: of the table that comes with fundsim, where each figure names its page.",
        "行：fundsim所附数据表的行，各数字的出处见该表。",
    ),
    # tables of a sweep
    "sweep_about": (
        "Study {study}: {count:,} scenarios, {paths:,} paths each, seed {seed}, {first}–{last}.",
        "研究{study}：{count:,}个情景，每个{paths:,}条路径，随机种子{seed}，{first}—{last}年。",
    ),
    "sweep_bases": ("{study}: {count} base cases", "{study}：{count}个基准情形"),
    "sweep_varied": ("Varied: {names}.", "变动：{names}。"),
    "table:outcomes": ("Outcomes over all {count:,} scenarios", "全部{count:,}个情景的结果"),
    "note:outcomes": (
        "Probabilities and months: by {last}. Treasuries and policy: mean of the whole horizon,"
        " not discounted;"
        " unfunded: stock at the end. Mean over scenarios, each alike; Number: which scenario.",
        "概率与月数截至{last}年；财政负担与政策调整为全期均值，未折现；无来源缺口为期末存量。均值按情景等权；编号为所在情景。",
    ),
    "ended": (
        " {last} is outside the years of {ended:,} of the {count:,} scenarios, which have no probability,"
        " months or unfunded bill here; their treasuries and policy are means of their own horizons.",
        "{count:,}个情景中有{ended:,}个不模拟{last}年，故无概率、月数与无来源缺口；其财政负担与政策调整按各自的模拟期计。",
    ),
    "table:levers": ("outcomes by value of what varies", "按取值的结果"),
    "note:levers": (
        "Mean over all scenarios with that value, in brackets the least and the largest of them:"
        " everything else varies as in the study. What concerns the other fund alone is left out.",
        "取该值的全部情景的均值，括号内为其中最小与最大；其余各项按研究设定变动。仅涉及另一险种的项目不列。",
    ),
    "table:listed": ("Scenarios", "情景列表"),
    "note:listed": (
        "Of {count:,} scenarios; of more than 200, those with the three lowest and highest values of an"
        " outcome. All stand"
        " in scenarios.parquet and metrics.parquet.",
        "共{count:,}个情景；超过200个时列出各项结果最低和最高的三个。全部情景见scenarios.parquet与metrics.parquet。",
    ),
    # headings
    "heading:number": ("Number", "编号"),
    "heading:least_number": ("Number of the least", "最小值编号"),
    "heading:largest_number": ("Number of the largest", "最大值编号"),
    "heading:values": ("Values", "取值"),
    "heading:count": ("Scenarios", "情景数"),
    "heading:address": ("Varied", "变动的因素"),
    "heading:least": ("Least", "最小"),
    "heading:largest": ("Largest", "最大"),
    "heading:scenario": ("Scenario", "情景"),
    "heading:scenarios": ("Scenarios", "情景"),
    "heading:fund": ("Fund", "基金"),
    "heading:year": ("Year", "年份"),
    "heading:chance": ("Chance, % [95%]", "概率% [95%]"),
    "heading:months_p05": ("Months p05", "月数p05"),
    "heading:months_p50": ("Months p50", "月数p50"),
    "heading:months_p95": ("Months p95", "月数p95"),
    "heading:p50": ("p50", "p50"),
    "heading:p95": ("p95", "p95"),
    "heading:mean": ("Mean", "均值"),
    "heading:tvar95": ("Mean of worst 5%", "最差5%均值"),
    "heading:by_counties": ("County treasuries, %", "县财政%"),
    "heading:by_city": ("City treasury, %", "市财政%"),
    "heading:by_other": ("Old debts and run-off, %", "旧账与期末清算%"),
    "heading:by_policy": ("Patients and payers, %", "患者与缴费人%"),
    "heading:unfunded": ("Unfunded at end, %", "期末无来源缺口%"),
    "heading:unfunded_stock": ("Unfunded, %", "无来源缺口%"),
    "heading:by_counties_yuan": ("County treasury pays", "县财政支付"),
    "heading:by_city_yuan": ("City treasury pays for it", "市财政为其支付"),
    "heading:line": ("Line", "项目"),
    "heading:county": ("County", "县（市、区）"),
    "heading:pool_net": ("Net from pool", "统筹净得"),
    "heading:gap": ("Gap left, % [95%]", "缺口概率% [95%]"),
    "heading:figure": ("Figure", "指标"),
    "heading:value_95": ("Value [95%]", "数值[95%]"),
    "heading:less_first": ("Difference [95%]", "差[95%]"),
    "heading:instrument": ("Instrument", "制度"),
    "heading:parameter": ("Parameter", "参数"),
    "heading:value": ("Value", "取值"),
    "heading:clause": ("Clause", "条款"),
    "heading:status": ("Status", "性质"),
    "heading:reading": ("Reading", "解读"),
    "heading:statement": ("Statement", "陈述"),
    "heading:about": ("About", "所涉"),
    "heading:source": ("Source", "来源"),
    "heading:what": ("What", "内容"),
    "heading:lines": ("Table and lines", "数据表与行"),
    "heading:grade": ("Grade", "等级"),
    "heading:file": ("File", "文件"),
    "heading:title": ("Title", "标题"),
    "heading:note": ("Note", "说明"),
    "heading:url": ("Address", "网址"),
}


def phrase(key: str, lang: Lang, **values: object) -> str:
    """The words for ``key`` in one language, with ``values`` filled in."""
    return _PHRASES[key][lang == "zh"].format(**values)
