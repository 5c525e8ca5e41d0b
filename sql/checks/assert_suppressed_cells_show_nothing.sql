-- Suppressed cells with a figure, a share, a count below 10 or no reason, and shown cells with a reason.
select view, group_id, evidence, tier, level, market, metric, basis, suppression_reason, n_reports
from bands
where
    (
        basis = 'suppressed'
        and (
            suppression_reason is null
            or coalesce(p10, p25, p50, p75, p90) is not null
            or coalesce(employers_known_share, top_employer_share, top_source_share) is not null
            or n_reports < 10
            or n_employers < 10
        )
    )
    or (basis <> 'suppressed' and suppression_reason is not null)
order by view, group_id, evidence, tier, level, market, metric
