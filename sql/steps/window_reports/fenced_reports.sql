-- Grain: one row per report outside the fence of the finest reference cell that exists for it, with the metric that is
-- outside.
-- Inputs: log_pays, fences.
with
measured as (
    select
        l.export_number,
        l."row",
        l.metric,
        abs(l.log_pay - coalesce(a.median_log, b.median_log, c.median_log)) as distance,
        coalesce(a.reach, b.reach, c.reach) as reach
    from log_pays as l
    left join fences as a
        on
            a.fineness = 1
            and l.evidence = a.evidence
            and l.metric = a.metric
            and l.tier = a.tier
            and l.level = a.level
            and l.country = a.country
    left join fences as b
        on
            b.fineness = 2
            and l.evidence = b.evidence
            and l.metric = b.metric
            and l.level = b.level
            and l.country = b.country
    left join fences as c
        on
            c.fineness = 3
            and l.evidence = c.evidence
            and l.metric = c.metric
            and l.tier = c.tier
            and l.level = c.level
)

select
    export_number,
    "row",
    min(metric) as metric
from measured
where distance > reach
group by export_number, "row"
