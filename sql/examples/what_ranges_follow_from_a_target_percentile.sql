-- What salary ranges by level follow from a pay policy: a target percentile, and 20 % either side of it?
-- Means: midpoint is the percentile that the policy aims at, of base pay at technology companies (T4) in the US; the
-- range is from 80 % to 120 % of it. covers_half says whether the range holds the middle half of the market. From
-- midpoint_low to midpoint_high is the 95 % interval of the midpoint: two levels whose intervals overlap are not told
-- apart by these reports.
-- Does not mean: what is fair or affordable. Change target and spread to your policy; above P75 fewer cells have
-- figures. Levels without a shown cell are left out: bands has why.
-- Inputs: bands.
with
policy (target, spread) as (
    values ('P50', 0.20), ('P75', 0.20)
),

market as (
    select *
    from bands
    where
        view = 'leaf'
        and group_id = 'ml_generalist'
        and evidence = 'reported'
        and tier = 'T4'
        and market = 'US'
        and metric = 'base'
        and level in ('L3', 'L4', 'L5', 'L6', 'L7')
),

aimed as (
    select
        p.target,
        m.level,
        p.spread,
        m.p25,
        m.p75,
        m.n_reports,
        m.basis,
        case p.target when 'P50' then m.p50 when 'P75' then m.p75 end as midpoint,
        case p.target when 'P50' then m.p50_low when 'P75' then m.p75_low end as midpoint_low,
        case p.target when 'P50' then m.p50_high when 'P75' then m.p75_high end as midpoint_high
    from policy as p
    cross join market as m
)

select
    target,
    level,
    cast(500 * round(midpoint * (1 - spread) / 500) as bigint) as range_from,
    midpoint,
    cast(500 * round(midpoint * (1 + spread) / 500) as bigint) as range_to,
    midpoint_low,
    midpoint_high,
    p25 >= midpoint * (1 - spread) and p75 <= midpoint * (1 + spread) as covers_half,
    n_reports,
    basis
from aimed
where midpoint is not null
order by target asc nulls last, level asc nulls last
