-- Settings of products that Xero no longer has, by their former code.
select
    'setting_without_subject' as problem,
    subject || ' ' || name as record_id,
    subject as product_code,
    name || ' = ' || value as name
from {{ ref("stg_settings_without_subject") }}
