-- Grain: one row per metric and report of a person that a cell may have, of base and total: what decides if it is news.
-- Inputs: metric_reports.
select
    metric_number,
    profile,
    pay,
    log_pay,
    weight,
    employer_number,
    source,
    arrival,
    expiry,
    is_inferred,
    is_recent,
    not is_expired as is_counted
from metric_reports
where evidence = 'reported' and metric in ('base', 'total')
