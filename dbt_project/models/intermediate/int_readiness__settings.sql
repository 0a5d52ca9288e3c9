-- What people set for products that Xero has no more, said with the code of then.
select
    'setting_without_subject' as problem,
    subject || ' ' || name as record_id,
    subject as product_code,
    name || ' = ' || value as name
from {{ ref("stg_settings_without_subject") }}
