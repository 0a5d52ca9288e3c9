-- The subject of these settings names the product and the supplier, as "CODE @
-- CONTACT_ID".
select
    regexp_extract(subject, '(?s)^(.*) @ \S+$', 1) as product_code,
    regexp_extract(subject, '(?s)^.* @ (\S+)$', 1) as supplier_id,
    name,
    value
from {{ ref("stg_planning_settings") }}
where level = 'product_supplier'
