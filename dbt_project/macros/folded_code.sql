{# A product code without differences that people do not see: case, spaces around and between, the form of accents. #}
{% macro folded_code(code) -%}
    upper(nfc_normalize(trim(regexp_replace({{ code }}, '\s+', ' ', 'g'))))
{%- endmacro %}
