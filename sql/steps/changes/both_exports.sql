-- Grain: file, with its number in the order of text.
-- Inputs: counted_reports (of both releases).
select file, row_number() over (order by file asc nulls last) as export_number
from (select distinct file from counted_reports) as named
