{# How much of an order line a bill line delivers, where both lie end to end in the same queue: the overlap of
   (upto - quantity, upto] of the one with that of the other; nothing or less where they do not touch. #}
{% macro matched_quantity(ordered, billed) -%}
    least({{ ordered }}.upto, {{ billed }}.upto) - greatest(
        {{ ordered }}.upto - {{ ordered }}.quantity,
        {{ billed }}.upto - {{ billed }}.quantity
    )
{%- endmacro %}
