"""Words for what rules say, and for ``bench``: key -> (English, Chinese).

Keys are the values of the closed vocabulary (``county_treasury``, ``shortfall``), the instruments and
statuses with a prefix (``instrument:top_up``, ``status:stated``), and the few sentences of ``explain``.
"""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.labels import Lang, comma
from sim.model import Fund

_WORDS: dict[str, tuple[str, str]] = {
    # funds
    "fund:employee": ("employee fund", "职工医保"),
    "fund:resident": ("resident fund", "城乡居民医保"),
    # instruments, in the order of the year
    "instrument:opening_transfer": ("Opening transfer", "统筹前结余上划"),
    "instrument:opening_deficit": ("Opening deficits", "统筹前基金缺口"),
    "instrument:top_up": ("January top-up", "年初补足"),
    "instrument:settlement": ("Settlement", "清算与缺口分担"),
    "instrument:assessment": ("Assessment", "考核"),
    "instrument:recoveries_to": ("Recoveries", "基金追回"),
    "instrument:risk_fund": ("Risk fund", "风险基金"),
    "instrument:arrears": ("Arrears", "统筹前欠费"),
    "instrument:policy_adjustment": ("Policy adjustment", "政策调整"),
    "instrument:cash": ("Cash", "资金存放"),
    "instrument:unfunded_is": ("Unfunded bill", "无来源缺口"),
    "instrument:flows": ("Plain flows", "一般收支"),
    "instrument:delegated": ("Left open besides", "其他留待另定事项"),
    # statuses and weights
    "status:stated": ("stated", "原文规定"),
    "status:reading": ("reading", "解读"),
    "status:delegated": ("(!) delegated", "(!)授权另定"),
    "status:assumption": ("assumption", "假设"),
    "weight:default": ("default", "默认"),
    "weight:main": ("main", "主要"),
    "weight:minority": ("minority", "次要"),
    "weight:counterfactual": ("for study only", "仅供研究"),
    # sources
    "county_balance": ("county balance", "县累计结余"),
    "pool": ("pool", "市级统筹基金"),
    "risk_fund": ("risk fund", "风险基金"),
    "all_balances": ("balances of all counties", "全市各县累计结余"),
    "county_treasury": ("county treasury", "县级财政"),
    "city_treasury": ("city treasury", "市财政"),
    "unfunded": ("unfunded bill", "无来源缺口"),
    # what a plain parameter can say
    "closed_year": ("the year just closed", "刚结束的年度"),
    "current_year": ("the year that begins", "新开始的年度"),
    "gross": ("as it stands", "账面数"),
    "net": ("less a deficit awaiting settlement", "扣除待清算缺口"),
    "unpaid_part": ("the part the pool could not pay goes on", "统筹基金未付部分转入下一层"),
    "after_pool": ("the pool pays what it holds, all the rest goes on", "统筹基金付完为止，其余转入下一层"),
    "whole_gap": ("nobody pays here, the whole gap goes on", "本层均不付，全部缺口转入下一层"),
    "none": ("none", "无"),
    "shortfall": ("revenue below or spending above budget", "少收多支部分补足"),
    "revenue_made_good": ("revenue below budget", "收入短缺部分补足"),
    "all_or_nothing": ("the whole deficit where the plan was missed", "未完成计划则缺口全部自行弥补"),
    "points": ("percentage points", "百分点"),
    "relative": ("per cent of the share", "相对比例"),
    "surplus": ("the year's surplus", "当年结余"),
    "off_revenue": ("off the year's contributions", "从当年收入中提取"),
    "plan": ("planned contributions", "计划收入"),
    "last_year": ("last year's contributions", "上年度收入"),
    "never": ("never", "从不"),
    "budgeted": ("next year's budget leaves the pool short", "预计下年结余不足"),
    "months": ("the pool is below a number of months", "可支付月数低于界限"),
    "nothing": ("nothing", "无"),
    "second_tranche": ("the tranche not yet remitted", "尚未上解的部分"),
    "borne_by_nobody": ("nobody is named", "未规定承担者"),
    "shared_by_later_rule": ("city and counties, by a later rule", "市、县分担，另行规定"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "n_months": ("{n} months", "{n}个月"),
    "one_month": ("1 month", "1个月"),
    "n_years": ("{n} years", "{n}年"),
    "same_december": ("December of the year itself", "当年12月"),
    "next_year": ("month {n} of the next year", "次年{n}月"),
    "note": ("— {text}", "—{text}"),
    "by_year": ("{shares} (by year)", "{shares}（逐年）"),
    "no_schedule": ("stays on the books", "保留在账上"),
    "no_value": ("-", "-"),
    "up_to": (
        "{layer}, of a gap up to {share} of contributions",
        "{layer}（限于不超过当年收入{share}的缺口）",
    ),
    "if_pool_short": ("{layer}; where the pool is short: {rule}", "{layer}；统筹基金不足时：{rule}"),
    # headings and sentences of explain
    "parameter": ("Rule", "规则"),
    "value": ("Value", "取值"),
    "clause": ("Clause", "条款"),
    "status": ("Status", "性质"),
    "reading": ("Reading", "解读"),
    "weight": ("Weight", "分量"),
    "meaning": ("Meaning", "含义"),
    "colon": ("{a}: {b}", "{a}：{b}"),
    "with_clause": ("{text} ({clause})", "{text}（{clause}）"),
    "scenario_sets": ("scenario", "情景自定"),
    "in_force": ("In force from {start}", "自{start}起施行"),
    "in_force_until": ("In force from {start} to {end}", "自{start}起施行，有效期至{end}"),
    "readings": ("Readings", "解读"),
    "outside": ("Stated, and outside the model", "文件有规定而模型未涉及"),
    "notes": ("Notes", "说明"),
    "delegated_means": (
        "(!) delegated: the document leaves this to a later rule; the value is the least"
        " that its text supports.",
        "(!)授权另定：文件留待以后另行规定，取值为原文所能支持的最低限度。",
    ),
    "reading_means": (
        "A reading beside stated: the figure is in the document, its application is open.",
        "“原文规定”旁注有解读编号的：数字见于原文，适用方式尚有不同理解。",
    ),
    "template": ("template {name}", "模板“{name}”"),
    "under_rules": ("{title}; rules: {rules}", "{title}（适用规则：{rules}）"),
    "not_its_own": (
        "The rules in use are not {city}'s own: {rules}.",
        "适用的并非{city}自己的规则，而是：{rules}。",
    ),
    "idle_pool": (
        "The rules never draw the pool: what the city holds there at the start lies idle and counts as"
        " reserves ({funds}).",
        "所用规则不动用市级统筹基金：期初存量闲置，仍计入累计结余（{funds}）。",
    ),
    "kept_deficits": (
        "Nobody makes opening deficits good: they stay on the books and lower reserves for good ({funds}).",
        "所用规则未规定由谁弥补统筹前缺口：缺口保留在账上，长期减少累计结余（{funds}）。",
    ),
    "in_use": ("{name} (in use)", "{name}（采用）"),
    "expires": (
        "In force until {end}: a horizon beyond it is an extrapolation.",
        "文件有效期至{end}，此后年份的结果属于外推。",
    ),
    # the speed of this machine
    "bench:case": ("Base case", "基准情景"),
    "bench:counties": ("Counties", "县（市、区）"),
    "bench:threads": ("Mcfm/s,\nthreads: {n}", "百万县·基金·月/秒\n{n}线程"),
    "bench:run": ("{paths:,} paths,\nall threads", "{paths:,}条路径\n全部线程"),
    "bench:sentence": (
        "A run of {paths:,} paths takes about {run}; a sweep of {scenarios:,} such scenarios about {sweep}"
        " (threads: {n}).",
        "使用{n}线程，一次{paths:,}条路径的模拟约需{run}；{scenarios:,}个同等规模情景的扫描约需{sweep}。",
    ),
    "bench:note": (
        "Mcfm/s: million county-fund-months a second, every rule step, event and metric. Times hold the"
        " simulation and its table; a command adds its start and the files it writes.",
        "县·基金·月：一条路径中一个县一项基金的一个月，含全部规则步骤、事件与指标。用时含模拟与制表，不含命令启动和写文件。",
    ),
    "bench:s": ("{amount} s", "{amount}秒"),
    "bench:min": ("{amount} min", "{amount}分钟"),
    "bench:h": ("{amount} h", "{amount}小时"),
    # the explorer
    "explore:heading": ("fundsim: stored results", "fundsim：已存结果"),
    "explore:scenario": ("Scenario", "情景"),
    "explore:number": ("Scenario of the study, number", "研究中的情景序号"),
    "explore:base": ("City", "城市"),
    "explore:rules": ("Rules", "规则"),
    "explore:volatility_factor": ("Volatility, factor", "波动率倍数"),
    "explore:policy:reserve_months": ("opening reserves, months", "期初累计结余可支付月数"),
    "explore:policy:contribution_rate": ("contribution rate", "缴费率"),
    "explore:policy:premium_yuan": ("premium a head, yuan", "人均个人缴费（元）"),
    "explore:policy:subsidy_yuan": ("subsidy a head, yuan", "人均财政补助（元）"),
    "explore:policy:contributions": ("contributions, factor", "基金收入倍数"),
    "explore:policy:claims": ("claims, factor", "基金支出倍数"),
    "explore:trend:contributions": ("growth of contributions, change", "收入年增长率增减"),
    "explore:trend:claims": ("growth of claims, change", "支出年增长率增减"),
    "explore:unchanged": ("as in the base", "与基准相同"),
    "explore:months": ("Months of payment capacity", "可支付月数"),
    "explore:paid": ("{payer}, 100m yuan", "{payer}（亿元）"),
    "explore:in_year": ("{figure}, {year}", "{year}年，{figure}"),
    "explore:in_all": ("{figure}, whole horizon", "整个模拟期，{figure}"),
    "explore:discounted": ("{figure}, whole horizon, discounted", "整个模拟期折现，{figure}"),
    "explore:note": (
        "Stored results; nothing is simulated here. Brackets: Wilson 95 % interval; ±: standard error.",
        "所示均为已存结果，此处不作模拟。方括号为Wilson 95%区间，±为标准误。",
    ),
    "explore:needs": (
        "No picture: the study did not keep {metrics} (see outcomes in its file).",
        "无法作图：研究未保留{metrics}（见研究文件的outcomes）。",
    ),
    "explore:every_year": ("every year", "全部年份"),
    "explore:left_out": (
        "Not kept by the study, and not in the burden: {metrics}.",
        "研究未保留、负担中未计入：{metrics}。",
    ),
    "explore:open": ("{address}  (Ctrl-C ends)", "{address}  （按Ctrl-C结束）"),
    # a new place
    "new:made": (
        "{place} ({code}, {province}), {n} counties: a constructed base case in {folder}.",
        "{place}（{code}，{province}），{n}个县级单位：构造的基准情形已写入{folder}。",
    ),
    "new:own": ("Rules: its own ({rules}).", "规则：采用本市文件（{rules}）。"),
    "new:chosen": (
        "Rules: {name} ({rules}), as asked for; they are not its own.",
        "规则：按要求采用“{name}”（{rules}），并非本地文件。",
    ),
    "new:default": (
        "Rules: {name} ({rules}), for want of its own document; --rules chooses others.",
        "规则：程序未收录本地文件，默认采用“{name}”（{rules}）；可用--rules另选。",
    ),
    "new:copied": (
        "Rules copied from {rules}; they are not {place}'s own, and rows cite where they are from.",
        "本文件抄自{rules}，并非{place}的规定；各行条款仍注明出处。",
    ),
    "new:fill": (
        "No figure is the place's own account. Put your own into {folder}/office; README.md says how.",
        "其中数字均非当地实际账目。请将本单位数字填入{folder}/office，填法见README.zh.md。",
    ),
    "new:run": (
        "Next: fundsim run {folder} --out {folder}/out",
        "下一步：fundsim run {folder} --out {folder}/out --lang zh",
    ),
    # a sweep
    "default": ("(default)", "（默认）"),
    "sweep:interrupted": (
        "interrupted; what is finished lies in {out}, and the same command goes on",
        "已中断；已完成的情景保存在{out}，再次执行同一命令即可继续",
    ),
    "sweep:plan": (
        "{study}: {scenarios:,} scenarios of {paths:,} paths and {years} years.",
        "{study}：{scenarios:,}个情景，每个{paths:,}条路径、{years}年。",
    ),
    "sweep:time": ("About {time} (threads or workers: {n}).", "约需{time}（线程或进程数：{n}）。"),
    "sweep:disk": (
        "About {size} MB of disk, of {free} GB free; up to 40 MB more while it runs.",
        "约占磁盘{size} MB（可用{free} GB）；运行期间最多另需40 MB。",
    ),
    "sweep:done": (
        "{study}: {n:,} scenarios, {ran:,} of them simulated now.",
        "{study}：{n:,}个情景，其中本次模拟{ran:,}个。",
    ),
    "sweep:ended": (
        "{year} is outside the years of {ended:,} of the {count:,} scenarios, which have no figure here.",
        "{count:,}个情景中有{ended:,}个不模拟{year}年，以下数字不含这些情景。",
    ),
    "sweep:range": (
        "{fund}, {metric}: {low} to {high}, median scenario {mid}",
        "{fund}，{metric}：{low}至{high}，情景中位数{mid}",
    ),
    "sweep:event:reserve_depletion": (
        "probability that reserves were depleted by {year}",
        "截至{year}年累计结余曾耗尽的概率",
    ),
    "sweep:event:unfunded": (
        "probability of an unfunded bill by {year}",
        "截至{year}年曾出现无来源缺口的概率",
    ),
    "sweep:event:treasury_call": (
        "probability that a treasury paid by {year}",
        "截至{year}年财政曾出资的概率",
    ),
    "sweep:months_of_capacity": (
        "months of payment capacity in {year}, mean",
        "{year}年累计结余可支付月数（均值）",
    ),
    "sweep:outlay:county_treasury": (
        "county treasuries in {year}, mean, 100m yuan",
        "{year}年县级财政支出（均值，亿元）",
    ),
    "sweep:outlay:city_treasury": (
        "city treasury in {year}, mean, 100m yuan",
        "{year}年市财政支出（均值，亿元）",
    ),
    "sweep:outlay:runoff": (
        "treasuries in the run-off after the horizon, mean, 100m yuan",
        "期末清算时财政支出（均值，亿元）",
    ),
    "sweep:no_runoff": (
        "Not kept: outlay:runoff, what treasuries pay after the horizon where rules settle in the next July."
        " Without it such rules look cheaper than those that settle in December.",
        "研究未保留outlay:runoff，即次年7月清算的规则在期末清算时的财政支出；缺此项时，此类规则的负担看似低于"
        "12月清算的规则。",
    ),
    "sweep:unfunded": ("unfunded bill in {year}, mean, 100m yuan", "{year}年无来源缺口（均值，亿元）"),
    "sweep:constructed": (
        "Constructed base cases, nobody's accounts.",
        "基期数据为构造数据，并非任何地方的真实账目。",
    ),
    "sweep:speed": (
        "Simulated in {time}; its threads or workers spent {busy:.0%} of that inside the simulation.",
        "模拟用时{time}；其中各线程或进程{busy:.0%}的时间用于模拟内核。",
    ),
    "never_in_force": (
        "{address} begins in {year}, after the last simulated year, {last}: it changes nothing.",
        "{address}自{year}年起生效，晚于模拟末年{last}年，故不起作用。",
    ),
    "other_units": (
        "{account} ({fund}) in opening.csv is {ratio} times the first year's claims in monthly.csv:"
        " are both in yuan?",
        "opening.csv的{account}（{fund}）为monthly.csv首年支出的{ratio}倍，是否均以元为单位？",
    ),
    "of_another_unit": (
        "{county} ({fund}): base-year claims per insured person are {ratio} times the median county's."
        " Are every county's in yuan and in persons?",
        "{county}（{fund}）：基年人均支出为各县中位数的{ratio}倍，各县是否均以元、人为单位？",
    ),
    "joining": (
        "Counties that bring their balances in: {counties}.",
        "带入统筹前结余的县（市）：{counties}。",
    ),
}


def word(key: str, lang: Lang, **values: object) -> str:
    """The words for ``key`` in one language, with ``values`` filled in."""
    return _WORDS[key][lang == "zh"].format(**values)


def said_of_funds(key: str, funds: Sequence[Fund], lang: Lang) -> list[str]:
    """The sentence for ``key`` with the funds that it holds of, or none."""
    names = comma(lang).join(word(f"fund:{fund}", lang) for fund in funds)
    return [word(key, lang, funds=names)] if funds else []
