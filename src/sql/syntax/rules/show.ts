/**
 * SHOW. vtgate's own forms stay accepted; those with "master" and "slave" ended with MySQL 8.4; PARSE_TREE is for
 * servers built for debugging. Source: MySQL 9.7 manual, "SHOW Statements".
 */
export const showRules = `
show = SHOW {vtgate_show unchecked | before_8_4 {MASTER | SLAVE} unchecked | shown}
shown = {DATABASES | SCHEMAS} [show_filter]
  | [EXTENDED] [FULL] TABLES [in_database] [show_filter]
  | [EXTENDED] [FULL] {COLUMNS | FIELDS} in_table [in_database] [show_filter]
  | [EXTENDED] {INDEX | INDEXES | KEYS} in_table [in_database] [WHERE expr]
  | [FULL] {TRIGGERS [in_database] [show_filter] | PROCESSLIST}
  | {EVENTS | TABLE STATUS | OPEN TABLES} [in_database] [show_filter]
  | PLUGINS | PRIVILEGES | PROFILES | REPLICAS | [STORAGE] ENGINES
  | ENGINE {ALL | ident_or_string} {LOGS | MUTEX | STATUS}
  | BINARY {LOGS | LOG STATUS}
  | BINLOG EVENTS log_range
  | RELAYLOG EVENTS log_range [channel]
  | REPLICA STATUS [channel]
  | COUNT ( '*' ) {WARNINGS | ERRORS}
  | {WARNINGS | ERRORS} [show_limit]
  | PROFILE [profile_type#] [FOR QUERY integer] [show_limit]
  | [GLOBAL | SESSION | LOCAL] {STATUS | VARIABLES} [show_filter]
  | {character_set | COLLATION} [show_filter]
  | GRANTS [FOR user [USING user_list]]
  | CREATE show_create
  | {PROCEDURE | FUNCTION} {STATUS [show_filter] | CODE qualified_name}
  | LIBRARY STATUS [show_filter]
  | ~PARSE_TREE statement
show_create = {DATABASE | SCHEMA} [if_not_exists] ident | {TABLE | VIEW} table | USER user | MASKING POLICY ident
  | {PROCEDURE | FUNCTION | TRIGGER | EVENT | LIBRARY} qualified_name
show_filter = LIKE string | WHERE expr
in_database = {FROM | IN} ident
in_table = {FROM | IN} table
log_range = [IN string] [FROM number] [show_limit]
show_limit = LIMIT limit_number [{, | OFFSET} limit_number]
profile_type = ALL | BLOCK IO | CONTEXT SWITCHES | CPU | IPC | MEMORY | PAGE FAULTS | SOURCE | SWAPS
`
