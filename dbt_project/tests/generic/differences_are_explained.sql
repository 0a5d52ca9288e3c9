{# Months whose difference from Xero is not the sum of their lines in sales_differences. #}
{% test differences_are_explained(model) %}
    select
        month, product_code, monthly.difference, sum(explained.difference) as explained
    from {{ model }} as monthly
    left join {{ ref("sales_differences") }} as explained using (product_code, month)
    group by all
    having abs(monthly.difference - coalesce(sum(explained.difference), 0)) > 0.001
{% endtest %}
