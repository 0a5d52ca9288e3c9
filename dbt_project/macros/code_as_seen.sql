{# A product code without what readers overlook: no case, no blanks or characters without a width, accents in one form,
   every dash as a hyphen, wide digits as narrow ones, an O as a zero. Codes that are alike in this form are easily
   confused. #}
{% macro code_as_seen(code) -%}
    translate(
        upper(nfc_normalize(regexp_replace({{ code }}, '[\s\p{Z}\p{C}]+', '', 'g'))),
        'O‐‑‒–—−０１２３４５６７８９',
        '0------0123456789'
    )
{%- endmacro %}
