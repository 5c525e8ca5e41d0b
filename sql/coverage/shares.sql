-- Grain: source: the number of reports in scope and in the window, and the share of them for which each part is known.
-- Inputs: window_reports.
select
    source,
    count(*) as reports,
    avg(case when leaf <> 'unclassified' then 1.0 else 0.0 end) as leaf,
    avg(case when tier <> 'unknown' then 1.0 else 0.0 end) as tier,
    avg(case when level is not null then 1.0 else 0.0 end) as level,
    avg(case when level is not null or stage is not null then 1.0 else 0.0 end) as stage,
    avg(case when country is not null then 1.0 else 0.0 end) as country,
    avg(case when metro is not null then 1.0 else 0.0 end) as metro
from window_reports
where is_in_scope(disposition)
group by source
order by source asc nulls last
