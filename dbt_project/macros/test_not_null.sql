{# dbt's own test, with the whole row: whoever looks at a failure sees what lacks the value. #}
{% macro default__test_not_null(model, column_name) -%}
    select * from {{ model }} where {{ column_name }} is null
{%- endmacro %}
