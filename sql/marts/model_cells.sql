-- Grain: metric, leaf, tier, level, is_inferred, country, market, month, source, employer, weight: counts and sums of
-- the reports that the model is fitted to (is_modelled), and of those that predictions rest on beside them.
-- Inputs: model_reports.
-- Sums of integers, so that parts can be merged by addition and the order of rows does not matter.
select
    metric,
    leaf,
    tier,
    level,
    is_inferred,
    is_modelled,
    country,
    market,
    month,
    source,
    employer,
    weight,
    count(*) as n,
    cast(sum(cast(y as hugeint)) as bigint) as sum_y,
    cast(sum_of_squares(y) as bigint) as sum_yy
from model_reports
group by metric, leaf, tier, level, is_inferred, is_modelled, country, market, month, source, employer, weight
order by
    metric asc nulls last,
    leaf asc nulls last,
    tier asc nulls last,
    level asc nulls last,
    is_inferred asc nulls last,
    country asc nulls last,
    market asc nulls last,
    month asc nulls last,
    source asc nulls last,
    employer asc nulls last
