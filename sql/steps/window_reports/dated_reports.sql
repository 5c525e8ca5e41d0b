-- Grain: one row per accepted row, with the date of the report and the basis of that date.
-- Inputs: reports, identified_reports.
-- A row that states only a year is dated midway between the last snapshot without it and the first with it, inside its
-- year. Without an earlier snapshot, such rows are spread evenly, in hash order, over the part of the year that had
-- passed.
with
exported as (
    select distinct dating_group, exported_on
    from reports
),

snapshots as (
    select
        dating_group,
        exported_on,
        lag(exported_on) over (partition by dating_group order by exported_on asc nulls last) as previous_on
    from exported
),

first_seen as (
    select
        r.dating_group,
        r.submitted_year,
        i.hash_low,
        i.hash_high,
        min(r.exported_on) as first_on,
        make_date(r.submitted_year, 1, 1) as year_start,
        make_date(r.submitted_year, 12, 31) as year_end
    from reports as r
    inner join identified_reports as i on r.export_number = i.export_number and r."row" = i."row"
    where r.submitted_at is null and r.submitted_year is not null
    group by r.dating_group, r.submitted_year, i.hash_low, i.hash_high
),

bounded as (
    select
        f.*,
        s.previous_on,
        least(greatest(s.previous_on, f.year_start), f.year_end) as after_day,
        greatest(least(f.first_on, f.year_end), f.year_start) as by_day,
        row_number() over spread as position,
        count(*) over (partition by f.dating_group, f.submitted_year, f.first_on) as siblings
    from first_seen as f
    inner join snapshots as s on f.dating_group = s.dating_group and f.first_on = s.exported_on
    window
        spread as (
            partition by f.dating_group, f.submitted_year, f.first_on
            order by f.hash_low asc nulls last, f.hash_high asc nulls last
        )
),

estimated as (
    select
        dating_group,
        submitted_year,
        hash_low,
        hash_high,
        case when previous_on is null then 'spread' else 'midway' end as date_basis,
        case
            when previous_on is null
                then
                    year_start
                    + cast(floor((position - 0.5) / siblings * (by_day - year_start + 1)) as integer)
            else after_day + cast(floor((by_day - after_day) / 2.0) as integer)
        end as estimated_date
    from bounded
)

select
    r.export_number,
    r."row",
    coalesce(cast(r.submitted_at as date), e.estimated_date, r.exported_on) as report_date,
    case
        when r.submitted_at is not null then 'stated'
        when r.submitted_year is null then 'export'
        else e.date_basis
    end as date_basis
from reports as r
inner join identified_reports as i on r.export_number = i.export_number and r."row" = i."row"
left join estimated as e
    on
        r.submitted_at is null
        and r.dating_group = e.dating_group
        and r.submitted_year = e.submitted_year
        and i.hash_low = e.hash_low
        and i.hash_high = e.hash_high
