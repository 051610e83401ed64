import type { Denial } from '../plan/needs.ts'
import { foldAccents } from './fold.ts'

/** Functions that reach beyond the data, and the privilege without which a server refuses them (or answers NULL: LOAD_FILE). */
const PRIVILEGED: readonly (readonly [pattern: RegExp, privileges: string])[] = [
  [/^load_file$/, 'FILE'],
  [/^(sys_eval|sys_exec|sys_set|sys_get)$/, 'SUPER'], // lib_mysqludf_sys, where somebody has installed it
  [/^group_replication_(set|switch|enable|disable|reset)_/, 'GROUP_REPLICATION_ADMIN'],
  [/^asynchronous_connection_failover_/, 'SUPER or REPLICATION_SLAVE_ADMIN'],
  [
    /^(keyring_key_|mysql_firewall_|audit_log_|audit_api_|set_firewall_|read_firewall_|mysqlbackup_)/,
    'SUPER',
  ],
  [/^(firewall_group_|version_tokens_|innodb_redo_log_|masking_dictionar)/, 'SUPER'],
  [/^roles_graphml$/, 'ROLE_ADMIN'],
]

/** Why an ordinary user may not call a function of the server. Native functions may be quoted. */
export function denialOfFunction(name: string): Denial | undefined {
  const folded = foldAccents(name)
  const found = PRIVILEGED.find(([pattern]) => pattern.test(folded))
  return found === undefined ? undefined : { kind: 'Privilege', privileges: found[1] }
}
