-- Grain: view, group_id, evidence, tier, level, market, metric of changed_cells: the difference since the restated
-- release, its standard error and degrees of freedom, and by how many standard errors the shares of weight below the
-- middle of the two medians differ. Null if they cannot be worked out.
-- Inputs: changed_numbers, share_differences (cell, share_difference, variance, moved_variance).
-- A share is turned into pay with what a share is worth in the two published intervals, on average. A pooled figure has
-- no such shares: nothing is taken to be common to its two releases, which is the safe side. Two more terms are the
-- moves of ranks in both releases, and the rounding of the two medians.
with
errors as (
    select
        c.*,
        least(c.new_effective, c.restated_effective) as effective,
        (c.new_width * sqrt(c.new_effective) + c.restated_width * sqrt(c.restated_effective))
        / (2 * 1.96) as usd_a_share,
        (c.new_width * c.new_width + c.restated_width * c.restated_width) / (4 * 1.96 * 1.96) as apart,
        case when c.new < 50000 then 100 else 500 end as step,
        d.share_difference,
        d.variance,
        d.moved_variance
    from changed_numbers as c
    left join share_differences as d on c.cell = d.cell
)

select
    view,
    group_id,
    evidence,
    tier,
    level,
    market,
    metric,
    new - restated as difference,
    sqrt(
        case when is_direct_in_both then usd_a_share * usd_a_share * (variance + moved_variance) else apart end
        + step * step / 6.0
    ) as error,
    case when is_direct_in_both and variance > 0 then share_difference / sqrt(variance) end as share_deviate,
    degrees_of_freedom(effective) as df
from errors
where change = 'changed'
