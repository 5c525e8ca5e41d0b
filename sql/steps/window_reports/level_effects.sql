-- Grain: evidence, metric, level: how far the log pay of the level is from the median of its country, as the median
-- over reports.
-- Inputs: log_pays, refresh.
-- Levels are compared within countries, so that it does not matter which levels a country reports.
with
medians as (
    select l.evidence, l.metric, l.country, quantile_cont(l.log_pay, 0.5) as median_log
    from log_pays as l
    cross join refresh as f
    where l.is_reference
    group by l.evidence, l.metric, l.country, f.fence_min_reports
    having count(*) >= f.fence_min_reports
)

select l.evidence, l.metric, l.level, quantile_cont(l.log_pay - m.median_log, 0.5) as effect
from log_pays as l
inner join medians as m on l.evidence = m.evidence and l.metric = m.metric and l.country = m.country
where l.is_reference
group by l.evidence, l.metric, l.level
