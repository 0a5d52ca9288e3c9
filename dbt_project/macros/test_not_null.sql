{# dbt's own test, with the whole row, so that a failure shows which row lacks the value. #}
{% macro default__test_not_null(model, column_name) -%}
    select * from {{ model }} where {{ column_name }} is null
{%- endmacro %}
