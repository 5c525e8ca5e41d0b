-- Changes whose parts do not add up to the move, or whose new median is not the one in bands.
-- Inputs: bands, changes.
with
shown as (
    select * from bands where basis <> 'suppressed'
)

select c.view, c.group_id, c.evidence, c.tier, c.level, c.market, c.metric, c.change, c.old, c.new, b.p50
from changes as c
left join shown as b
    on
        c.view = b.view
        and c.group_id = b.group_id
        and c.evidence = b.evidence
        and c.tier = b.tier
        and c.level = b.level
        and c.market = b.market
        and c.metric = b.metric
where
    c.new is distinct from b.p50
    or c.old is not distinct from c.new
    or (c.change = 'added') <> (c.old is null)
    or (c.change = 'removed') <> (c.new is null)
    or c.old + c.restated + c.pay + c.mix <> c.new
order by
    c.view asc nulls last,
    c.group_id asc nulls last,
    c.evidence asc nulls last,
    c.tier asc nulls last,
    c.level asc nulls last,
    c.market asc nulls last,
    c.metric asc nulls last
