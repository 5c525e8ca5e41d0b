-- Grain: source, part: adverts of `window` and `before`, and whether the titles of that source are too coarse to tell
-- what is asked for: there are many, and none names any part of LLM work.
-- Inputs: scoped_adverts, view_groups, refresh.
with
llm_leaves as (
    select distinct leaf from view_groups where view = 'llm_roles'
)

select
    a.source,
    a.part,
    sum(a.rows_counted) >= any_value(r.coarse_adverts) and count(l.leaf) = 0 as is_coarse
from scoped_adverts as a
cross join refresh as r
left join llm_leaves as l on a.leaf = l.leaf
where a.part in ('window', 'before')
group by a.source, a.part
