-- What do metros pay relative to the US as a whole, for the same specialisation, tier and level?
-- Means: over_us of 0.05 is 5 % more than the US at large, between over_us_low and over_us_high with 95 % confidence.
-- Does not mean: cost of living or purchasing power; pay abroad is converted at exchange rates. A metro is part of its
-- country, so a metro in the US is compared with a whole that holds it. Null: too few employers tell.
-- Inputs: multipliers.
select
    metric,
    value as market,
    n,
    round(multiplier - 1, 4) as over_us,
    round(low - 1, 4) as over_us_low,
    round(high - 1, 4) as over_us_high
from multipliers
where factor = 'market' and value like '%-%'
order by metric asc nulls last, over_us desc nulls last, market asc nulls last
