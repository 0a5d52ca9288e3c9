{# The page of a document in Xero, in the right organisation: its short code goes first, as Xero's deep links ask. #}
{% macro xero_link(short_code, page, id) -%}
    'https://go.xero.com/organisationlogin/default.aspx?shortcode='
    || coalesce({{ short_code }}, '')
    || '&redirecturl={{ page }}'
    || {{ id }}
{%- endmacro %}
