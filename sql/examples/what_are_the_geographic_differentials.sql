-- What are the geographic differentials of base pay: by the model, and as the medians at L5 say themselves?
-- Means: differential is how much more or less a place pays than the US for the same specialisation, tier, level and
-- month, with a 95 % interval: use it to set pay by place. l5_ratio is the median of all of machine learning at L5
-- there over that of the US, with what the two intervals allow; who works there is in it too.
-- Does not mean: cost of living or purchasing power; pay abroad is converted at exchange rates. A US metro is compared
-- with a whole that includes it. rest_of_world is all countries with too few reports of their own.
-- Inputs: multipliers, bands.
with
l5 as (
    select *
    from bands
    where
        view = 'leaf'
        and group_id = 'all'
        and evidence = 'reported'
        and tier = 'all'
        and level = 'L5'
        and metric = 'base'
        and basis <> 'suppressed'
)

select
    m.value as market,
    round(m.multiplier - 1, 4) as differential,
    round(m.low - 1, 4) as differential_low,
    round(m.high - 1, 4) as differential_high,
    m.n as reports_in_model,
    l.p50 as l5_median,
    round(l.p50 / u.p50 - 1, 4) as l5_ratio,
    round(l.p50_low / u.p50_high - 1, 4) as l5_ratio_low,
    round(l.p50_high / u.p50_low - 1, 4) as l5_ratio_high,
    l.n_reports as l5_reports
from multipliers as m
left join l5 as l on m.value = l.market
left join l5 as u on u.market = 'US'
where m.factor = 'market' and m.metric = 'base' and m.value <> 'US'
order by differential desc nulls last, m.value asc nulls last
