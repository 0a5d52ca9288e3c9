{# A table takes the place of the old one in one transaction. dbt-duckdb makes it beside the old one, renames both and
   drops that, for the sake of readers; here nobody reads while a run writes, and it is an eighth of a small build. #}
{% materialization table, adapter = "duckdb" -%}
    {%- set old = load_cached_relation(this) -%}
    {%- set new = this.incorporate(type="table") -%}
    {%- call statement("main") -%}
        {%- if old is not none %}
drop {{ old.type }} {{ old }};
        {%- endif %}
        {{ create_table_as(False, new, compiled_code) }}
    {%- endcall -%}
    {%- do persist_docs(new, model) -%}
    {{ adapter.commit() }}
    {{ return({"relations": [new]}) }}
{%- endmaterialization %}
