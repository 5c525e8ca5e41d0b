-- Grain: one row per cell that may be shown and percentile: the effective number of reports, allowing for employers.
-- Inputs: disclosed_cells, correlations (metric, percentile, millionths: the correlation as published), employer_pairs.
-- effective = W^2 / (S + factor * greatest(usual, seen)). W is the sum of weights and S the sum of squared weights;
-- usual is the correlation times the products of weights within employers, seen is the same sum as observed in the
-- cell, and factor allows for reports without an employer. Integers, so that a whole size does not come out one lower.
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
