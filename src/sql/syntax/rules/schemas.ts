/** Views and databases. Source: MySQL 9.7 manual, "Data Definition Statements". */
export const schemaRules = `
create_view = [OR REPLACE] view_attributes [if_not_exists] view_definition
alter_view = view_attributes [~if_not_exists] view_definition
view_attributes = [view_algorithm] [MATERIALIZED] [definer] [sql_security] [JSON [RELATIONAL] DUALITY] VIEW
view_algorithm = ALGORITHM = {UNDEFINED | MERGE | TEMPTABLE}
sql_security = SQL SECURITY {DEFINER | INVOKER}
view_definition = table [( ident_list )] AS query [WITH [CASCADED | LOCAL] CHECK OPTION]
drop_view = VIEW [if_exists] table_list [RESTRICT | CASCADE]

create_database = {DATABASE | SCHEMA} [if_not_exists] ident database_option*
alter_database = {DATABASE | SCHEMA} [ident] {database_option | READ ONLY [equals] switch}+
drop_database = {DATABASE | SCHEMA} [if_exists] ident
database_option = default_charset | default_collation | [DEFAULT] ENCRYPTION [equals] string
`
