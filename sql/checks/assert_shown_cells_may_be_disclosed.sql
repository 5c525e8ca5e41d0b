-- Shown cells that break a rule of disclosure or are unsettled, allowing for shares rounded to four decimals, and
-- published counts of people that are below 10 or no multiple of five.
-- Inputs: bands, cell_figures, group_names, refresh.
with
counted as (
    select
        b.*,
        f.n_reports as all_reports,
        f.n_employers as all_employers,
        f.is_unsettled
    from bands as b
    inner join group_names as n on b.view = n.view and b.group_id = n.group_id
    left join cell_figures as f
        on
            n.first_view = f.view
            and n.first_group_id = f.group_id
            and b.evidence = f.evidence
            and b.tier = f.tier
            and b.level = f.level
            and b.market = f.market
            and b.metric = f.metric
)

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
from counted as b
cross join refresh as r
where
    (
        b.evidence = 'reported'
        and coalesce(b.n_reports < 10 or b.n_reports % 5 <> 0 or b.n_employers < 10, false)
    )
    or (b.basis <> 'suppressed' and coalesce(b.is_unsettled, false))
    or b.n_reports is distinct from case when b.all_reports >= 10 then b.all_reports end
    or (
        b.basis = 'pooled'
        and (
            coalesce(b.all_reports, 0) < r.min_pooled_reports
            or b.all_employers < r.min_employers
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
            coalesce(b.all_reports, 0) < r.min_reports
            or (
                b.evidence = 'reported'
                and (
                    b.top_employer_share - 0.0001 > r.max_employer_share
                    or (
                        b.employers_known_share >= r.min_known_employer_share + 0.0001
                        and b.all_employers < r.min_employers
                    )
                    or (
                        b.employers_known_share < r.min_known_employer_share - 0.0001
                        and b.all_reports < r.min_reports_unknown_employers
                    )
                )
            )
        )
    )
order by b.view, b.group_id, b.evidence, b.tier, b.level, b.market, b.metric
