-- What customers ordered; a line with a negative quantity is a return.
{{ config(materialized="view") }}

select * exclude (invoice_date), invoice_date as demand_date
from {{ ref("int_sales__lines_in_force") }}
where quantity > 0
