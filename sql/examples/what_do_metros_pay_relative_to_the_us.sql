-- What do metros pay relative to the US as a whole, for the same specialisation, tier and level?
-- Means: an over_us of 0.05 is 5 % more than the whole US, and from over_us_low to over_us_high with 95 % confidence.
-- Does not mean: cost of living or purchasing power; pay abroad is converted at exchange rates. A US metro is compared
-- with a whole that includes it. Null if too few employers report.
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
