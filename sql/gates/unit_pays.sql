-- Grain: one row per compared cell, unit with reports in it, and distinct pay.
-- Inputs: paid_reports, units, cell_profiles.
with
of_units as (
    select u.unit, r.profile, r.metric, r.pay, r.weight
    from paid_reports as r
    inner join units as u on r.source = u.source and u.kind = 'export' and r.new_file = u.unit_name
    union all
    select u.unit, r.profile, r.metric, r.pay, r.weight
    from paid_reports as r
    inner join units as u on r.source = u.source and u.kind = 'week' and r.new_week = u.unit_name
)

select
    c.cell,
    u.unit,
    u.pay,
    count(*) as reports,
    cast(sum(u.weight) as bigint) as weight,
    sum_of_squares(u.weight) as squared
from of_units as u
inner join cell_profiles as c on u.profile = c.profile and u.metric = c.metric
group by c.cell, u.unit, u.pay
