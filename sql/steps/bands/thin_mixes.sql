-- Grain: cell, factor, value: the weight of the predicted reports of a thin cell that have this value of a factor.
-- Inputs: thin_cells, disclosed_cells, view_groups, level_parents, model_cells.
with
modelled as (
    select
        t.cell,
        m.leaf,
        m.tier,
        predicted_level(m.level, m.is_inferred) as level,
        m.market,
        m.month,
        m.source,
        m.n * m.weight as weight
    from thin_cells as t
    inner join disclosed_cells as d on t.cell = d.cell
    inner join view_groups as g on d.view = g.view and d.group_id = g.group_id
    inner join model_cells as m on d.metric = m.metric and g.leaf = m.leaf and d.market = m.country
    left join level_parents as p on m.level = p.level and d.level = p.parent
    where (d.tier = m.tier or d.tier = 'all') and (d.level = m.level or p.parent is not null)
),

long as (
    select cell, 'leaf' as factor, leaf as value, weight from modelled
    union all
    select cell, 'tier' as factor, tier as value, weight from modelled
    union all
    select cell, 'level' as factor, level as value, weight from modelled
    union all
    select cell, 'market' as factor, market as value, weight from modelled
    union all
    select cell, 'month' as factor, month as value, weight from modelled
    union all
    select cell, 'source' as factor, source as value, weight from modelled
)

select cell, factor, value, cast(sum(weight) as bigint) as weight
from long
group by cell, factor, value
order by cell asc nulls last, factor asc nulls last, value asc nulls last
