-- Grain: one row per report of one metric that a moved cell has now or in the previous release, with its weight and its
-- arrival and expiry in each, 0 if the release does not have it.
-- Inputs: compared_metric (metric_number), moved_cells, counted_metric_reports, counted_former_reports (the same of the
-- previous release), report_keys.
-- A report that reads otherwise than before is two reports, which is the safe side.
with
moved as (
    select distinct c.metric_number, c.profile
    from moved_cells as c
    inner join compared_metric as o on c.metric_number = o.metric_number
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
        coalesce(n.profile, t.profile) as profile,
        coalesce(n.pay, t.pay) as pay,
        coalesce(n.weight, 0) as weight,
        coalesce(t.weight, 0) as former_weight,
        coalesce(n.employer_number, t.employer_number) as employer_number,
        coalesce(n.is_clustered, t.is_clustered) as is_clustered,
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
            n.export_number = t.export_number
            and n."row" = t."row"
            and n.profile = t.profile
            and n.pay = t.pay
            and n.employer_number = t.employer_number
)

select
    p.profile,
    p.pay,
    p.weight,
    p.former_weight,
    p.employer_number,
    p.is_clustered,
    k.report_key,
    p.arrival,
    p.expiry,
    p.is_expired,
    p.former_arrival,
    p.former_expiry,
    p.former_is_expired
from paired as p
inner join report_keys as k on p.row_hash = k.row_hash
