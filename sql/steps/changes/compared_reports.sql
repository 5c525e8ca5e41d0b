-- Grain: one row per counted report of one release and metric that it has, in numbers alone, since there are as many of
-- them in either release as in bands.
-- Inputs: metric_reports (of the release), both_employers, both_exports.
select
    m.atom,
    m.profile,
    m.metric_number,
    m.pay,
    m.weight,
    coalesce(e.employer_number, -1) as employer_number,
    m.is_clustered,
    m.is_expired,
    m.arrival,
    m.expiry,
    m.row_hash,
    x.export_number,
    m."row"
from metric_reports as m
inner join both_exports as x on m.file = x.file
left join both_employers as e on m.employer = e.employer
