-- Grain: source, file of new exports: the number of new reports, and of outliers among them.
-- Inputs: new_reports, window_reports.
select
    n.source,
    n.file,
    count(*) as reports,
    cast(sum(case when w.disposition = 'outlier' then 1 else 0 end) as bigint) as outliers
from new_reports as n
inner join window_reports as w on n.export_sha256 = w.export_sha256 and n."row" = w."row"
group by n.source, n.file
order by n.source asc nulls last, n.file asc nulls last
