{# The grain of a table: groups of rows that share these columns. #}
{% test one_row_per(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as number_of_rows
    from {{ model }}
    group by all
    having count(*) > 1
{% endtest %}
