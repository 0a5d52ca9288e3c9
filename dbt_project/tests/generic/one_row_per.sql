{# The grain of a table: rows that share these columns are shown, each group once. #}
{% test one_row_per(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as number_of_rows
    from {{ model }}
    group by all
    having count(*) > 1
{% endtest %}
