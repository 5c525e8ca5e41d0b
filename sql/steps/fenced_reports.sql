-- Grain: one row per report outside the fence, with the metric that puts it there.
-- Inputs: scoped_reports, refresh. Log pay is fixed point, 2^16, so medians do not depend on the machine. The fence
-- is that of the finest of (tier, level, country), (level, country), (tier, level) with enough reports; unknown is a
-- value.
with
pays as (
    select *, 'base' as metric, middle_base as pay from scoped_reports
    union all
    select *, 'total' as metric, total as pay from scoped_reports
),

logs as (
    select
        export_sha256,
        "row",
        evidence,
        tier,
        coalesce(level, 'unknown') as level,
        coalesce(country, 'unknown') as country,
        metric,
        round(65536 * ln(pay / 100000.0)) as log_pay
    from pays
    where disposition is null and pay is not null
),

-- a coarse reference rests on all reports of its cell, not only on those that fall back to it
referenced as (
    select 1 as fineness, tier as cell_tier, level as cell_level, country as cell_country, * from logs
    union all
    select 2 as fineness, '*' as cell_tier, level as cell_level, country as cell_country, * from logs
    union all
    select 3 as fineness, tier as cell_tier, level as cell_level, '*' as cell_country, * from logs
),

medians as (
    select
        evidence,
        metric,
        fineness,
        cell_tier,
        cell_level,
        cell_country,
        count(*) as reports,
        quantile_cont(log_pay, 0.5) as median_log
    from referenced
    group by evidence, metric, fineness, cell_tier, cell_level, cell_country
),

distances as (
    select
        r.*,
        m.reports,
        abs(r.log_pay - m.median_log) as distance
    from referenced as r
    inner join medians as m
        on
            r.evidence = m.evidence
            and r.metric = m.metric
            and r.fineness = m.fineness
            and r.cell_tier = m.cell_tier
            and r.cell_level = m.cell_level
            and r.cell_country = m.cell_country
),

spreads as (
    select
        evidence,
        metric,
        fineness,
        cell_tier,
        cell_level,
        cell_country,
        1.4826 * quantile_cont(distance, 0.5) as scaled_mad
    from distances
    group by evidence, metric, fineness, cell_tier, cell_level, cell_country
),

finest as (
    select
        d.*,
        s.scaled_mad,
        w.fence_multiple,
        w.fence_min_mad,
        row_number() over (
            partition by d.export_sha256, d."row", d.metric
            order by d.fineness asc nulls last
        ) as choice
    from distances as d
    cross join refresh as w
    inner join spreads as s
        on
            d.evidence = s.evidence
            and d.metric = s.metric
            and d.fineness = s.fineness
            and d.cell_tier = s.cell_tier
            and d.cell_level = s.cell_level
            and d.cell_country = s.cell_country
    where d.reports >= w.fence_min_reports
)

select
    export_sha256,
    "row",
    min(metric) as metric
from finest
where choice = 1 and distance > fence_multiple * greatest(scaled_mad, 65536 * fence_min_mad)
group by export_sha256, "row"
