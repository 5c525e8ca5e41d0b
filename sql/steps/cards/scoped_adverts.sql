-- Grain: leaf, source, part: adverts or reports in scope.
-- Inputs: window_reports, view_groups, refresh.
-- Unweighted and worldwide. part is `window` (adverts of the window), `before` (adverts of the window before it) or
-- `reports` (people's reports of the window).
with
own_leaves as (
    select distinct leaf from view_groups where view = 'leaf'
),

in_scope as (
    select
        w.leaf,
        w.source,
        case
            when w.disposition in ('used', 'outlier') and w.evidence = 'advertised' then 'window'
            when w.disposition in ('used', 'outlier') then 'reports'
            when
                w.evidence = 'advertised'
                and w.disposition = 'outside_window'
                and w.reason = 'before_window'
                and w.scope_reason is null
                and cast(w.report_date as date) <= r.window_start
                and cast(w.report_date as date)
                > cast(r.window_start - to_months(cast(r.window_months as integer)) as date)
                then 'before'
        end as part
    from window_reports as w
    inner join own_leaves as l on w.leaf = l.leaf
    cross join refresh as r
)

select
    leaf,
    source,
    part,
    count(*) as rows_counted
from in_scope
where part is not null
group by leaf, source, part
