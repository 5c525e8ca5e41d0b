-- Is an offer of 240,000 base and 500,000 in total in range for post-training at a frontier lab, L5, in the Bay Area?
-- Means: reading is the percentile of the amount in what answers best; P60 is above 60 % of such people. With 95 %
-- confidence the true percentile is from reading_low to reading_high. basis says whether reports of a cell answer
-- (direct, pooled) or the model. fallback names what differs from the cell asked for, and is empty if that one answers;
-- distance says how far it is in the model. No row if nothing is shown.
-- Does not mean: fair or unfair. `above P75` says no more than that. Another cell is of other people.
-- Inputs: offer_percentile (a macro of the mart).
select
    metric,
    cast(amount as bigint) as amount,
    reading,
    reading_low,
    reading_high,
    basis,
    distance,
    array_to_string(fallback, '; ') as fallback,
    view,
    group_id,
    tier,
    level,
    market,
    n_reports,
    p25,
    p50,
    p75,
    p50_precision
from (
    select * from offer_percentile('post_training', 'T1', 'L5', 'us-sf-bay', 'base', 240000)
    union all by name
    select * from offer_percentile('post_training', 'T1', 'L5', 'us-sf-bay', 'total', 500000)
) as offers
order by metric
