with
    source as (select * from {{ source("raw", "as_of") }}),

    renamed as (select as_of_date from source)

select *
from renamed
