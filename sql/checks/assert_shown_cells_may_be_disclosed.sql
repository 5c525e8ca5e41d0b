-- Shown cells that break a rule of disclosure, allowing for shares rounded to four decimals.
-- Inputs: bands, refresh.
select
    b.view,
    b.group_id,
    b.evidence,
    b.tier,
    b.level,
    b.market,
    b.metric,
    b.n_reports,
    b.n_employers,
    b.top_employer_share,
    b.basis
from bands as b
cross join refresh as r
where
    (
        b.basis = 'pooled'
        and (
            b.n_reports < r.min_pooled_reports
            or b.n_employers < r.min_employers
            or b.top_employer_share - 0.0001 > r.max_employer_share
            or b.evidence <> 'reported'
            or not is_country(b.market)
            or coalesce(b.p10, b.p90) is not null
            or b.shrinkage_weight is null
        )
    )
    or (
        b.basis = 'direct'
        and (
            b.n_reports < r.min_reports
            or (
                b.evidence = 'reported'
                and (
                    b.top_employer_share - 0.0001 > r.max_employer_share
                    or (
                        b.employers_known_share >= r.min_known_employer_share + 0.0001
                        and b.n_employers < r.min_employers
                    )
                    or (
                        b.employers_known_share < r.min_known_employer_share - 0.0001
                        and b.n_reports < r.min_reports_unknown_employers
                    )
                )
            )
        )
    )
order by b.view, b.group_id, b.evidence, b.tier, b.level, b.market, b.metric
