-- Grain: evidence, metric, level, country and employer or leaf, the other of which is null: the median of those with
-- enough reports for these to agree with each other.
-- Inputs: log_pays, refresh.
with
counted as (
    select
        evidence,
        metric,
        level,
        country,
        employer,
        leaf,
        quantile_cont(log_pay, 0.5) as median_log,
        count(*) as reports
    from log_pays
    where is_reference
    group by grouping sets (
        (evidence, metric, level, country, employer), (evidence, metric, level, country, leaf)
    )
)

select c.evidence, c.metric, c.level, c.country, c.employer, c.leaf, c.median_log
from counted as c
cross join refresh as f
where c.reports >= f.fence_agreeing_reports and (c.employer is not null or c.leaf is not null)
