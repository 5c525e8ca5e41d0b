-- Grain: one row per used report.
-- Inputs: counted_reports.
select *
from counted_reports
where not is_expired
