-- What do premiums over the generalist rest on: how many reports, cells and employers, and how do they vary?
-- Means: premium is for total pay, with its 95 % interval; width is that interval's, in points. reports and
-- generalists are in the fit; compared_cells are (tier, level) with at least 5 reports on both sides. From range_low to
-- range_high is the middle half of premiums across those cells: wide means that one number hides differences.
-- us_employers are behind the group's own cell in the US.
-- Does not mean: a premium that is not identified is zero: it is unknown. Counts below 10 are null.
-- Inputs: premiums, bands.
select
    p.group_id,
    p.premium,
    p.premium_low,
    p.premium_high,
    round(100 * (p.premium_high - p.premium_low), 1) as width,
    p.n_group as reports,
    p.n_baseline as generalists,
    p.n_cells as compared_cells,
    p.range_low,
    p.range_high,
    b.n_employers as us_employers,
    p.identified
from premiums as p
left join bands as b
    on
        p.view = b.view
        and p.group_id = b.group_id
        and b.evidence = 'reported'
        and b.tier = 'all'
        and b.level = 'all'
        and b.market = 'US'
        and p.metric = b.metric
where
    p.view = 'leaf'
    and p.baseline = 'ml_generalist'
    and p.group_id not in ('ml_generalist', 'all')
    and p.metric = 'total'
    and p.tier = 'all'
    and p.level = 'all'
order by p.identified desc nulls last, width asc nulls last, p.group_id asc nulls last
