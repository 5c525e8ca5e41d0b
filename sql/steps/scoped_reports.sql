-- Grain: one row per accepted row, disposed of but for outliers.
-- Inputs: single_reports, duplicates (export_sha256, row), refresh, recency.
with
aged as (
    select
        s.*,
        d."row" is not null as is_duplicate,
        w.as_of,
        w.window_start,
        12 * (year(w.as_of) - year(s.report_date)) + month(w.as_of) - month(s.report_date) as age_months
    from single_reports as s
    cross join refresh as w
    left join duplicates as d on s.export_sha256 = d.export_sha256 and s."row" = d."row"
),

disposed as (
    select
        * exclude (disposition, reason),
        case
            when disposition is not null then disposition
            when is_duplicate then 'duplicate'
            when report_date > as_of or report_date <= window_start then 'outside_window'
            when scope_reason is not null or leaf = 'out_of_scope' then 'out_of_scope'
            when leaf = 'unclassified' then 'unclassified'
        end as disposition,
        case
            when disposition is not null then reason
            when is_duplicate then 'other_source'
            when report_date > as_of then 'after_as_of'
            when report_date <= window_start then 'before_window'
            when scope_reason is not null or leaf = 'out_of_scope' then coalesce(scope_reason, 'other_job')
            when leaf = 'unclassified' then 'no_rule'
        end as reason
    from aged
)

select
    d.*,
    case when d.report_date > d.as_of or d.report_date <= d.window_start then 0 else r.weight end as weight
from disposed as d
left join recency as r on d.age_months = r.age_months
