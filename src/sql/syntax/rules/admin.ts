/**
 * Table maintenance, loading, caches and the server itself. Source: MySQL 9.7 manual, "Database Administration
 * Statements", "LOAD DATA Statement"; load_aurora is from Amazon Aurora's manual, "Loading data into an Aurora MySQL DB
 * cluster from text files in an Amazon S3 bucket".
 */
export const adminRules = `
analyze = ANALYZE [no_binlog] table_or_tables table_list [histogram]
histogram = UPDATE HISTOGRAM ON ident_list {USING DATA string | [WITH int31 BUCKETS] [{MANUAL | AUTO} UPDATE]}
  | DROP HISTOGRAM ON ident_list
check = CHECK table_or_tables table_list check_option*
check_option = QUICK | FAST | MEDIUM | EXTENDED | CHANGED | FOR UPGRADE
checksum = CHECKSUM table_or_tables table_list [QUICK | EXTENDED]
optimize = OPTIMIZE [no_binlog] table_or_tables table_list
repair = REPAIR [no_binlog] table_or_tables table_list repair_option*
repair_option = QUICK | EXTENDED | USE_FRM

cache = CACHE INDEX {table index_partitions [index_names] IN cache_name | {table [index_names]}# IN cache_name}
index_partitions = PARTITION ( {ALL | ident_list} )
index_names = {INDEX | KEY} ( [{PRIMARY | ident}#] )
cache_name = DEFAULT | ident

load = LOAD {INDEX INTO CACHE load_index | {DATA | XML} {load_data | %load_aurora}}
load_index = table index_partitions [index_names] [IGNORE LEAVES] | {table [index_names] [IGNORE LEAVES]}#
load_data = [LOW_PRIORITY | CONCURRENT] [FROM] [LOCAL] {INFILE | URL | URI | S3} string load_rest
load_aurora = FROM S3 {FILE | PREFIX | MANIFEST} string load_rest
load_rest = [file_count] [IN PRIMARY KEY ORDER] [REPLACE | IGNORE]
  INTO TABLE table [PARTITION ( ident_list )] [character_set charset_name] [COMPRESSION = string]
  [ROWS IDENTIFIED BY any_string] [{COLUMNS | FIELDS} field_option+] [LINES line_option+] [IGNORE int31 {LINES | ROWS}]
  [( [{at_name | column_ref}#] )] [SET assignment#]
  [PARALLEL = int31] [MEMORY = size] [ALGORITHM = BULK]
field_option = {TERMINATED | [OPTIONALLY] ENCLOSED | ESCAPED} BY any_string | plain_not ENCLOSED
  | {DATE | TIME | DATETIME} FORMAT any_string | NULL AS any_string | EMPTY VALUE any_string
line_option = {TERMINATED | STARTING} BY any_string
assignment = column_ref {'=' | ':='} {DEFAULT | expr}

import = IMPORT TABLE FROM string#

flush = FLUSH [no_binlog] {table_or_tables {table_list [FOR EXPORT | with_read_lock] | [with_read_lock]} | flushed#}
with_read_lock = WITH READ LOCK
flushed = {ERROR | ENGINE | GENERAL | SLOW | BINARY} LOGS | RELAY LOGS [channel] | LOGS
  | PRIVILEGES | STATUS | USER_RESOURCES | OPTIMIZER_COSTS | before_8_4 HOSTS

lock = LOCK {INSTANCE FOR BACKUP | table_or_tables table_lock#}
table_lock = table [[AS] ident] {READ [LOCAL] | WRITE | before_9 LOW_PRIORITY WRITE}
unlock = UNLOCK {INSTANCE | table_or_tables}

install = INSTALL {PLUGIN ident SONAME string | COMPONENT string# [SET component_variable#]}
component_variable = [GLOBAL | PERSIST] {DEFAULT . ident | lvalue_ident [. ident]} {'=' | ':='} {ON | expr}
uninstall = UNINSTALL {PLUGIN ident | COMPONENT string#}

clone = CLONE {LOCAL DATA DIRECTORY [equals] string | INSTANCE FROM user {tight_colon | ~':'} number IDENTIFIED BY string
  [DATA DIRECTORY [equals] string] [REQUIRE [NO] SSL]}
shutdown = SHUTDOWN
restart = RESTART
help = HELP ident_or_string
`
