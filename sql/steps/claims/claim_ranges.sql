-- Grain: claim_id, pay_metric: the claims with their ranges, widened by the tolerance for rounded claims.
-- Inputs: asked_claims (claim_id, pay_metric, kind, low, high, open_ended, ...), refresh.
-- Ranges are in USD a year, a ratio or a rank; range_high is null without an upper end. Decimals, so that a bound on
-- the edge of a range is inside on every machine. Claims of rank with the same `ranking` rank groups by the same
-- premium.
with
stated as (
    select
        c.claim_id,
        c.pay_metric,
        c.kind,
        c.source,
        c.view,
        c.group_id,
        c.tier,
        c.level,
        c.market,
        c.baseline,
        cast(c.low as decimal(24, 4)) as stated_low,
        case when not c.open_ended then cast(c.high as decimal(24, 4)) end as stated_high,
        cast(r.claim_tolerance as decimal(9, 6)) as tolerance
    from asked_claims as c
    cross join refresh as r
)

select
    claim_id,
    pay_metric,
    kind,
    source,
    view,
    group_id,
    tier,
    level,
    market,
    baseline,
    case when kind = 'rank' then concat_ws(' ', source, baseline, pay_metric, tier, level) end as ranking,
    cast(
        case kind
            when 'pay' then stated_low * (1 - tolerance)
            when 'premium' then stated_low * 0.01 - tolerance
            else stated_low
        end as decimal(28, 10)
    ) as range_low,
    cast(
        case kind
            when 'pay' then stated_high * (1 + tolerance)
            when 'premium' then stated_high * 0.01 + tolerance
            else stated_high
        end as decimal(28, 10)
    ) as range_high
from stated
