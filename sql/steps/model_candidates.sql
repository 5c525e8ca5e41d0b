-- Grain: one row per metric: used reports of machine learning with that pay, in the model or not.
-- Inputs: window_reports, view_groups.
with
used as (
    select w.base, w.total
    from window_reports as w
    inner join view_groups as g on w.leaf = g.leaf
    where g.view = 'leaf' and g.group_id = 'all' and w.disposition = 'used' and w.evidence = 'reported'
)

select 'base' as metric, count(base) as reports from used
union all
select 'total' as metric, count(total) as reports from used
