-- Grain: view, group_id, part: the number of adverts or reports in scope that are of the group, and of all of them.
-- Inputs: scoped_adverts, coarse_adverts, view_groups, group_labels.
-- Unweighted and worldwide. part is `window` (adverts of the window), `paired` and `before` (adverts of the window and
-- of the one before it, from sources that have both) or `reports` (people's reports of the window). Sources with coarse
-- titles are left out.
with
counted as (
    select a.*
    from scoped_adverts as a
    left join coarse_adverts as c on a.source = c.source and a.part = c.part
    where not coalesce(c.is_coarse, false)
),

both_windows as (
    select source
    from counted
    where part in ('window', 'before')
    group by source
    having count(distinct part) = 2
),

parts as (
    select leaf, part, rows_counted from counted where part in ('window', 'reports')
    union all
    select c.leaf, case c.part when 'window' then 'paired' else 'before' end as part, c.rows_counted
    from counted as c
    inner join both_windows as b on c.source = b.source
    where c.part in ('window', 'before')
),

of_all as (
    select part, sum(rows_counted) as all_count
    from parts
    group by part
),

of_group as (
    select g.view, g.group_id, p.part, sum(p.rows_counted) as group_count
    from parts as p
    inner join view_groups as g on p.leaf = g.leaf
    group by g.view, g.group_id, p.part
)

select
    l.view,
    l.group_id,
    a.part,
    cast(coalesce(o.group_count, 0) as bigint) as group_count,
    cast(a.all_count as bigint) as all_count
from group_labels as l
cross join of_all as a
left join of_group as o on l.view = o.view and l.group_id = o.group_id and a.part = o.part
