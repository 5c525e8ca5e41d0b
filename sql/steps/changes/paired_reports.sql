-- Grain: one row per metric and report of moved_cells that counts now or in the previous release, with its weight and
-- its arrival and expiry in each, 0 if the release does not have it.
-- Inputs: moved_cells, counted_metric_reports, counted_former_reports (the same of the previous release).
-- A report that reads otherwise than before is two reports, which is the safe side. Employers are numbered in the order
-- of text.
with
moved as (
    select distinct metric_number, profile from moved_cells
),

now_reports as (
    select c.*
    from counted_metric_reports as c
    inner join moved as m on c.metric_number = m.metric_number and c.profile = m.profile
),

then_reports as (
    select c.*
    from counted_former_reports as c
    inner join moved as m on c.metric_number = m.metric_number and c.profile = m.profile
),

paired as (
    select
        coalesce(n.metric_number, t.metric_number) as metric_number,
        coalesce(n.profile, t.profile) as profile,
        coalesce(n.pay, t.pay) as pay,
        coalesce(n.weight, 0) as weight,
        coalesce(t.weight, 0) as former_weight,
        coalesce(n.employer, t.employer) as employer,
        coalesce(n.is_clustered, t.is_clustered) as is_clustered,
        coalesce(n.evidence, t.evidence) = 'reported' as is_batched,
        coalesce(n.row_hash, t.row_hash) as row_hash,
        coalesce(n.arrival, 0) as arrival,
        coalesce(n.expiry, 0) as expiry,
        coalesce(n.is_expired, false) as is_expired,
        coalesce(t.arrival, 0) as former_arrival,
        coalesce(t.expiry, 0) as former_expiry,
        coalesce(t.is_expired, false) as former_is_expired
    from now_reports as n
    full outer join then_reports as t
        on
            n.file = t.file
            and n."row" = t."row"
            and n.metric_number = t.metric_number
            and n.profile = t.profile
            and n.pay = t.pay
            and n.employer is not distinct from t.employer
),

employer_numbers as (
    select employer, row_number() over (order by employer asc nulls last) as employer_number
    from (select distinct employer from paired where employer is not null) as named
)

select
    p.metric_number,
    p.profile,
    p.pay,
    p.weight,
    p.former_weight,
    p.is_clustered,
    p.is_batched,
    p.row_hash,
    p.arrival,
    p.expiry,
    p.is_expired,
    p.former_arrival,
    p.former_expiry,
    p.former_is_expired,
    coalesce(e.employer_number, -1) as employer_number
from paired as p
left join employer_numbers as e on p.employer = e.employer
