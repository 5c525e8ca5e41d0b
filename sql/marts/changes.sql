-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: changed_numbers, touched_cells, split_medians (in the former shares of tiers and levels), circumstances
-- (method_changed, exports_gone, date_moved, exports_came), distinguished_cells.
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
    case when c.change = 'changed' then c.restated_part end as restated,
    c.pay,
    c.mix,
    d.difference_low,
    d.difference_high,
    d.distinguishable,
    case
        when not c.is_restated then c.since
        when c.method_changed and (c.exports_gone or c.moved_since) then 'method_and_data'
        when c.method_changed then 'method'
        when abs(c.restated_part) >= abs(c.rest) or not c.moved_since then c.restated_by
        when c.restated_part is null or c.rest is null then c.restated_by
        else c.since
    end as reason
from caused as c
left join distinguished_cells as d
    on
        c.view = d.view
        and c.group_id = d.group_id
        and c.evidence = d.evidence
        and c.tier = d.tier
        and c.level = d.level
        and c.market = d.market
        and c.metric = d.metric
order by
    c.view asc nulls last,
    c.group_id asc nulls last,
    c.evidence asc nulls last,
    c.tier asc nulls last,
    c.level asc nulls last,
    c.market asc nulls last,
    c.metric asc nulls last
