-- Grain: metric: the number of used reports of machine learning with that pay, in the model or not.
-- Inputs: used_reports, view_groups.
with
core as (
    select u.base, u.total
    from used_reports as u
    inner join view_groups as g on u.leaf = g.leaf
    where g.view = 'leaf' and g.group_id = 'all' and u.evidence = 'reported'
)

select 'base' as metric, count(base) as reports from core
union all
select 'total' as metric, count(total) as reports from core
