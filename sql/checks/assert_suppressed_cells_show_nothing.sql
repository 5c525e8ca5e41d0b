-- Suppressed cells with a figure, a share, a count below 10 or no reason, and shown cells with a reason.
-- Inputs: bands.
select view, group_id, evidence, tier, level, market, metric, basis, suppression_reason, n_reports
from bands
where
    (
        basis = 'suppressed'
        and (
            suppression_reason is null
            or coalesce(p10, p25, p50, p75, p90) is not null
            or coalesce(p10_low, p25_low, p50_low, p75_low, p90_low) is not null
            or coalesce(p10_high, p25_high, p50_high, p75_high, p90_high) is not null
            or coalesce(p10_precision, p25_precision, p50_precision, p75_precision, p90_precision) is not null
            or coalesce(employers_known_share, top_employer_share, top_source_share, verified_share) is not null
            or coalesce(level_inferred_share, n_effective) is not null
            or n_reports < 10
            or n_employers < 10
        )
    )
    or (basis <> 'suppressed' and suppression_reason is not null)
    or (basis = 'direct') <> (fragile is not null)
    or (basis <> 'direct' and coalesce(max_shift_p50, max_shift_p90) is not null)
order by view, group_id, evidence, tier, level, market, metric
