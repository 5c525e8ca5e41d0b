-- Grain: one row per accepted row, with its disposition unless it is used or an outlier.
-- Inputs: reports, single_reports, dated_reports, matched_duplicates, deliveries, refresh, recency.
-- A person's report that counted once has expired_on, the day on which it is past the window or was replaced.
with
aged as (
    select
        r.export_number,
        r."row",
        r.scope_reason,
        r.leaf,
        r.evidence,
        s.disposition,
        s.reason,
        s.openings,
        t.report_date,
        t.date_basis,
        d."row" is not null as is_duplicate,
        x.delivered_on,
        x.replaced_on,
        cast(t.report_date + to_months(cast(w.window_months as integer)) as date) as past_on,
        t.report_date > w.as_of as is_later,
        t.report_date <= w.window_start as is_earlier,
        12 * (year(w.as_of) - year(t.report_date)) + month(w.as_of) - month(t.report_date) as age_months
    from reports as r
    inner join single_reports as s on r.export_number = s.export_number and r."row" = s."row"
    inner join dated_reports as t on r.export_number = t.export_number and r."row" = t."row"
    inner join deliveries as x on r.export_number = x.export_number and r."row" = x."row"
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
    a.delivered_on,
    case when a.is_later then 0 else w.weight end as weight,
    case
        when a.evidence = 'advertised' or a.is_later or a.is_duplicate or a.scope_reason is not null then null
        when a.leaf in ('out_of_scope', 'unclassified') then null
        when a.disposition = 'superseded' and a.replaced_on is not null
            then least(a.replaced_on, case when a.is_earlier then a.past_on end)
        when a.disposition is null and a.is_earlier then a.past_on
    end as expired_on,
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
