"""Words of ``solve`` and ``readings``: key -> (English, Chinese)."""

from __future__ import annotations

from scenarios.labels import Lang

_WORDS: dict[str, tuple[str, str]] = {
    # the value of a lever
    "solve:title": (
        "{fund}: {event} by the end of {by} with probability {target}",
        "{fund}：截至{by}年末，{event}的概率为{target}",
    ),
    "solve:value": ("Value", "取值"),
    "solve:interval": ("[{level}]", "[{level}区间]"),
    "solve:chance": ("Probability [{level}]", "概率[{level}区间]"),
    "solve:now": ("Present", "现状"),
    "solve:answer": ("Answer{n}", "解{n}"),
    "solve:at": (" ({value})", "（{value}）"),
    "solve:close": (
        "At the present value{at} the probability is {probability}, which these paths cannot tell from"
        " {target}.",
        "现值{at}下的概率为{probability}，以现有路径数无法与{target}区分。",
    ),
    "solve:met": (
        "The target is met already: at the present value{at} the probability is {probability}, below"
        " {target}.",
        "目标已经达到：现值{at}下的概率为{probability}，低于{target}。",
    ),
    "solve:above": (
        "At the present value{at} the probability is {probability}, above {target}.",
        "现值{at}下的概率为{probability}，高于{target}。",
    ),
    "solve:out_of_reach": (
        "Out of reach: no value of {lever} tried gives {target}. At {a} the probability is {a_p}, at {b}"
        " {b_p}; the lowest is {c_p}, at {c}, the highest {d_p}, at {d}. --range looks elsewhere.",
        "无法达到：所试的{lever}取值均不能使概率为{target}。取{a}时概率为{a_p}，取{b}时为{b_p}；"
        "最低{c_p}（取{c}），最高{d_p}（取{d}）。可用--range另定范围。",
    ),
    "solve:not_ruled_out": (
        "Not ruled out: {target} lies within the interval of the probability at {values}.",
        "尚不能排除：取{values}时，{target}在该概率的置信区间之内。",
    ),
    "solve:turns": (
        "The probability both rises and falls over the range. All answers that a grid of {values} values"
        " shows are given; --range looks closer.",
        "概率在此范围内有升有降。所列为{values}个等距取值所能显示的全部解；可用--range缩小范围。",
    ),
    "solve:step": (
        "At {value} the probability steps from {one} to {two}, over the target; the side with the lower is"
        " given.",
        "在{value}处概率由{one}跳至{two}，越过目标；所列为概率较低的一侧。",
    ),
    "solve:open": (
        "< or >: the interval goes on beyond the range.",
        "<或>表示区间超出所定范围。",
    ),
    "solve:burden": ("Who pays, {first}–{last}", "由谁承担（{first}—{last}年合计）"),
    "solve:runs": (
        "{runs} simulations on the same paths, {seconds:.1f} s.",
        "在相同路径上模拟{runs}次，用时{seconds:.1f}秒。",
    ),
    # which reading decides
    "readings:question": ("Question", "问题"),
    "readings:decides": ("Decides", "起决定\n作用"),
    "readings:singly": (
        "{fund}: each reading by itself, difference from the default",
        "{fund}：各项解读单独改变时与默认解读之差",
    ),
    "readings:event:reserve_depletion": ("Depleted\npoints", "耗尽概率\n百分点"),
    "readings:months_of_capacity": ("Months at\nthe end", "期末可支\n付月数"),
    "readings:outlay:county_treasury": ("County\ntreas.", "\n县财政"),
    "readings:outlay:city_treasury": ("City\ntreas.", "\n市财政"),
    "readings:outlay:opening_deficits": ("Opening\ndeficits", "统筹前\n缺口"),
    "readings:outlay:arrears": ("\nArrears", "统筹前\n欠费"),
    "readings:outlay:runoff": ("Run-\noff", "期末未\n结清算"),
    "readings:adjustment:claims": ("Claims\ncut", "削减\n支付"),
    "readings:adjustment:contributions": ("Contrib.\nraised", "提高\n缴费"),
    "readings:unfunded": ("Un-\nfunded", "无来源\n缺口"),
    "readings:note": (
        "Depletion by the last year, percentage points. Money: discounted over the horizon, % of base-year"
        " claims; run-off: what treasuries then still have to settle; unfunded: the stock at the end. In"
        " brackets: within two standard errors of nought; ~0: below 0.05. –: the reading does not touch"
        " this fund, or cannot show. A reading decides if, by itself, it moves depletion by more than"
        " {points} point or a line of the bill by more than {claims} of a year's claims, and by more than two"
        " standard errors.",
        "耗尽概率为截至最后一年，差以百分点计；金额为全期折现合计占基年支出的百分比，"
        "期末未结清算为财政届时尚待支付的部分，无来源缺口为期末存量。括号内的差不超过两个标准误，“~0”为不足0.05。“–”表示该解读与此基金无关或无从显现。"
        "单独改变时，若耗尽概率变动超过{points}个百分点，或某一负担项变动超过基年支出的{claims}，"
        "且超过两个标准误，即视为起决定作用。",
    ),
    "readings:decide": ("{fund}: the results hang on {names}.", "{fund}：{names}对结果起决定作用。"),
    "readings:none_decides": ("{fund}: no reading decides.", "{fund}：没有解读对结果起决定作用。"),
    "readings:idle": (
        "Cannot show in this scenario: {names}, for {reason}.",
        "{names}在本情景中无从显现：{reason}。",
    ),
    "idle:no_opening_deficits": (
        "no county has an opening deficit",
        "各县均无统筹前基金缺口",
    ),
    "idle:no_arrears": ("no county has arrears from before pooling", "各县均无统筹前欠费"),
    "idle:all_excellent": (
        "every county counts as excellent (options.excellent_probability = 1)",
        "各县考核均视为优秀（options.excellent_probability = 1）",
    ),
    "idle:no_assessment": (
        "nothing is laid to a county by assessment (options.attributable_part = 0)",
        "考核未认定应由县承担的部分（options.attributable_part = 0）",
    ),
    "idle:constant_enrolment": ("enrolment stays as it is over a run", "模拟期内参保人数不变"),
    "readings:fixed": (
        "Chosen by the scenario itself, and not varied: {names}.",
        "{names}已由情景自行选定，未作变动。",
    ),
    "readings:held": (
        "Held at the default in combination, for there would be more than {most} combinations: {names}. By"
        " themselves they move least.",
        "组合总数若含{names}将超过{most}个，故组合中取其默认解读；这些解读单独改变时影响最小。",
    ),
    "readings:combined": (
        "{fund}: all {count} combinations, share of the variance in % (main / total)",
        "{fund}：全部{count}种组合，各占方差的百分比（主效应/总效应）",
    ),
    "readings:nothing_moves": (
        "{fund}: no combination moves a figure enough to decide.",
        "{fund}：任何组合均不足以改变结果。",
    ),
    "readings:span": ("lowest … highest", "最低…最高"),
    "readings:together": (
        "{outcome}, together: {pairs}.",
        "{outcome}，交互作用：{pairs}。",
    ),
    "readings:shares_note": (
        "Every one of the {count} combinations counts alike. Main: what the reading explains by itself;"
        " total: with all interactions. Outcomes that no combination moves enough are left out; shares.csv"
        " has all.",
        "{count}种组合权重相同。主效应为该解读单独解释的部分，总效应含其全部交互作用。"
        "各组合均变动不大的结果从略，全部见shares.csv。",
    ),
    "readings:runs": (
        "{runs} simulations of one fund on the same paths, {seconds:.1f} s.",
        "在相同路径上对单项基金模拟{runs}次，用时{seconds:.1f}秒。",
    ),
}


def say(key: str, lang: Lang, **values: object) -> str:
    """The words for ``key`` in one language, with ``values`` filled in."""
    return _WORDS[key][lang == "zh"].format(**values)
