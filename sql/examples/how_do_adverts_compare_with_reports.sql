-- What do people report, and what do adverts offer, for the base pay of each specialisation in the US?
-- Means: two kinds of evidence side by side. reported is people's pay; advertised is the middle of an advert's range,
-- and the typical range is from offered_from to offered_to (the medians of its two ends).
-- Does not mean: one figure. They are never averaged, and their difference is not a raise: middles of ranges vary less
-- than pay, not all employers print ranges, and adverts are for openings while reports are of jobs.
-- Inputs: bands.
with
cells as (
    select *
    from bands
    where view = 'cards' and tier = 'all' and level = 'all' and market = 'US' and basis <> 'suppressed'
),

reported as (
    select * from cells
    where evidence = 'reported' and metric = 'base'
),

advertised as (
    select * from cells
    where evidence = 'advertised' and metric = 'base'
),

lower_ends as (
    select * from cells
    where evidence = 'advertised' and metric = 'base_min'
),

upper_ends as (
    select * from cells
    where evidence = 'advertised' and metric = 'base_max'
)

select
    coalesce(r.group_id, a.group_id) as group_id,
    coalesce(r.group_label, a.group_label) as group_label,
    r.n_reports as reported_n,
    r.p50 as reported_p50,
    r.p50_low as reported_p50_low,
    r.p50_high as reported_p50_high,
    a.n_reports as advertised_n,
    a.p50 as advertised_p50,
    a.p50_low as advertised_p50_low,
    a.p50_high as advertised_p50_high,
    l.p50 as offered_from,
    u.p50 as offered_to,
    r.p50_low <= a.p50_high and a.p50_low <= r.p50_high as intervals_overlap
from reported as r
full join advertised as a on r.group_id = a.group_id
left join lower_ends as l on a.group_id = l.group_id
left join upper_ends as u on a.group_id = u.group_id
order by coalesce(r.group_id, a.group_id) asc nulls last
