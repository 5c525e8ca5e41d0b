-- Grain: employer, with its number in the order of text.
-- Inputs: counted_reports (of both releases).
select employer, row_number() over (order by employer asc nulls last) as employer_number
from (select distinct employer from counted_reports where employer is not null) as named
