-- Grain: group, tier, level, market, metric: the cells with a direct figure of reported pay, each group once.
-- Inputs: bands, group_names.
select distinct
    concat(n.first_view, ' ', n.first_group_id) as "group",
    b.tier,
    b.level,
    b.market,
    b.metric
from bands as b
inner join group_names as n on b.view = n.view and b.group_id = n.group_id
where b.basis = 'direct' and b.evidence = 'reported' and b.metric in ('base', 'total') and b.market <> 'global'
order by
    concat(n.first_view, ' ', n.first_group_id) asc nulls last,
    b.tier asc nulls last,
    b.level asc nulls last,
    b.market asc nulls last,
    b.metric asc nulls last
