-- Grain: cell that may be shown or pooled, percentile: the effective number of reports, pay being set by employers.
-- Inputs: disclosed_cells, correlations (metric, percentile, millionths: the correlation as it is published).
-- W^2 / (sum of w^2 + correlation * sum over clustered employers of ((sum of w)^2 - sum of w^2)). In integers, so that
-- a whole size is not one less.
with
fractions as (
    select
        d.cell,
        c.percentile,
        1000000 * cast(d.weight as hugeint) * cast(d.weight as hugeint) as numerator,
        1000000 * cast(d.squared as hugeint) + c.millionths * cast(d.clustered as hugeint) as denominator
    from disclosed_cells as d
    inner join correlations as c on d.metric = c.metric
    where d.suppression_reason is null or d.is_poolable
)

select
    cell,
    percentile,
    cast(numerator // denominator as bigint) as whole,
    cast(numerator as double) / cast(denominator as double) as effective
from fractions
