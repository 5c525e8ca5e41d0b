-- Claims without a row, rows without a claim or with a repeated key, verdicts that contradict their reasons or figures.
-- Inputs: asked_claims (claim_id, pay_metric, kind), claims.
with
judged as (
    select
        *,
        count(*) over (partition by claim_id, pay_metric) as times
    from claims
),

compared as (
    select
        a.kind,
        j.times,
        j.verdict,
        j.direction,
        j.why,
        j.figure,
        j.low,
        j.high,
        coalesce(j.p25, j.p75, j.share_inside) is not null as has_pay,
        coalesce(a.claim_id, j.claim_id) as claim_id,
        coalesce(a.pay_metric, j.pay_metric) as pay_metric,
        j.figure is not null and j.low is not null and j.high is not null as has_figures,
        coalesce(j.figure, j.low, j.high) is null as has_no_figure
    from asked_claims as a
    full join judged as j on a.claim_id = j.claim_id and a.pay_metric = j.pay_metric
),

faulty as (
    select
        *,
        case
            when times is null then 'has no row'
            when kind is null then 'was not claimed'
            when times > 1 then 'stands twice'
            when (verdict = 'contradicted') <> (direction is not null) then 'direction without a contradiction, or none'
            when (verdict = 'insufficient_data') <> (why is not null) then 'why without insufficient data, or none'
            when coalesce(why, 'straddles') = 'straddles' and not has_figures then 'judged without figures'
            when coalesce(why, 'straddles') <> 'straddles' and not has_no_figure then 'figures but not judged'
            when has_no_figure and has_pay then 'pay of a cell that is not shown'
            when kind <> 'pay' and has_pay then 'pay beside a premium or rank'
            when (kind = 'pay' and why in ('not_identified', 'by_definition')) or (kind <> 'pay' and why = 'suppressed')
                then 'a reason of another kind of claim'
            when low > figure or figure > high then 'a figure outside its bounds'
        end as fault
    from compared
)

select claim_id, pay_metric, verdict, why, direction, fault
from faulty
where fault is not null
order by claim_id asc nulls last, pay_metric asc nulls last
