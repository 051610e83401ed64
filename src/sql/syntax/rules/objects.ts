/**
 * Tablespaces, servers, spatial reference systems, resource groups, libraries, loadable functions, masking policies,
 * the instance. Source: MySQL 9.7 manual, "Data Definition Statements", "Component, Plugin, and Loadable Function
 * Statements". ALTER VSCHEMA and ALTER VITESS_MIGRATION are vtgate's: Vitess manual, "Making schema changes".
 */
export const objectRules = `
create_object = create_tablespace | create_server | create_srs | create_resource_group | create_library
  | create_loadable_function | MASKING POLICY [if_not_exists] ident ( ident ) expr
alter_object = alter_tablespace | SERVER ident_or_string server_options | alter_resource_group
  | LIBRARY qualified_name COMMENT string
  | INSTANCE instance_action | VSCHEMA unchecked | %vitess_migration
drop_object = TABLESPACE ident [drop_tablespace_options] | LOGFILE GROUP ident [drop_tablespace_options]
  | UNDO TABLESPACE ident [undo_tablespace_options] | SERVER [if_exists] ident_or_string
  | SPATIAL REFERENCE SYSTEM [if_exists] whole_number | RESOURCE GROUP ident [FORCE] | LIBRARY [if_exists] qualified_name
  | MASKING POLICY [if_exists] ident

create_tablespace = TABLESPACE ident [ADD datafile] [USE LOGFILE GROUP ident] [tablespace_option {[,] tablespace_option}*]
  | UNDO TABLESPACE ident ADD datafile [undo_tablespace_options]
  | LOGFILE GROUP ident ADD UNDOFILE string [logfile_option {[,] logfile_option}*]
alter_tablespace = TABLESPACE ident tablespace_change
  | UNDO TABLESPACE ident SET {ACTIVE | INACTIVE} [undo_tablespace_options]
  | LOGFILE GROUP ident ADD UNDOFILE string [logfile_change {[,] logfile_change}*]
tablespace_change = {ADD | DROP} datafile [altered_options] | RENAME TO ident | altered_options
altered_options = altered_option {[,] altered_option}*
datafile = DATAFILE string
tablespace_option = altered_option | {EXTENT_SIZE | FILE_BLOCK_SIZE} [equals] size | node_group | commented
altered_option = {INITIAL_SIZE | AUTOEXTEND_SIZE | MAX_SIZE} [equals] size
  | {ENCRYPTION | ENGINE_ATTRIBUTE} [equals] string | storage_engine | wait
logfile_option = {UNDO_BUFFER_SIZE | REDO_BUFFER_SIZE} [equals] size | node_group | commented | logfile_change
logfile_change = INITIAL_SIZE [equals] size | storage_engine | wait
undo_tablespace_options = storage_engine {[,] storage_engine}*
drop_tablespace_options = {storage_engine | wait} {[,] {storage_engine | wait}}*
node_group = NODEGROUP [equals] whole_number
commented = COMMENT [equals] string
storage_engine = [STORAGE] ENGINE [equals] ident_or_string
wait = WAIT | NO_WAIT

create_server = SERVER ident_or_string FOREIGN DATA WRAPPER ident_or_string server_options
server_options = OPTIONS ( server_option# )
server_option = {USER | HOST | DATABASE | SCHEMA | OWNER | PASSWORD | SOCKET} string | PORT number

create_srs = OR REPLACE SPATIAL REFERENCE SYSTEM whole_number srs_attribute*
  | SPATIAL REFERENCE SYSTEM [if_not_exists] whole_number srs_attribute*
srs_attribute = {NAME | DEFINITION | DESCRIPTION} string | ORGANIZATION string IDENTIFIED BY whole_number

create_resource_group = RESOURCE GROUP ident TYPE [equals] {USER | SYSTEM} [cpus] [thread_priority] [ENABLE | DISABLE]
alter_resource_group = RESOURCE GROUP ident [cpus] [thread_priority] [ENABLE | DISABLE] [FORCE]
cpus = VCPU [equals] cpu_range {[,] cpu_range}*
cpu_range = int31 [- int31]
thread_priority = THREAD_PRIORITY [equals] [-] int31

create_library = LIBRARY [if_not_exists] qualified_name library_comment*
  {LANGUAGE ident {LANGUAGE ident | library_comment}* AS library_code | ~AS library_code}
library_comment = COMMENT string
library_code = string | dollar_quoted | hex | bit | introducer {hex | bit}

create_loadable_function = [AGGREGATE] FUNCTION [if_not_exists] ident
  RETURNS {STRING | REAL | DECIMAL | DEC | INT | INTEGER | INT4} SONAME string

instance_action = ROTATE {INNODB | BINLOG | ~ident_or_string} MASTER KEY
  | RELOAD {KEYRING | TLS [FOR CHANNEL ident] [NO ROLLBACK ON ERROR]}
  | {ENABLE | DISABLE} {INNODB | ~ident} {REDO_LOG | ~ident}

vitess_migration = VITESS_MIGRATION {string migration_action
  | {CLEANUP | LAUNCH | COMPLETE | CANCEL | UNTHROTTLE | FORCE_CUTOVER} ALL
  | POSTPONE COMPLETE ALL | THROTTLE ALL throttling}
migration_action = RETRY | CLEANUP | {LAUNCH | COMPLETE} [VITESS_SHARDS string] | POSTPONE COMPLETE | CANCEL
  | THROTTLE throttling | UNTHROTTLE | FORCE_CUTOVER | SET CUTOVER_THRESHOLD string
throttling = [EXPIRE string] [RATIO {integer | decimal}]
`
