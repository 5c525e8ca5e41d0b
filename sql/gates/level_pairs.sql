-- Grain: evidence, metric, group_id, tier, market, level of the view `leaf`: direct cells beside the same cell one
-- level above.
-- Inputs: bands.
-- Base and total in countries and metros. Pairs of the same reports have the same `sizes` and `pays`.
with
cells as (
    select *, cast(substr(level, 2) as integer) as rung
    from bands
    where
        view = 'leaf'
        and basis = 'direct'
        and market <> 'global'
        and metric in ('base', 'total')
        and level in ('L3', 'L4', 'L5', 'L6', 'L7')
)

select
    a.evidence,
    a.metric,
    a.group_id,
    a.tier,
    a.market,
    a.level,
    b.level as next_level,
    a.p50,
    b.p50 as next_p50,
    a.p50 > b.p50 and a.p50_low > b.p50_high as is_inverted,
    concat_ws(' ', a.n_reports, a.n_effective, a.n_employers, b.n_reports, b.n_effective, b.n_employers) as sizes,
    concat_ws(
        ' ', a.p10, a.p25, a.p50, a.p50_low, a.p50_high, a.p75, a.p90, '|',
        b.p10, b.p25, b.p50, b.p50_low, b.p50_high, b.p75, b.p90
    ) as pays
from cells as a
inner join cells as b
    on
        a.evidence = b.evidence
        and a.metric = b.metric
        and a.group_id = b.group_id
        and a.tier = b.tier
        and a.market = b.market
        and a.rung + 1 = b.rung
order by
    a.evidence asc nulls last,
    a.metric asc nulls last,
    a.group_id asc nulls last,
    a.tier asc nulls last,
    a.market asc nulls last,
    a.level asc nulls last
