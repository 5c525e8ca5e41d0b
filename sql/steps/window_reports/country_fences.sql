-- Grain: evidence, metric, country: the fence of a country with few reports of a level, around its median at no level.
-- Inputs: log_pays, level_effects, refresh.
-- Another country's pay says nothing of this one's, so that a country with next to no reports has no fence. The spread
-- of one with few is at least the usual spread within countries.
with
levelled as (
    select l.evidence, l.metric, l.country, l.log_pay - coalesce(e.effect, 0) as log_pay
    from log_pays as l
    left join level_effects as e on l.evidence = e.evidence and l.metric = e.metric and l.level = e.level
    where l.is_reference
),

medians as (
    select l.evidence, l.metric, l.country, quantile_cont(l.log_pay, 0.5) as median_log, count(*) as reports
    from levelled as l
    cross join refresh as f
    group by l.evidence, l.metric, l.country, f.fence_min_country_reports
    having count(*) >= f.fence_min_country_reports
),

distances as (
    select l.evidence, l.metric, l.country, m.median_log, m.reports, abs(l.log_pay - m.median_log) as distance
    from levelled as l
    inner join medians as m on l.evidence = m.evidence and l.metric = m.metric and l.country = m.country
),

usual as (
    select evidence, metric, quantile_cont(distance, 0.5) as mad
    from distances
    group by evidence, metric
),

spreads as (
    select evidence, metric, country, median_log, reports, quantile_cont(distance, 0.5) as mad
    from distances
    group by evidence, metric, country, median_log, reports
)

select
    s.evidence,
    s.metric,
    s.country,
    s.median_log,
    f.fence_multiple * greatest(
        1.4826 * case when s.reports < f.fence_min_reports then greatest(s.mad, u.mad) else s.mad end,
        65536 * f.fence_min_mad
    ) as reach
from spreads as s
inner join usual as u on s.evidence = u.evidence and s.metric = u.metric
cross join refresh as f
