import type { Denial } from '../plan/needs.ts'
import { foldAccents } from './fold.ts'
import type { PassedOn } from './judge-tokens.ts'
import { words } from './words.ts'

/**
 * Session variables that MySQL 9.7 lets only an administrator set, measured on a server; also MariaDB's and older names.
 * They decide what is written to the binary log, or how much of the server one session may take.
 */
const SESSION_ADMIN = words(`
  binlog_transaction_compression binlog_transaction_compression_level_zstd default_table_encryption
  innodb_tmpdir sql_generate_invisible_primary_key xa_detach_on_prepare
  binlog_direct_non_transactional_updates binlog_format binlog_row_image binlog_row_value_options
  binlog_rows_query_log_events binlog_annotate_row_events bulk_insert_buffer_size
  connection_memory_chunk_size connection_memory_limit explicit_defaults_for_timestamp
  global_connection_memory_tracking histogram_generation_max_mem_size pseudo_thread_id skip_replication
  sql_log_bin sql_log_off sql_require_primary_key wsrep_on wsrep_osu_method
`)

/** As SESSION_ADMIN, of what the applier of replication sets. */
const APPLIER = words(`
  gtid_next gtid_domain_id gtid_seq_no immediate_server_version original_commit_timestamp
  original_server_version pseudo_replica_mode pseudo_slave_mode server_id transaction_write_set_extraction
`)

export const SET_GLOBAL: Denial = { kind: 'Privilege', privileges: 'SUPER or SYSTEM_VARIABLES_ADMIN' }
const SET_SESSION: Denial = {
  kind: 'Privilege',
  privileges: 'SUPER, SYSTEM_VARIABLES_ADMIN or SESSION_VARIABLES_ADMIN',
}
const SET_APPLIER: Denial = {
  kind: 'Privilege',
  privileges: 'SUPER, SYSTEM_VARIABLES_ADMIN, SESSION_VARIABLES_ADMIN or REPLICATION_APPLIER',
}

/** Why an ordinary user may not set a variable; `scope` in upper case. */
export function denialOfVariable(scope: string, name: string): Denial | undefined {
  if (scope !== '' && scope !== 'SESSION' && scope !== 'LOCAL') return SET_GLOBAL
  const folded = foldAccents(name)
  if (SESSION_ADMIN.has(folded)) return SET_SESSION
  return APPLIER.has(folded) ? SET_APPLIER : undefined
}

const GLOBAL_SCOPES: ReadonlySet<string> = new Set(['GLOBAL', 'PERSIST', 'PERSIST_ONLY'])

/** Why not, at an assignment in a text that is passed on; `at` is at a name. */
export function denialOfSetVariable(text: PassedOn, at: number): Denial | undefined {
  const scope = text.bare(at)
  if (GLOBAL_SCOPES.has(scope)) {
    const behind = text.word(at + 2)
    const assigns = behind === '=' || behind === ':=' || behind === '.' || text.bare(at + 1) === 'TRANSACTION'
    const isItem = opensItem(text, at - 1) && text.name(at + 1) !== undefined && assigns
    const isAt = text.word(at - 1) === '@@' && opensItem(text, at - 2) && text.word(at + 1) === '.'
    return isItem || isAt ? SET_GLOBAL : undefined
  }
  if (text.word(at + 1) !== '=' && text.word(at + 1) !== ':=') return undefined
  // As likely a column's name in an UPDATE.
  if (scope === 'SERVER_ID') return undefined
  const before = text.word(at - 1)
  const isVariable =
    opensItem(text, at - 1) ||
    before === '@@' ||
    text.bare(at - 1) === 'SESSION' ||
    text.bare(at - 1) === 'LOCAL' ||
    (before === '.' && text.word(at - 3) === '@@')
  return isVariable ? denialOfVariable('', text.name(at) ?? '') : undefined
}

function opensItem(text: PassedOn, at: number): boolean {
  return text.bare(at) === 'SET' || text.word(at) === ',' || text.bare(at) === 'STATEMENT'
}
