-- Grain: one row per report of the previous release that another export has replaced since.
-- Inputs: then_reports, now_reports.
select t.*
from then_reports as t
inner join now_reports as n on t.export_sha256 = n.export_sha256 and t."row" = n."row"
where n.disposition in ('superseded', 'duplicate', 'folded')
