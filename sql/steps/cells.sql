-- Grain: one row per cell and atom, cells numbered in the order of its key.
-- Inputs: profiles, metrics (evidence, metric, metric_number), view_groups (view, group_id, leaf).
with
atoms as (
    select
        p.leaf,
        p.evidence,
        p.tier,
        p.level,
        p.stage,
        p.country,
        p.metro,
        m.metric,
        p.profile * 100 + m.metric_number as atom
    from profiles as p
    inner join metrics as m on p.evidence = m.evidence
),

tiers as (
    select atom, tier as cell_tier from atoms
    union all
    select atom, 'all' as cell_tier from atoms
),

levels as (
    select atom, level as cell_level from atoms where level <> ''
    union all
    select atom, stage as cell_level from atoms where stage <> ''
    union all
    select atom, 'all' as cell_level from atoms
),

markets as (
    select atom, metro as cell_market from atoms where metro <> ''
    union all
    select atom, country as cell_market from atoms where country <> ''
    union all
    select atom, 'global' as cell_market from atoms
),

cell_atoms as (
    select
        g.view,
        g.group_id,
        a.evidence,
        t.cell_tier,
        l.cell_level,
        m.cell_market,
        a.metric,
        a.atom
    from atoms as a
    inner join view_groups as g on a.leaf = g.leaf
    inner join tiers as t on a.atom = t.atom
    inner join levels as l on a.atom = l.atom
    inner join markets as m on a.atom = m.atom
)

select
    view,
    group_id,
    evidence,
    cell_tier as tier,
    cell_level as level,
    cell_market as market,
    metric,
    atom,
    dense_rank() over (
        order by
            view asc nulls last,
            group_id asc nulls last,
            evidence asc nulls last,
            cell_tier asc nulls last,
            cell_level asc nulls last,
            cell_market asc nulls last,
            metric asc nulls last
    ) as cell
from cell_atoms
