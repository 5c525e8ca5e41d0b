-- Grain: one row per reference cell with enough reports to find outliers; `*` is any value, and fineness 1 is the
-- finest.
-- Inputs: log_pays, refresh.
-- A coarse reference cell has all reports of its key. Unknown is a value like any other. A flood of nearly equal pay
-- would narrow the fence for everybody else, so of those within 3 % of each other no more than one and a share of
-- the others count: the lowest.
with
referenced as (
    select 1 as fineness, evidence, metric, tier, level, country, log_pay from log_pays
    where is_reference
    union all
    select 2 as fineness, evidence, metric, '*' as tier, level, country, log_pay from log_pays
    where is_reference
),

crowded as (
    select
        *,
        count(*) over (partition by fineness, evidence, metric, tier, level, country) as reports,
        count(*) over near as near_reports,
        row_number() over (near order by log_pay asc nulls last) as place
    from referenced
    window near as (partition by fineness, evidence, metric, tier, level, country, floor(log_pay / 2048.0))
),

counted as (
    select c.*
    from crowded as c
    cross join refresh as f
    where c.reports >= f.fence_min_reports and c.place <= 1 + f.fence_crowd_share * (c.reports - c.near_reports)
),

medians as (
    select
        fineness,
        evidence,
        metric,
        tier,
        level,
        country,
        quantile_cont(log_pay, 0.5) as median_log
    from counted
    group by fineness, evidence, metric, tier, level, country
),

spreads as (
    select
        r.fineness,
        r.evidence,
        r.metric,
        r.tier,
        r.level,
        r.country,
        m.median_log,
        1.4826 * quantile_cont(abs(r.log_pay - m.median_log), 0.5) as scaled_mad
    from counted as r
    inner join medians as m
        on
            r.fineness = m.fineness
            and r.evidence = m.evidence
            and r.metric = m.metric
            and r.tier = m.tier
            and r.level = m.level
            and r.country = m.country
    group by r.fineness, r.evidence, r.metric, r.tier, r.level, r.country, m.median_log
)

select
    s.fineness,
    s.evidence,
    s.metric,
    s.tier,
    s.level,
    s.country,
    s.median_log,
    f.fence_multiple * greatest(s.scaled_mad, 65536 * f.fence_min_mad) as reach
from spreads as s
cross join refresh as f
