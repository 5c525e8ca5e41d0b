-- Grain: view, group_id, evidence, tier, level, market, metric: cells shown now or in the previous release whose median
-- differs.
-- Inputs: bands, former_bands (the previous release as published), restated_bands (the previous release recomputed
-- today, from those of its exports that are still there).
-- `restated` is null if restated_bands does not show the cell. The widths are of the intervals of the two medians.
with
now_shown as (
    select * from bands where basis <> 'suppressed'
),

formerly_shown as (
    select * from former_bands where basis <> 'suppressed'
),

restated_shown as (
    select * from restated_bands where basis <> 'suppressed'
),

compared as (
    select
        coalesce(n.view, f.view) as view,
        coalesce(n.group_id, f.group_id) as group_id,
        coalesce(n.evidence, f.evidence) as evidence,
        coalesce(n.tier, f.tier) as tier,
        coalesce(n.level, f.level) as level,
        coalesce(n.market, f.market) as market,
        coalesce(n.metric, f.metric) as metric,
        f.p50 as old,
        n.p50 as new,
        n.basis,
        n.p50_low as new_low,
        n.p50_high as new_high,
        n.n_effective as new_effective
    from now_shown as n
    full outer join formerly_shown as f
        on
            n.view = f.view
            and n.group_id = f.group_id
            and n.evidence = f.evidence
            and n.tier = f.tier
            and n.level = f.level
            and n.market = f.market
            and n.metric = f.metric
    where n.p50 is distinct from f.p50
)

select
    c.view,
    c.group_id,
    c.evidence,
    c.tier,
    c.level,
    c.market,
    c.metric,
    case when c.old is null then 'added' when c.new is null then 'removed' else 'changed' end as change,
    c.old,
    r.p50 as restated,
    c.new,
    c.tier = 'all' or c.level in ('all', 'early', 'senior') as is_roll_up,
    c.basis = 'direct' and r.basis = 'direct' as is_direct_in_both,
    c.new_high - c.new_low as new_width,
    r.p50_high - r.p50_low as restated_width,
    c.new_effective,
    r.n_effective as restated_effective
from compared as c
left join restated_shown as r
    on
        c.view = r.view
        and c.group_id = r.group_id
        and c.evidence = r.evidence
        and c.tier = r.tier
        and c.level = r.level
        and c.market = r.market
        and c.metric = r.metric
