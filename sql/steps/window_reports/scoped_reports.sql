-- Grain: one row per accepted row, with its disposition unless it is used or an outlier.
-- Inputs: reports, single_reports, dated_reports, matched_duplicates, refresh, recency.
with
aged as (
    select
        r.export_number,
        r."row",
        r.scope_reason,
        r.leaf,
        s.disposition,
        s.reason,
        s.openings,
        t.report_date,
        t.date_basis,
        d."row" is not null as is_duplicate,
        t.report_date > w.as_of as is_later,
        t.report_date <= w.window_start as is_earlier,
        12 * (year(w.as_of) - year(t.report_date)) + month(w.as_of) - month(t.report_date) as age_months
    from reports as r
    inner join single_reports as s on r.export_number = s.export_number and r."row" = s."row"
    inner join dated_reports as t on r.export_number = t.export_number and r."row" = t."row"
    left join matched_duplicates as d on r.export_number = d.export_number and r."row" = d."row"
    cross join refresh as w
)

select
    a.export_number,
    a."row",
    a.openings,
    a.report_date,
    a.date_basis,
    a.age_months,
    case when a.is_later or a.is_earlier then 0 else w.weight end as weight,
    case
        when a.disposition is not null then a.disposition
        when a.is_duplicate then 'duplicate'
        when a.is_later or a.is_earlier then 'outside_window'
        when a.scope_reason is not null or a.leaf = 'out_of_scope' then 'out_of_scope'
        when a.leaf = 'unclassified' then 'unclassified'
    end as disposition,
    case
        when a.disposition is not null then a.reason
        when a.is_duplicate then 'other_source'
        when a.is_later then 'after_as_of'
        when a.is_earlier then 'before_window'
        when a.scope_reason is not null or a.leaf = 'out_of_scope' then coalesce(a.scope_reason, 'other_job')
        when a.leaf = 'unclassified' then 'no_rule'
    end as reason
from aged as a
left join recency as w on a.age_months = w.age_months
