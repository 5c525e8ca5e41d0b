-- Which specialisations pay more than an ML generalist, all else equal, and for which can we tell it from zero?
-- Means: verdict pays_more (pays_less) is a 95 % interval wholly above (below) zero at equal tier, level, market, month
-- and source. not_told_from_zero is an interval that contains zero. not_identified is a group that shares too few
-- tiers, levels and countries with the baseline, or has too few employers, to be compared.
-- Does not mean: the raise of someone who changes jobs. Among twenty groups with equal pay, one would still look
-- different, and not_told_from_zero is no proof of equal pay. Ratios of geometric means, worldwide: 0.15 is 15 %.
-- Inputs: premiums, cards.
select
    p.group_id,
    c.label,
    case
        when not p.identified then 'not_identified'
        when p.premium_low > 0 then 'pays_more'
        when p.premium_high < 0 then 'pays_less'
        else 'not_told_from_zero'
    end as verdict,
    p.premium,
    p.premium_low,
    p.premium_high,
    p.n_group,
    p.n_baseline
from premiums as p
inner join cards as c on p.view = c.view and p.group_id = c.group_id
where
    p.view = 'leaf'
    and p.baseline = 'ml_generalist'
    and p.group_id <> p.baseline
    and p.metric = 'base'
    and p.tier = 'all'
    and p.level = 'all'
order by p.premium desc nulls last, p.group_id asc nulls last
