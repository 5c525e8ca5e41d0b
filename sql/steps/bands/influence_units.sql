-- Grain: one row per row of metric_reports, with the numbers of its export, employer (-1 if unknown) and day: the units
-- that are left out one at a time.
-- Inputs: metric_reports.
select
    atom,
    pay,
    weight,
    dense_rank() over (order by file asc nulls last) as export,
    case when employer is null then -1 else dense_rank() over (order by employer asc nulls last) end as employer,
    age_days as day
from metric_reports
