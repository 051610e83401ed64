/**
 * Statements by their first word. Those that the parser understands to the last word have no rule here.
 * Source: MySQL 9.7 manual, chapter "SQL Statements".
 */
export const statementRules = `
statement = create | alter | drop | rename | truncate | grant | revoke | typed_statement
create = CREATE {create_table | create_index | create_view | create_database | create_account | create_program | create_object}
alter = ALTER {alter_table | alter_view | alter_database | alter_account | alter_program | alter_object}
drop = DROP {drop_table | drop_index | drop_view | drop_database | drop_account | drop_program | drop_object}
rename = RENAME {rename_table | rename_account}
truncate = TRUNCATE [TABLE] table
`
