/**
 * Replication and binary logs, with the words of MySQL 8.0 that 8.4 dropped. Source: MySQL 9.7 manual, "Replication
 * Statements"; MySQL 8.0 manual for CHANGE MASTER TO, START SLAVE, RESET MASTER, PURGE MASTER LOGS.
 */
export const replicationRules = `
change = CHANGE {REPLICATION SOURCE TO {source_option | before_8_4 master_option}# [channel]
  | REPLICATION FILTER replication_filter# [channel]
  | before_8_4 MASTER TO {source_option | master_option}# [channel]}
channel = FOR CHANNEL string

source_option = source_position
  | {SOURCE_HOST | NETWORK_NAMESPACE | SOURCE_BIND | SOURCE_USER | SOURCE_PASSWORD | SOURCE_SSL_CA | SOURCE_SSL_CAPATH
    | SOURCE_TLS_VERSION | SOURCE_SSL_CERT | SOURCE_SSL_CIPHER | SOURCE_SSL_KEY | SOURCE_SSL_CRL | SOURCE_SSL_CRLPATH
    | SOURCE_PUBLIC_KEY_PATH | SOURCE_COMPRESSION_ALGORITHMS} = string
  | {SOURCE_PORT | SOURCE_CONNECT_RETRY | SOURCE_RETRY_COUNT | SOURCE_DELAY | SOURCE_SSL | SOURCE_SSL_VERIFY_SERVER_CERT
    | GET_SOURCE_PUBLIC_KEY | SOURCE_ZSTD_COMPRESSION_LEVEL | SOURCE_AUTO_POSITION | REQUIRE_ROW_FORMAT} = number
  | SOURCE_TLS_CIPHERSUITES = {string | NULL}
  | SOURCE_HEARTBEAT_PERIOD = {integer | decimal}
  | {SOURCE_CONNECTION_AUTO_FAILOVER | GTID_ONLY} = whole_zero_or_one
  | IGNORE_SERVER_IDS = ( [number] {, number}* )
  | PRIVILEGE_CHECKS_USER = {NULL | user_name}
  | REQUIRE_TABLE_PRIMARY_KEY_CHECK = {STREAM | ON | OFF | GENERATE}
  | ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS = {OFF | LOCAL | string}
source_position = {SOURCE_LOG_FILE | RELAY_LOG_FILE} = string
  | SOURCE_LOG_POS = {integer | decimal} | RELAY_LOG_POS = number

master_option = master_position
  | {MASTER_HOST | MASTER_BIND | MASTER_USER | MASTER_PASSWORD | MASTER_SSL_CA | MASTER_SSL_CAPATH | MASTER_TLS_VERSION
    | MASTER_SSL_CERT | MASTER_SSL_CIPHER | MASTER_SSL_KEY | MASTER_SSL_CRL | MASTER_SSL_CRLPATH | MASTER_PUBLIC_KEY_PATH
    | MASTER_COMPRESSION_ALGORITHMS} = string
  | {MASTER_PORT | MASTER_CONNECT_RETRY | MASTER_RETRY_COUNT | MASTER_DELAY | MASTER_SSL | MASTER_SSL_VERIFY_SERVER_CERT
    | GET_MASTER_PUBLIC_KEY | MASTER_ZSTD_COMPRESSION_LEVEL | MASTER_AUTO_POSITION} = number
  | MASTER_TLS_CIPHERSUITES = {string | NULL}
  | MASTER_HEARTBEAT_PERIOD = {integer | decimal}
master_position = MASTER_LOG_FILE = string | MASTER_LOG_POS = {integer | decimal}

replication_filter = {REPLICATE_DO_DB | REPLICATE_IGNORE_DB} = ( [ident_list] )
  | {REPLICATE_DO_TABLE | REPLICATE_IGNORE_TABLE} = ( [filtered_table#] )
  | {REPLICATE_WILD_DO_TABLE | REPLICATE_WILD_IGNORE_TABLE} = ( [string#] )
  | REPLICATE_REWRITE_DB = ( [database_pair#] )
filtered_table = ident . ident
database_pair = ( ident , ident )

start = START {REPLICA replica_start | before_8_4 SLAVE replica_start | GROUP_REPLICATION [group_option#]
  | TRANSACTION [transaction_options]}
replica_start = [replica_thread#] [UNTIL replica_until {, {source_position | before_8_4 master_position}}*]
  [USER = string] [PASSWORD = string] [DEFAULT_AUTH = string] [PLUGIN_DIR = string] [channel]
replica_thread = SQL_THREAD | RELAY_THREAD | IO_THREAD
replica_until = source_position | before_8_4 master_position
  | {SQL_BEFORE_GTIDS | SQL_AFTER_GTIDS} = string | SQL_AFTER_MTS_GAPS
group_option = {USER | PASSWORD | DEFAULT_AUTH} = string
transaction_options = {snapshot | read_only}# no_comma | {snapshot | read_write}# no_comma
  | {snapshot | read_only | read_write}# ~here
snapshot = WITH CONSISTENT SNAPSHOT
read_only = READ ONLY
read_write = READ WRITE

stop = STOP {REPLICA replica_stop | before_8_4 SLAVE replica_stop | GROUP_REPLICATION}
replica_stop = [replica_thread#] [channel]

reset = RESET {PERSIST [[IF EXISTS] persisted_variable] | reset_target#}
persisted_variable = ident [. ident] | DEFAULT . ident
reset_target = REPLICA [ALL] [channel] | BINARY LOGS AND GTIDS [TO whole_number]
  | before_8_4 {SLAVE [ALL] [channel] | MASTER [TO whole_number]}
purge = PURGE {BINARY | before_8_4 MASTER} LOGS {TO string | BEFORE flat_expr}
binlog = BINLOG string
`
