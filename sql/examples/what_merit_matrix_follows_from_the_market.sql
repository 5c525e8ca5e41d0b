-- What merit matrix follows from a budget of 3.5 %: the raise by rating, and by position in the market?
-- Means: a matrix for L5 generalists at technology companies in the US. A zone is a part of the market's band of base
-- pay, from zone_from to zone_to; raise is the budget times the weights of rating and zone, so that pay moves towards
-- the median. With as many people in each zone as in the market, and ratings as weighted, the raises cost the budget.
-- Does not mean: what anybody deserves. Weights and budget are examples: change them in the first three lists. The ends
-- of zones have intervals of their own, see bands: near an end a person may stand on either side.
-- Inputs: bands.
with
budget (share) as (
    values (0.035)
),

ratings (rating, rating_weight) as (
    values ('exceeds', 1.5), ('meets', 1.0), ('below', 0.0)
),

zones (zone, zone_weight) as (
    values ('1 below P25', 1.4), ('2 P25 to P50', 1.1), ('3 P50 to P75', 0.9), ('4 above P75', 0.6)
),

market as (
    select *
    from bands
    where
        view = 'leaf'
        and group_id = 'ml_generalist'
        and evidence = 'reported'
        and tier = 'T4'
        and level = 'L5'
        and market = 'US'
        and metric = 'base'
        and p25 is not null
        and p75 is not null
)

select
    r.rating,
    z.zone,
    case left(z.zone, 1) when '2' then m.p25 when '3' then m.p50 when '4' then m.p75 end as zone_from,
    case left(z.zone, 1) when '1' then m.p25 when '2' then m.p50 when '3' then m.p75 end as zone_to,
    round(b.share * r.rating_weight * z.zone_weight, 4) as raise,
    m.n_reports,
    m.basis
from market as m
cross join budget as b
cross join ratings as r
cross join zones as z
order by r.rating_weight desc nulls last, z.zone asc nulls last
