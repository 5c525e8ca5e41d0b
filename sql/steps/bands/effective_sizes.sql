-- Grain: cell that may be shown, percentile: the effective number of reports, pay being set by employers.
-- Inputs: disclosed_cells, correlations (metric, percentile, millionths: the correlation as it is published),
-- employer_pairs.
-- W^2 / (sum of w^2 + factor * the larger of correlation * sum over clustered employers of ((sum of w)^2 - sum of w^2)
-- and what is seen of that in the cell). In integers, so that a whole size is not one less; the factor is for reports
-- whose employer is not known.
with
likeness as (
    select
        d.cell,
        c.percentile,
        d.unknown_factor,
        cast(d.weight as hugeint) * cast(d.weight as hugeint) as whole_squared,
        1000000 * cast(d.squared as hugeint) as squared,
        c.millionths * cast(d.clustered as hugeint) as usual,
        coalesce(1000000 * (p.seen // (c.percentile * (100 - c.percentile))), 0) as seen
    from disclosed_cells as d
    inner join correlations as c on d.metric = c.metric
    left join employer_pairs as p on d.cell = p.cell and c.percentile = p.percentile
    where d.suppression_reason is null
),

fractions as (
    select
        cell,
        percentile,
        1000000 * whole_squared as numerator,
        squared + case
            when unknown_factor = 1 then greatest(usual, seen)
            else cast(round(unknown_factor * cast(greatest(usual, seen) as double)) as hugeint)
        end as denominator
    from likeness
)

select
    cell,
    percentile,
    cast(numerator // denominator as bigint) as whole,
    cast(numerator as double) / cast(denominator as double) as effective
from fractions
