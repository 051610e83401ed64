/**
 * First words of the statements that have rules: each names its rule. All others the parser proper understands to the
 * last word.
 */
export const statementVerbs: readonly string[] = [
  ...['create', 'alter', 'drop', 'rename', 'truncate'],
  ...['grant', 'revoke'],
  ...['analyze', 'check', 'checksum', 'optimize', 'repair'],
  ...['cache', 'load', 'import', 'flush', 'reset', 'lock', 'unlock'],
  ...['install', 'uninstall', 'clone', 'shutdown', 'restart', 'help'],
  ...['purge', 'binlog', 'change', 'start', 'stop'],
  ...['signal', 'resignal', 'get', 'set', 'show'],
]

/** Statements by their first word. Source: MySQL 9.7 manual, chapter "SQL Statements". */
export const statementRules = `
statement = ${statementVerbs.join(' | ')} | typed_statement
create = CREATE {create_table | create_index | create_view | create_database | create_account | create_program
  | create_object}
alter = ALTER {alter_table | alter_view | alter_database | alter_account | alter_program | alter_object}
drop = DROP {drop_table | drop_index | drop_view | drop_database | drop_account | drop_program | drop_object
  | PREPARE ident}
rename = RENAME {rename_table | rename_account}
truncate = TRUNCATE [TABLE] table
`
