with sales as (select * from {{ ref("int_demand__netted_of_credits") }})

select product_code, demand_date, sum(quantity)::double as quantity
from sales
where quantity > 0
group by product_code, demand_date
order by product_code, demand_date
