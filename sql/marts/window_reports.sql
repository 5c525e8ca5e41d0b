-- Grain: one row per accepted row of every counted export, with its disposition, date and weight.
-- Inputs: reports, exports, identified_reports, scoped_reports, fenced_reports.
select
    r."row",
    r.row_hash,
    r.range_id,
    r.evidence,
    r.submission_id,
    r.submitted_at,
    r.submitted_year,
    r.scope_reason,
    r.employer,
    r.level,
    r.level_basis,
    r.stage,
    r.country,
    r.metro,
    r.years_experience,
    i.base,
    i.base_min,
    i.base_max,
    r.bonus,
    r.equity,
    r.total,
    r.total_liquid,
    r.total_basis,
    r.verified,
    r.leaf,
    r.leaf_rule,
    r.tier,
    r.source,
    r.file,
    e.export_sha256,
    r.format,
    cast(s.report_date as timestamp) as report_date,
    cast(s.delivered_on as timestamp) as delivered_on,
    cast(case when f."row" is null then s.expired_on end as timestamp) as expired_on,
    s.date_basis,
    s.openings,
    s.age_months,
    s.weight,
    coalesce(s.disposition, case when f."row" is null then 'used' else 'outlier' end) as disposition,
    coalesce(s.reason, case when f."row" is null then '' else concat(f.metric, '_fence') end) as reason
from reports as r
inner join exports as e on r.export_number = e.export_number
inner join identified_reports as i on r.export_number = i.export_number and r."row" = i."row"
inner join scoped_reports as s on r.export_number = s.export_number and r."row" = s."row"
left join fenced_reports as f on r.export_number = f.export_number and r."row" = f."row"
order by r.export_number asc nulls last, r."row" asc nulls last
