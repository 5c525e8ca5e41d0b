-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: changed_numbers, touched_cells, split_medians (in the former shares of tiers and levels), circumstances
-- (method_changed, exports_gone, date_moved, exports_came).
-- old + restated + pay + mix = new, unless one of them is null.
with
placed as (
    select
        c.view,
        c.group_id,
        c.evidence,
        c.tier,
        c.level,
        c.market,
        c.metric,
        c.change,
        c.old,
        c.new,
        c.restated,
        c.restated - c.old as restated_part,
        c.new - c.restated as rest,
        c.is_roll_up,
        (c.restated is distinct from c.old) as is_restated,
        (c.new is distinct from c.restated) as moved_since,
        t.cell is not null as is_touched,
        rounded_usd(m.p50) as same_mix
    from changed_numbers as c
    left join touched_cells as t on c.cell = t.cell
    left join split_medians as m on c.cell = m.cell
),

parted as (
    select
        *,
        case
            when change <> 'changed' then null
            when is_roll_up and moved_since then same_mix - restated
            else rest
        end as pay,
        case
            when change <> 'changed' then null
            when is_roll_up and moved_since then new - same_mix
            else rest - rest
        end as mix
    from placed
),

-- `since` is what moved a cell since the restated release, `restated_by` what made that differ from the published one
caused as (
    select
        p.*,
        case
            when not c.date_moved then 'data'
            when c.exports_came and p.is_touched then 'data'
            else 'window'
        end as since,
        case when c.exports_gone then 'correction' else 'reference' end as restated_by,
        c.method_changed,
        c.exports_gone
    from parted as p
    cross join circumstances as c
)

select
    view,
    group_id,
    evidence,
    tier,
    level,
    market,
    metric,
    change,
    old,
    new,
    case when change = 'changed' then restated_part end as restated,
    pay,
    mix,
    case
        when not is_restated then since
        when method_changed and (exports_gone or moved_since) then 'method_and_data'
        when method_changed then 'method'
        when abs(restated_part) >= abs(rest) or not moved_since then restated_by
        when restated_part is null or rest is null then restated_by
        else since
    end as reason
from caused
order by
    view asc nulls last,
    group_id asc nulls last,
    evidence asc nulls last,
    tier asc nulls last,
    level asc nulls last,
    market asc nulls last,
    metric asc nulls last
