-- Grain: metric, cell, percentile, employer: how many reports of the employer are at or below the percentile of the
-- cell.
-- Inputs: metric_reports, cells, disclosed_cells, percentiles.
-- Only employers outside T1 and T2 with at least two reports in the cell.
select
    d.metric,
    p.percentile,
    d.cell,
    m.employer,
    count(*) as reports,
    sum(case when m.pay <= p.pay then 1 else 0 end) as at_or_below
from metric_reports as m
inner join cells as c on m.atom = c.atom
inner join disclosed_cells as d on c.cell = d.cell
inner join percentiles as p on c.cell = p.cell
where d.is_correlation_cell and m.is_clustered
group by d.metric, p.percentile, d.cell, m.employer
having count(*) >= 2
order by
    d.metric asc nulls last,
    p.percentile asc nulls last,
    d.cell asc nulls last,
    m.employer asc nulls last
