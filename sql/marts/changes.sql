-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: changed_numbers, touched_cells, percentiles (of the former shares of tiers and levels),
-- circumstances (method_changed, exports_gone, date_moved, exports_came).
-- old + restated + pay + mix = new, wherever all of them are known.
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
        coalesce(c.restated, -1) <> coalesce(c.old, -1) as is_restated,
        coalesce(c.new, -1) <> coalesce(c.restated, -1) as moved_since,
        t.cell is not null as is_touched,
        case
            when p.pay < 50000 then cast(floor(p.pay / 100 + 0.5) * 100 as bigint)
            else cast(floor(p.pay / 500 + 0.5) * 500 as bigint)
        end as same_mix
    from changed_numbers as c
    left join touched_cells as t on c.cell = t.cell
    left join percentiles as p on c.cell = p.cell and p.percentile = 50
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

-- what moved a cell since the release before as it reads today, and what made that read otherwise than it did
caused as (
    select
        p.*,
        case
            when not c.date_moved then 'data'
            when c.exports_came and p.is_touched then 'data'
            else 'window'
        end as since,
        case when c.exports_gone then 'correction' else 'reference' end as otherwise,
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
        when abs(restated_part) >= abs(rest) or not moved_since then otherwise
        when restated_part is null or rest is null then otherwise
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
