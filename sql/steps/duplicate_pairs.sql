-- Grain: one row per pair of reports of two sources that could be one person's: nearest dates first.
-- Inputs: single_reports, refresh. An unknown never matches, but for experience.
with
candidates as (
    select *
    from single_reports
    where
        disposition is null
        and employer is not null
        and level is not null
        and coalesce(metro, country) is not null
        and base is not null
        and equity is not null
        and bonus is not null
)

select
    a.export_sha256 as export_a,
    a."row" as row_a,
    a.source as source_a,
    b.export_sha256 as export_b,
    b."row" as row_b,
    b.source as source_b,
    abs(date_diff('day', a.report_date, b.report_date)) as days_apart
from candidates as a
inner join candidates as b
    on
        a.source < b.source
        and a.evidence = b.evidence
        and a.employer = b.employer
        and a.level = b.level
        and coalesce(a.metro, a.country) = coalesce(b.metro, b.country)
        and a.base = b.base
        and a.equity = b.equity
        and a.bonus = b.bonus
        and coalesce(a.years_experience, b.years_experience, 0) = coalesce(b.years_experience, a.years_experience, 0)
cross join refresh
where abs(date_diff('day', a.report_date, b.report_date)) <= refresh.duplicate_days
order by
    days_apart asc nulls last,
    least(a.row_hash, b.row_hash) asc nulls last,
    greatest(a.row_hash, b.row_hash) asc nulls last,
    source_a asc nulls last,
    source_b asc nulls last,
    export_a asc nulls last,
    row_a asc nulls last,
    export_b asc nulls last,
    row_b asc nulls last
