-- Grain: one row per profile and cell that contains it, ignoring the metric: the key of the cell, its number `place`,
-- and the number of the roll-up that the cell is of.
-- Inputs: profiles, distinct_groups (view, group_id, leaf, layer).
-- A place is composed of the numbers of the parts of the key, so that later steps join and sort integers. A profile is
-- in one cell of a roll-up at most: the groups of a layer have no leaf in common, and tier, level and market are each
-- kept at one grain, numbered from fine to coarse.
with
groups as (
    select *, dense_rank() over (order by view asc nulls last, group_id asc nulls last) as group_number
    from distinct_groups
),

tier_values as (
    select profile, tier, 0 as grain from profiles
    union all
    select profile, 'all' as tier, 1 as grain from profiles
),

level_values as (
    select profile, level, 0 as grain from profiles where level <> ''
    union all
    select profile, stage as level, 1 as grain from profiles where stage <> ''
    union all
    select profile, 'all' as level, 2 as grain from profiles
),

market_values as (
    select profile, metro as market, 0 as grain from profiles where metro <> ''
    union all
    select profile, country as market, 1 as grain from profiles where country <> ''
    union all
    select profile, 'global' as market, 2 as grain from profiles
),

tiers as (
    select *, dense_rank() over (order by tier asc nulls last) as tier_number from tier_values
),

levels as (
    select *, dense_rank() over (order by level asc nulls last) as level_number from level_values
),

markets as (
    select *, dense_rank() over (order by market asc nulls last) as market_number from market_values
)

select
    p.profile,
    g.view,
    g.group_id,
    p.evidence,
    t.tier,
    l.level,
    m.market,
    (
        ((g.group_number * 2 + case when p.evidence = 'reported' then 1 else 0 end) * 100 + t.tier_number) * 100
        + l.level_number
    ) * 100000 + m.market_number as place,
    ((g.layer * 2 + t.grain) * 3 + l.grain) * 3 + m.grain as rollup
from profiles as p
inner join groups as g on p.leaf = g.leaf
inner join tiers as t on p.profile = t.profile
inner join levels as l on p.profile = l.profile
inner join markets as m on p.profile = m.profile
