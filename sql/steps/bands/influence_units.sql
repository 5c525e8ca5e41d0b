-- Grain: one row per row of metric_reports, with the number of its export, of its employer (-1 where unknown) and of
-- its day: what is left out one by one.
-- Inputs: metric_reports.
select
    atom,
    pay,
    weight,
    dense_rank() over (order by file asc nulls last) as export,
    case when employer is null then -1 else dense_rank() over (order by employer asc nulls last) end as employer,
    age_days as day
from metric_reports
