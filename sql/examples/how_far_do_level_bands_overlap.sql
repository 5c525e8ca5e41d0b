-- How do the bands of adjacent levels relate: how far apart are they, how wide is each, how much do they overlap?
-- Means: step is the median over that of the level below, less 1. spread is P75 over P25, less 1. overlap is the part
-- of the level's middle half that is also in the middle half of the level below, from 0 (apart) to 1 (wholly inside).
-- Does not mean: the ranges of one employer's pay scale; several employers in one level make it wider and overlap more.
-- Nothing here is about gender or other traits of people, which are never read. Null if a level shows no quartiles.
-- Inputs: bands.
with
levels as (
    select
        metric,
        level,
        n_reports,
        p25,
        p50,
        p75,
        cast(substr(level, 2) as integer) as place
    from bands
    where
        view = 'leaf'
        and group_id = 'all'
        and evidence = 'reported'
        and tier = 'all'
        and level in ('L3', 'L4', 'L5', 'L6', 'L7')
        and market = 'US'
        and metric in ('base', 'total')
)

select
    u.metric,
    u.level,
    u.n_reports,
    u.p25,
    u.p50,
    u.p75,
    round(u.p75 / u.p25 - 1, 4) as spread,
    round(u.p50 / b.p50 - 1, 4) as step,
    case
        when u.p75 > u.p25 and b.p75 > b.p25
            then round(greatest(least(u.p75, b.p75) - greatest(u.p25, b.p25), 0) / (u.p75 - u.p25), 4)
    end as overlap
from levels as u
left join levels as b on u.metric = b.metric and u.place = b.place + 1
order by u.metric, u.level
