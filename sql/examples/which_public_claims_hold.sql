-- Which public claims about pay does this release support, which does it contradict, and which can it not judge?
-- Means: supported is our whole 95 % interval inside the claimed range, a little widened; contradicted is wholly
-- outside, and direction says where our figure is; insufficient_data is neither, and why says the reason.
-- Does not mean: that a claim is true of everybody: our reports are self-selected too. figure, low and high are USD, a
-- ratio (0.15 is 15 %) or a rank, as the claim is; `claim_id` names it in reference/claims.csv.
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
