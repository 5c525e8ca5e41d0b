-- Grain: one row per pair of reports from two sources that may be of one person, nearest dates first.
-- Inputs: reports, single_reports, dated_reports, refresh.
-- An unknown value matches nothing, except unknown years of experience.
with
candidates as (
    select
        r.export_number,
        r."row",
        r.row_hash,
        r.source,
        r.evidence,
        r.employer,
        r.level,
        coalesce(r.metro, r.country) as market,
        r.base,
        r.equity,
        r.bonus,
        r.years_experience,
        d.report_date
    from reports as r
    inner join single_reports as s on r.export_number = s.export_number and r."row" = s."row"
    inner join dated_reports as d on r.export_number = d.export_number and r."row" = d."row"
    where
        s.disposition is null
        and r.employer is not null
        and r.level is not null
        and coalesce(r.metro, r.country) is not null
        and r.base is not null
        and r.equity is not null
        and r.bonus is not null
)

select
    a.export_number as export_a,
    a."row" as row_a,
    a.source as source_a,
    b.export_number as export_b,
    b."row" as row_b,
    b.source as source_b
from candidates as a
inner join candidates as b
    on
        a.source < b.source
        and a.evidence = b.evidence
        and a.employer = b.employer
        and a.level = b.level
        and a.market = b.market
        and a.base = b.base
        and a.equity = b.equity
        and a.bonus = b.bonus
        and coalesce(a.years_experience, b.years_experience, 0) = coalesce(b.years_experience, a.years_experience, 0)
cross join refresh as f
where abs(date_diff('day', a.report_date, b.report_date)) <= f.duplicate_days
order by
    abs(date_diff('day', a.report_date, b.report_date)) asc nulls last,
    least(a.row_hash, b.row_hash) asc nulls last,
    greatest(a.row_hash, b.row_hash) asc nulls last,
    a.source asc nulls last,
    b.source asc nulls last,
    a.export_number asc nulls last,
    a."row" asc nulls last,
    b.export_number asc nulls last,
    b."row" asc nulls last
