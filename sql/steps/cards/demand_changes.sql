-- Grain: view, group_id: the share of adverts in the window less the share in the window before, with a 95 % interval
-- for a difference of proportions (Newcombe 1998, method 10).
-- Inputs: demand_shares.
-- No rows if no source has adverts in both windows.
select
    a.view,
    a.group_id,
    a.share - b.share as change,
    a.share - b.share
    - sqrt(
        (a.share - a.share_low) * (a.share - a.share_low) + (b.share_high - b.share) * (b.share_high - b.share)
    ) as change_low,
    a.share - b.share
    + sqrt(
        (a.share_high - a.share) * (a.share_high - a.share) + (b.share - b.share_low) * (b.share - b.share_low)
    ) as change_high
from demand_shares as a
inner join demand_shares as b on a.view = b.view and a.group_id = b.group_id
where a.part = 'paired' and b.part = 'before'
