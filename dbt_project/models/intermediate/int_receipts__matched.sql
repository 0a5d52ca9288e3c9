-- Orders matched with bills, by number or first in, first out.
select *, 'exact' as confidence
from {{ ref("int_receipts__by_order_number") }}
union all
select *, 'likely'
from {{ ref("int_receipts__first_in_first_out") }}
