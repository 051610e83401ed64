/** CREATE, DROP and RENAME TABLE. Source: MySQL 9.7 manual, "Data Definition Statements". */
export const tableRules = `
create_table = [TEMPORARY | EXTERNAL] TABLE [if_not_exists] table {LIKE table | ( LIKE table ) | table_definition}
table_definition = [( table_element# )] [table_options] [partition_by] [[IGNORE | REPLACE] [AS] query]

table_element = key_definition | column_definition
column_definition = ident field_definition [references]

drop_table = [TEMPORARY] table_or_tables [if_exists] table_list [RESTRICT | CASCADE]
rename_table = table_or_tables table_renaming#
table_renaming = table TO table

references = REFERENCES table [( ident_list )] [MATCH {FULL | PARTIAL | SIMPLE}] [on_update_on_delete]
on_update_on_delete = ON UPDATE reference_option [ON DELETE reference_option]
  | ON DELETE reference_option [ON UPDATE reference_option]
reference_option = RESTRICT | CASCADE | SET {NULL | DEFAULT} | NO ACTION
`
