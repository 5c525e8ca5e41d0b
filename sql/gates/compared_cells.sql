-- Grain: evidence, metric, group_id, tier, level, market of the view `leaf`: cells that are direct in both releases.
-- Inputs: bands, reference_bands.
-- Base and total in countries and metros. Cells of the same reports have the same `sizes` and `pays`.
with
new_cells as (
    select * from bands
    where view = 'leaf' and basis = 'direct' and market <> 'global' and metric in ('base', 'total')
),

old_cells as (
    select * from reference_bands
    where view = 'leaf' and basis = 'direct' and market <> 'global' and metric in ('base', 'total')
)

select
    n.evidence,
    n.metric,
    n.group_id,
    n.tier,
    n.level,
    n.market,
    o.n_effective as old_n_effective,
    n.n_effective,
    o.p50 as old_p50,
    o.p50_low as old_p50_low,
    o.p50_high as old_p50_high,
    n.p50,
    n.p50_low,
    n.p50_high,
    concat_ws(' ', n.n_reports, n.n_effective, n.n_employers, o.n_reports, o.n_effective, o.n_employers) as sizes,
    concat_ws(
        ' ', n.p10, n.p25, n.p50, n.p50_low, n.p50_high, n.p75, n.p90, '|',
        o.p10, o.p25, o.p50, o.p50_low, o.p50_high, o.p75, o.p90
    ) as pays
from new_cells as n
inner join old_cells as o
    on
        n.evidence = o.evidence
        and n.metric = o.metric
        and n.group_id = o.group_id
        and n.tier = o.tier
        and n.level = o.level
        and n.market = o.market
order by
    n.evidence asc nulls last,
    n.metric asc nulls last,
    n.group_id asc nulls last,
    n.tier asc nulls last,
    n.level asc nulls last,
    n.market asc nulls last
