-- What customers returned: lines with a negative quantity, on drafts too. None if the
-- setting `returns_handling` is `ignore`.
{{ config(materialized="view") }}

select
    * exclude (invoice_date) replace (- quantity as quantity),
    invoice_date as return_date
from {{ ref("int_sales__lines_in_force") }}
where
    quantity < 0
    and not exists (
        select 1 from {{ ref("int_settings__of_sales") }} where value = 'ignore'
    )
