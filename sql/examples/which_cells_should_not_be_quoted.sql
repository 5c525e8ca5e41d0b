-- Which shown cells of the US depend on one export, employer or day, or are too imprecise to be quoted?
-- Means: why gives every reason. `one employer moves it by 14 %`: P50 or P90 would move that far without one export,
-- employer or day. `one employer has 31 %` of the weight. `unreliable`: only the interval of P50 is informative.
-- Does not mean: that these are wrong, or that the others are right. Pooled cells have no shift, since it is not
-- computed for them.
-- Inputs: bands.
with
judged as (
    select
        *,
        concat_ws(
            '; ',
            case
                when fragile
                    then concat(
                        'one ',
                        shift_by,
                        ' moves it by ',
                        cast(round(100 * greatest(max_shift_p50, coalesce(max_shift_p90, 0))) as integer),
                        ' %'
                    )
            end,
            case
                when concentrated
                    then concat('one employer has ', cast(round(100 * top_employer_share) as integer), ' %')
            end,
            case when p50_precision = 'unreliable' then 'unreliable' end
        ) as why
    from bands
    where
        view = 'leaf'
        and market = 'US'
        and evidence = 'reported'
        and metric in ('base', 'total')
        and basis <> 'suppressed'
)

select
    group_id,
    tier,
    level,
    metric,
    why,
    basis,
    n_reports,
    n_employers,
    p50,
    p50_low,
    p50_high
from judged
where why <> ''
order by group_id, tier, level, metric
