"""Words of the plots and of the terminal summary: key -> (English, Chinese).

Chinese terms are those of the funds' own documents and bulletins (累计结余可支付月数, 市财政, 缺口).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Literal

Lang = Literal["en", "zh"]
LANGUAGES: tuple[Lang, ...] = ("en", "zh")
OPENING = "（“《"
"""What no line ends with."""

_LABELS: dict[str, tuple[str, str]] = {
    # funds and parties
    "employee": ("Employee fund", "职工医保"),
    "resident": ("Resident fund", "城乡居民医保"),
    "county_treasury": ("County treasuries", "县（市、区）财政"),
    "city_treasury": ("City treasury", "市财政"),
    # the run
    "run": (
        "{city}, {years}, {paths:,} path{s}, seed {seed}.",
        "{city}，{years}年，模拟路径{paths:,}条，随机种子{seed}。",
    ),
    "drawn_antithetic": (" Antithetic pairs of paths.", "路径为对偶成对抽样。"),
    "drawn_sobol": (" Quasi-random city shocks (Sobol).", "市级冲击为拟随机（Sobol）抽样。"),
    "drawn_importance": (" Importance sampling.", "重要性抽样。"),
    "scenario": ("Scenario {name}: ", "情景“{name}”："),
    "yuan": ("{amount} in 100m yuan", "{amount}亿元"),
    "in_brackets": (" ({what})", "（{what}）"),
    "constructed": (
        " Constructed base case, no city's accounts.",
        "基期数据为构造数据，并非任何城市的真实账目。",
    ),
    "assumptions": (
        "The figures rest on {count} assumptions, listed in {file}; what was written:",
        "以上数字以{count}条假设为前提，见{file}；已写出的文件：",
    ),
    "speed": (
        "Simulated in {seconds:.1f} s, {speed:.0f} million county-fund-months a second.",
        "模拟用时{seconds:.1f}秒，每秒{speed:.0f}百万县·基金·月。",
    ),
    "no_response": (
        "No policy response{funds}: nothing but the rules themselves answers a widening gap.",
        "未设政策响应{funds}：收支差距扩大时，除规则本身的规定外，无任何政策加以纠正。",
    ),
    "denominator_same_year": (
        "Months of payment capacity = settled reserves at year end ÷ (same year's claims ÷ 12).",
        "累计结余可支付月数＝年末清算后累计结余÷（当年度基金支出÷12）。",
    ),
    "denominator_previous_year": (
        "Months of payment capacity = settled reserves at year end ÷ (previous year's claims ÷ 12).",
        "累计结余可支付月数＝年末清算后累计结余÷（上年度基金支出÷12）。",
    ),
    "delegated": (
        "{funds}: who pays the unfunded bill is left to a later rule; any split lies between all city and"
        " all counties.",
        "{funds}：未落实来源的缺口如何分担，文件授权另行规定；实际分担介于全部由市级承担与全部由县级承担之间。",
    ),
    "depletion_meaning": (
        "Reserve depletion: settled reserves ≤ 0 at a year's end.",
        "累计结余耗尽：年末清算后累计结余≤0。",
    ),
    # the fan chart
    "fan_title": ("{fund}: months of payment capacity", "{fund}：累计结余可支付月数"),
    "depletion_title": (
        "Probability that reserves were depleted by then (band: 95% Wilson)",
        "截至当年累计结余曾耗尽的概率（阴影为Wilson 95%区间）",
    ),
    "burden_title": (
        "Who pays: burden of the year, mean, as % of base-year city claims",
        "由谁承担：当年负担均值，占基年全市基金支出的百分比",
    ),
    "mark": ("{mark} mo.", "{mark}个月"),
    "median": ("Median", "中位数"),
    "mean": ("Mean", "均值"),
    "new_unfunded": ("Unfunded", "无来源缺口"),
    "new_unfunded_delegated": ("Unfunded (all city … all counties)", "无来源缺口（全由市 … 全由县）"),
    "claims_cut": ("Claims cut", "削减支付"),
    "contributions_raised": ("Contributions raised", "提高缴费"),
    "marks": (
        "Dotted: {marks} months, for orientation only, not norms.",
        "点线为{marks}个月，仅供参照，并非标准。",
    ),
    "clipped": (
        "The vertical axis is cut: the p01–p99 band goes on beyond it.",
        "纵轴有截断，p01–p99区间超出图幅。",
    ),
    "counted": (
        "Percentiles of months are told apart from {low} to {high}; beyond, they stand at that end.",
        "月数分位数只区分到{low}至{high}之间，超出的按界限列示。",
    ),
    "nothing_due": ("nothing to bear", "无负担"),
    "burden_meaning": (
        "Burden: mean of the year, not discounted, the unfunded bill by its change over the year; ordinary"
        " subsidies, opening deficits and arrears left out.",
        "负担为当年均值，未折现，无来源缺口按当年变动计；不含常规财政补助、统筹前缺口和欠费。",
    ),
    # the summary's tables
    "by_year": ("{fund}: year by year", "{fund}：分年度结果"),
    "year": ("Year", "年份"),
    "p_depletion": ("Reserves\ndepleted [95%]", "结余耗尽概率\n[95%区间]"),
    "p_below": ("Below\n{mark} mo.", "不足\n{mark}个月"),
    "months_p05": ("Months\np05", "月数\np05"),
    "months_p50": ("\np50", "\np50"),
    "months_p95": ("\np95", "\np95"),
    "county_short": ("County\ntreas.", "\n县财政"),
    "city_short": ("City\ntreas.", "\n市财政"),
    "unfunded_short": ("Un-\nfunded", "无来源\n缺口"),
    "by_year_note": (
        "Probabilities (with Wilson interval) are cumulative. Months: percentiles of payment capacity."
        " Money: mean of the year, % of base-year city claims ({base}){unfunded}.",
        "概率为截至当年的累计概率，区间为Wilson区间；月数为累计结余可支付月数的分位数；"
        "负担为当年均值占基年全市基金支出（{base}）的百分比{unfunded}。",
    ),
    "unfunded_note": ("; unfunded: stock at year end", "，无来源缺口为年末存量"),
    "burden": ("{fund}: who pays, {years}", "{fund}：由谁承担（{years}年合计）"),
    "burden_note": (
        "100m yuan (% of base-year city claims), discounted{rate}{unfunded}.",
        "单位：亿元，括号内为占基年全市基金支出的百分比；已折现{rate}{unfunded}。",
    ),
    "unfunded_end_note": (
        "; unfunded: stock at the end of {last}, not discounted",
        "，无来源缺口为{last}年末存量，未折现",
    ),
    "rate": (" at {rate}", "（折现率{rate}）"),
    "p50": ("p50", "p50"),
    "p95": ("p95", "p95"),
    "tvar95": ("TVaR 95%", "最差5%均值"),
    "burden_row": ("Line", "项目"),
    "outlay:county_treasury": ("County treasuries", "县财政"),
    "outlay:city_treasury": ("City treasury", "市财政"),
    "outlay:opening_deficits": ("Opening deficits", "统筹前基金缺口"),
    "outlay:arrears": ("Arrears", "统筹前欠费"),
    "outlay:runoff": ("Run-off", "期末未结清算"),
    "adjustment:claims": ("Claims cut by policy", "政策调整削减支付"),
    "adjustment:contributions": ("Contributions raised", "政策调整增加缴费"),
    "unfunded": ("Unfunded bill at end", "期末无来源缺口"),
    "city_part": ("  city: all…none", "　市级：全部…不担"),
    "counties_part": ("  counties: none…all", "　县级：不担…全部"),
    "counties": ("{fund}: gains and payments by county", "{fund}：各县（市、区）得失"),
    "county": ("County", "县（市、区）"),
    "pool_net": ("Net from\npool", "\n统筹净得"),
    "county_paid": ("County\ntreasury", "\n县财政"),
    "city_paid": ("City treasury\nfor it", "市财政\n为其承担"),
    "p_county": ("Gap left\n[95%]", "缺口概率\n[95%区间]"),
    "county_note": (
        "Means to {last}, 100m yuan (% of base-year city claims). Net: drawn from the pool less paid in, not"
        " discounted; treasuries: discounted.{gap}",
        "截至{last}年的均值，亿元（括号内为占基年全市基金支出的百分比）。净得为从统筹支用减上缴，未折现；财政支付已折现。{gap}",
    ),
    "gap_note": (
        " Gap left: a deficit was once larger than the county's own balance.",
        "缺口指曾有年度动用本县累计结余后仍不足。",
    ),
    # what the sampling gained
    "gains": ("What the sampling gained", "抽样方法的增益"),
    "figure": ("Figure", "指标"),
    "fund": ("Fund", "基金"),
    "effective": ("Independent\npaths as exact", "等精度的\n独立路径数"),
    "gain": ("\nGain", "\n增益"),
    "gain:event:reserve_depletion": ("Reserves depleted by then", "截至当年结余耗尽概率"),
    "gain:months_of_capacity": ("Months of capacity, mean", "可支付月数均值"),
    "gain:reserves": ("Reserves, mean", "累计结余均值"),
    "gain:outlay:county_treasury:discounted": ("County treasuries, mean", "县财政合计均值"),
    "gain:outlay:city_treasury:discounted": ("City treasury, mean", "市财政合计均值"),
    "gains_note": (
        "Gain: variance of as many independent paths over the variance reached. Percentiles and tail means"
        " have no standard error here.",
        "增益为同数独立路径的方差与实际方差之比。分位数和尾部均值在此不给出标准误。",
    ),
    # a rare event
    "rare": ("{fund}: {event} by the end of the year", "{fund}：截至当年末，{event}的概率"),
    "event:reserve_depletion": ("reserves depleted", "累计结余耗尽"),
    "event:cash_depletion": ("reserves in cash depleted", "现金口径累计结余耗尽"),
    "event:pool_depletion": ("pool short in a settlement", "清算时统筹基金不足"),
    "event:risk_fund_depletion": ("risk fund short in a settlement", "清算时风险基金不足"),
    "event:topup_short": ("balances short in a top-up", "年初补足时结余不足"),
    "event:cash_shortfall": ("cash short at a month's end", "月末现金不足"),
    "event:unfunded": ("a bill that nobody has funded", "出现无来源缺口"),
    "event:treasury_call": ("a treasury called", "动用财政资金"),
    "event:treasury_call_county": ("a county treasury called", "动用县级财政资金"),
    "event:treasury_call_city": ("the city treasury called", "动用市级财政资金"),
    "event:policy_adjustment": ("policy adjusted", "启动政策调整"),
    "event:below": ("capacity below {months} months", "可支付月数低于{months}个月"),
    "probability": ("Probability [95%]", "概率[95%区间]"),
    "relative_error": ("Relative\nerror", "相对\n误差"),
    "kish": ("Effective\nhits", "有效\n命中数"),
    "rare_note": (
        "Weighted paths: shocks are shifted to where the event is, and a path counts with its likelihood"
        " ratio. Effective hits: Kish, of paths without the event where those are rarer; below {few} the"
        " error is itself uncertain (?). Independent paths as exact: p(1−p) ÷ squared standard error. Years"
        " in which no path had the event are left out. Percentiles and amounts are not estimated by such a"
        " run.",
        "各路径加权：冲击移向事件发生之处，路径按似然比计权。有效命中数按Kish公式（未发生该事件的路径较少时按后者计），不足{few}时误差本身也不可靠（?）；"
        "等精度的独立路径数为p(1−p)÷标准误的平方。无路径发生该事件的年份从略。此类运行不估计分位数和金额。",
    ),
    "rare_none": ("{fund}: no path had the event in any year.", "{fund}：各年均无路径发生该事件。"),
    # a comparison
    "compared": (
        "{count} scenarios on the same random numbers, {years}, {paths:,} path{s}, seed {seed}.",
        "{count}个情景，使用相同随机数，{years}年，模拟路径{paths:,}条，随机种子{seed}。",
    ),
    "said_of": ("{names}: {text}", "{names}：{text}"),
    "same": (
        "{name} is the same as {first}: in no path does any figure differ.",
        "{name}与{first}完全相同：所有路径的所有数字均无差别。",
    ),
    "what_differs": ("What differs between the scenarios", "各情景有何不同"),
    "nothing_differs": (
        "No rule and no input differs between the scenarios.",
        "各情景的规则和输入均相同。",
    ),
    "layer": ("layer {n} of the waterfall", "缺口分担第{n}层"),
    "titled": ("{name} ({title})", "{name}（{title}）"),
    "both_funds": ("Both funds", "两项基金"),
    "no_layer": ("no such layer", "无此层"),
    "not_in_document": ("not in the document", "文件未作规定"),
    "more_differences": ("… {n} more in differences.csv", "……另有{n}项，见differences.csv"),
    "not_there": ("-", "-"),
    "side_by_side": ("{fund}: side by side", "{fund}：各情景对照"),
    "value_95": ("Value [95%]", "数值[95%区间]"),
    "less_first": ("Less {first} [95%]", "与{first}之差[95%区间]"),
    "compare:event:reserve_depletion": ("Reserves depleted by {year}", "截至{year}年结余耗尽概率"),
    "compare:months_of_capacity": ("Months of capacity, mean, {year}", "可支付月数均值（{year}年）"),
    "compare:outlay": ("{line}, to {year}", "{line}（至{year}年）"),
    "compare:unfunded": ("Unfunded bill, end of {year}", "{year}年末无来源缺口"),
    "compare_note": (
        "Probabilities: Wilson interval; their differences in percentage points, interval of Agresti and Min."
        " Means: ± 1.96 standard errors, those of a difference over pairs of paths. Money: 100m yuan,"
        " discounted{rate}, the unfunded bill not. Read all lines together: a rule that spares the fund may"
        " burden a treasury.",
        "概率为Wilson区间，其差为百分点，用Agresti–Min区间；均值为±1.96倍标准误，差的标准误按成对路径计算。"
        "金额单位为亿元，已折现{rate}，无来源缺口不折现；各项应合并来看，减轻基金负担的规则可能加重财政负担。",
    ),
    "no_path_differs": ("no path differs", "各路径均无差别"),
    # early warning
    "warning": (
        "{fund}: early warning (depleted within the horizon: {chance})",
        "{fund}：预警效果（期内累计结余耗尽概率{chance}）",
    ),
    "warn_below": ("Warning\nbelow", "预警线"),
    "warned": ("Warned", "发出预警"),
    "missed": ("Missed\n[95%]", "漏报\n[95%区间]"),
    "false_alarm": ("False alarm\n[95%]", "误报\n[95%区间]"),
    "lead_mean": ("Lead,\nmean", "提前年数\n均值"),
    "lead_p05": ("\np05", "\np05"),
    "lead_p50": ("\np50", "\np50"),
    "lead_p95": ("\np95", "\np95"),
    "warning_note": (
        "Warned: share of paths whose year-end months were once below the mark. Lead: years from the first"
        " warning to depletion, where both are inside the horizon. Missed: share of depletions without a"
        " warning in an earlier year; one of the same year leaves no time.",
        "发出预警：年末可支付月数曾低于预警线的路径占比。提前年数：首次预警到耗尽的年数，仅计期内耗尽者。"
        "漏报：耗尽前各年均未预警者占耗尽路径的比例，当年才预警视为漏报。",
    ),
    "false_alarm_horizon": (
        "False alarm: share of warnings without depletion in the same year or later up to the horizon.",
        "误报：预警当年及其后至期末均未耗尽者占预警的比例。",
    ),
    "false_alarm_within": (
        "False alarm: share of warnings without depletion in the same year or the {years} years after it;"
        " warnings whose {years} years run beyond the horizon do not count.",
        "误报：预警当年及其后{years}年内均未耗尽者占预警的比例；预警后不足{years}年即到期末的不计。",
    ),
    "guidance_note": (
        "* Named by ministries for pooled employee funds: 6 to 9 months needed, 15 the upper control (2009;"
        " the last known from a copy). For resident funds they are marks like any other.",
        "*为主管部门2009年就职工统筹基金提出的水平：需6至9个月，15个月为控制上限（后者仅见于转载）；对城乡居民医保仅作参照。",
    ),
    "left_out": ("… {n} counties between", "……中间{n}个县（市、区）略"),
}


def label(key: str, lang: Lang, **values: object) -> str:
    """The words for ``key`` in one language, with ``values`` filled in."""
    return _LABELS[key][lang == "zh"].format(**values)


def comma(lang: Lang) -> str:
    """What stands between the items of a list."""
    return "、" if lang == "zh" else ", "


def span(first: int, last: int, lang: Lang) -> str:
    """Years from the first to the last, or the one that there is."""
    return f"{first}" if first == last else f"{first}{'—' if lang == 'zh' else '–'}{last}"


def event_label(event: str, lang: Lang) -> str:
    """The words for an event, its name behind them."""
    return event_words(event, lang) + (f"（{event}）" if lang == "zh" else f" ({event})")


def event_words(event: str, lang: Lang) -> str:
    """The words for an event."""
    if event.startswith("below_"):
        return label("event:below", lang, months=event.removeprefix("below_").removesuffix("_months"))
    return label(f"event:{event}", lang)


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` narrow characters; Chinese may break anywhere but before its stops, a word
    or a figure nowhere."""
    lines, line, between = [], "", 0
    for char in text:
        if _width(line + char) > width and char not in "，。；：、）？！ ":
            cut = between if _width(char) == 1 and between else len(line.rstrip(OPENING)) or len(line)
            lines.append(line[:cut].rstrip())
            line, between = line[cut:], 0
        line += char
        between = len(line) if char == " " or (_width(char) > 1 and char not in OPENING) else between
    return [*lines, line.rstrip()]


def _width(text: str) -> int:
    return sum(map(_columns, text))


@cache
def _columns(char: str) -> int:
    return 1 + (unicodedata.east_asian_width(char) in "WF")
