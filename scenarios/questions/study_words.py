"""Words of what analyses studies and stresses scenarios: key -> (English, Chinese)."""

from __future__ import annotations

from scenarios.labels import Lang

_PHRASES: dict[str, tuple[str, str]] = {
    # outcomes
    "by": ("{what} by the end of {year}", "截至{year}年末{what}"),
    "at": ("{what}, {year}", "{year}年{what}"),
    "over": ("{what}, {first}–{last}", "{first}—{last}年{what}"),
    "difference": ("{what}, less the baseline's", "{what}（与基准之差）"),
    "discounted": (", discounted", "（折现）"),
    "metric:months_of_capacity": ("months of payment capacity", "累计结余可支付月数"),
    "metric:cash_months": ("months of capacity in cash", "现金可支付月数"),
    "metric:pool_months": ("months in the pool", "统筹基金可支付月数"),
    "metric:reserves": ("reserves in yuan", "累计结余（元）"),
    "metric:cash_reserves": ("reserves in cash in yuan", "现金累计结余（元）"),
    "metric:gini": ("Gini coefficient of net transfers", "净转移基尼系数"),
    "metric:covered:own_balance": (
        "deficits paid from balances in yuan",
        "各县累计结余弥补缺口（元）",
    ),
    "metric:covered:risk_fund": ("deficits paid from the risk fund in yuan", "风险基金弥补缺口（元）"),
    "metric:covered:pool": ("deficits paid from the pool in yuan", "统筹基金弥补缺口（元）"),
    # sensitivity
    "sensitivity": ("{fund}: {what}", "{fund}：{what}"),
    "sobol": (
        "Sobol indices from {scenarios:,} scenarios ({samples:,} base points), {paths:,} paths each.",
        "Sobol指数：{scenarios:,}个情景（基准点{samples:,}个），每个情景路径{paths:,}条。",
    ),
    "morris": (
        "Elementary effects from {scenarios:,} scenarios ({samples:,} trajectories), {paths:,} paths each.",
        "Morris基本效应：{scenarios:,}个情景（轨迹{samples:,}条），每个情景路径{paths:,}条。",
    ),
    "levers_stay": (
        "Levers stay at their present values.",
        "政策手段保持当前取值。",
    ),
    "factor": ("Uncertainty", "不确定因素"),
    "first_order": ("Alone\n[95%]", "单独作用\n[95%区间]"),
    "total": ("With interactions\n[95%]", "含交互作用\n[95%区间]"),
    "mu_star": ("Mean absolute\neffect [95%]", "平均绝对效应\n[95%区间]"),
    "mu": ("Mean\neffect", "平均\n效应"),
    "sigma": ("Spread of\neffects", "效应\n离散度"),
    "sobol_note": (
        "Share of the variance between scenarios: of the mean over paths, not of single paths. Alone:"
        " first-order index; with interactions: total index. Indices estimated near 0 may fall below it.",
        "占情景间方差的比重，针对各路径均值而非单条路径。单独作用为一阶指数，含交互作用为总指数；接近0的估计值可能为负。",
    ),
    "morris_note": (
        "Change of the outcome over the uncertainty's range from its quantile 1/8 to 7/8, in the"
        " outcome's unit, drawn out from steps of two thirds of it: of a list of two values one and a"
        " half times what they differ by. A spread as large as the mean effect says that the effect"
        " depends on the others, or is not linear.",
        "因素由1/8分位数变到7/8分位数时结果的变化，单位同结果，由其三分之二的步长推算：只有两个取值的列表为两值"
        "结果之差的1.5倍。离散度与平均效应相当，说明效应依赖其他因素或非线性。",
    ),
    "noise": (
        "Chance of the paths makes up {share} of the variance between scenarios (mean {mean}, standard"
        " deviation {spread}).",
        "情景间方差中有{share}来自路径抽样误差（均值{mean}，标准差{spread}）。",
    ),
    "noisy": (
        "WARNING: that is not small. The indices partly rank noise; take more paths (--paths).",
        "警告：该比重不小，指数中混有抽样误差；请增加路径数（--paths）。",
    ),
    "constant": (
        "The outcome is the same in every scenario: nothing to attribute.",
        "各情景结果完全相同，无可归因。",
    ),
    # the variance of single paths
    "split": (
        "Where the uncertainty of a single future comes from",
        "单个未来的不确定性从何而来",
    ),
    "source": ("Source", "来源"),
    "share": ("Share [95%]", "占比[95%区间]"),
    "variance": ("Variance", "方差"),
    "shocks": ("shocks of the paths", "随机冲击"),
    "parameters": ("parameters", "参数"),
    "readings": ("readings of the document", "文件解读"),
    "interaction": ("parameters with readings", "参数与解读的交互"),
    "split_says": (
        "Of the variance of a single future, {shocks} would remain if every parameter and reading were known;"
        " {parameters} is due to parameters, {readings} to how the document is read, {interaction} to both"
        " together.",
        "即使参数和解读全部已知，单个未来的方差仍有{shocks}；参数贡献{parameters}，文件解读贡献{readings}，二者交互贡献{interaction}。",
    ),
    "split_constant": (
        "The outcome is the same in every path of every scenario.",
        "所有情景的所有路径结果完全相同。",
    ),
    "split_note": (
        "Law of total variance, from {replications:,} independent replications of 2 × 2 scenarios with"
        " {paths:,} common paths each; unbiased, so a small component may be estimated below 0.",
        "按全方差公式分解：{replications:,}次独立重复，每次为2×2个情景、共用{paths:,}条路径；估计无偏，微小分量的估计值可能为负。",
    ),
    # reverse stress
    "stress": ("{fund}, mildest shocks: {what}", "{fund}，最轻微的致险冲击：{what}"),
    "claims_against": ("Claims against\nthe median", "支出\n较中位路径"),
    "contributions_against": ("Contributions\nagainst it", "收入\n较中位路径"),
    "months_median": ("Months,\nmedian path", "可支付月数\n中位路径"),
    "months_stressed": ("Months under\nthe shocks", "可支付月数\n冲击之下"),
    "between": ("{p} (95%: {low} to {high})", "{p}（95%区间{low}—{high}）"),
    "stress_says": (
        "All shocks together are {beta} standard deviations from the median path. That far in one direction"
        " lies a share of {implied} (first-order estimate); the simulated probability is {simulated}.",
        "全部冲击合计距中位路径{beta}个标准差；按一阶可靠度估计概率为{implied}，模拟概率为{simulated}。",
    ),
    "stress_already": (
        "It happens on the median path, without any shock; simulated probability {simulated}.",
        "中位路径上无任何冲击即已发生；模拟概率{simulated}。",
    ),
    "stress_none": (
        "No shocks of up to {farthest} standard deviations bring it about; simulated"
        " probability {simulated}.",
        "{farthest}个标准差以内的冲击均未导致该事件；模拟概率{simulated}。",
    ),
    "stress_note": (
        "The likeliest of the city's shocks that suffice; counties and months are left without chance, and no"
        " epidemic comes. The simulation has all chance and every other way to the event, so the two"
        " probabilities need only be of one order. The search is local.",
        "所示为足以导致该事件的最可能的市级冲击；县级与月度不设随机波动，亦无疫情。模拟概率含全部随机性和其他途径，二者只需量级相当。搜索为局部最优。",
    ),
    "stress_few": (
        "?: fewer than {few} effective paths decide this probability; its interval is no more than a guess.",
        "?：决定该概率的有效路径不足{few}条，其区间只是粗略估计。",
    ),
    # scenario discovery
    "statistic:probability": ("probability", "概率"),
    "statistic:mean": ("mean", "均值"),
    "statistic:tvar95": ("tvar95", "最差5%均值"),
    "statistic:tvar99": ("tvar99", "最差1%均值"),
    "fails": ("{fund}: {what} ({statistic})", "{fund}：{what}（{statistic}）"),
    "above": (
        "{failures:,} of {scenarios:,} scenarios lie above {value}; the boxes say where.",
        "{scenarios:,}个情景中有{failures:,}个高于{value}；下列条件框说明其所在。",
    ),
    "below": (
        "{failures:,} of {scenarios:,} scenarios lie below {value}; the boxes say where.",
        "{scenarios:,}个情景中有{failures:,}个低于{value}；下列条件框说明其所在。",
    ),
    "box": ("Box {number}: all of these together", "条件框{number}：下列条件同时成立"),
    "condition": ("Condition", "条件"),
    "p_value": ("Quasi-p", "准p值"),
    "one_of": ("one of {values}", "取值为{values}"),
    "and": (" and ", "，且"),
    "box_says": (
        "It holds {scenarios:,} scenarios, {density} of which fail; these are {coverage} of all failures.",
        "框内{scenarios:,}个情景，其中{density}失败；占全部失败情景的{coverage}。",
    ),
    "box_note": (
        "PRIM. Quasi-p: the chance that the condition is of no use; keep those near 0. A later box leaves out"
        " the scenarios of those before it. Limits are of the scenarios that were run.",
        "采用PRIM算法。准p值为该条件并无作用的概率，接近0者方可采信；后一框不含前框已有情景；界限取自已运行的情景。",
    ),
    "no_box": (
        "No box holds failures at a density of {density}: failures depend on nothing simple among what"
        " varied, or --density asks too much.",
        "未找到失败比例达{density}的条件框：失败与各变动因素无简单关系，或--density要求过高。",
    ),
    "exported": (
        "{scenarios:,} scenarios, {outcomes:,} outcomes → {file}; read by ema_workbench.load_results.",
        "{scenarios:,}个情景、{outcomes:,}项结果 → {file}；可用ema_workbench.load_results读取。",
    ),
}


def phrase(key: str, lang: Lang, **values: object) -> str:
    """The words for ``key`` in one language, with ``values`` filled in."""
    return _PHRASES[key][lang == "zh"].format(**values)


def metric_words(metric: str, lang: Lang) -> str:
    """The words for a metric of the metrics table; one without words is called by its name."""
    key = f"metric:{metric}"
    return phrase(key, lang) if key in _PHRASES else metric


def statistic_words(statistic: str, lang: Lang) -> str:
    """The words for a statistic of the metrics table; percentiles are called the same everywhere."""
    key = f"statistic:{statistic}"
    return phrase(key, lang) if key in _PHRASES else statistic
