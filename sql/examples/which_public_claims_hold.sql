-- Which public claims about pay does this release support, which does it contradict, and which can it not judge?
-- Means: supported is a 95 % interval wholly inside the claimed range, which is widened a little. contradicted is one
-- wholly outside, and direction says on which side. insufficient_data is neither, and why gives the reason.
-- Does not mean: that a claim is true of everybody, since our reports are self-selected too. figure, low and high are
-- in the unit of the claim: USD, a ratio (0.15 is 15 %) or a rank. `claim_id` names it in reference/claims.csv.
-- Inputs: claims.
select
    verdict,
    claim_id,
    pay_metric,
    direction,
    why,
    figure,
    low,
    high,
    n,
    share_inside
from claims
order by
    case verdict when 'supported' then 1 when 'contradicted' then 2 else 3 end asc nulls last,
    claim_id asc nulls last,
    pay_metric asc nulls last
