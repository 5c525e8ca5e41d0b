-- Which shown cells of the US hang on one witness or one employer, or are too wide, so that nobody should quote them?
-- Means: why says all that applies. `one employer moves it by 14 %`: P50 or P90 would move so far without that one
-- export, employer or day. `one employer has 31 %` of the weight. `unreliable`: only the interval of P50 says anything.
-- Does not mean: wrong, or that the rest is right. Pooled cells have no shift, since it is not known for them.
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
