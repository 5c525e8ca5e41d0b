-- Shown cells with a percentile below a lower one or outside its interval, or without P50.
-- Inputs: bands.
select view, group_id, evidence, tier, level, market, metric, p10, p25, p50, p75, p90
from bands
where
    basis <> 'suppressed'
    and (
        p50 is null
        or coalesce(p10, p25, p50) > coalesce(p25, p50)
        or coalesce(p25, p50) > p50
        or p50 > coalesce(p75, p50)
        or coalesce(p75, p50) > coalesce(p90, p75, p50)
        or not coalesce(p10_low <= p10 and p10 <= p10_high, p10 is null)
        or not coalesce(p25_low <= p25 and p25 <= p25_high, p25 is null)
        or not coalesce(p50_low <= p50 and p50 <= p50_high, p50 is null)
        or not coalesce(p75_low <= p75 and p75 <= p75_high, p75 is null)
        or not coalesce(p90_low <= p90 and p90 <= p90_high, p90 is null)
    )
order by view, group_id, evidence, tier, level, market, metric
