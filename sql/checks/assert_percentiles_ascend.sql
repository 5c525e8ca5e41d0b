-- Cells in which a higher percentile is below a lower one, or one between two others is missing.
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
    )
order by view, group_id, evidence, tier, level, market, metric
