/** The words of MySQL 8.0.26 and newer, and of MariaDB, for the same things. */
export interface Dialect {
  readonly flavor: 'mysql' | 'mariadb'
  readonly status: string
  /** REPLICA or SLAVE. */
  readonly replica: string
  readonly readOnly: string
  readonly netTimeout: string
  readonly logsUpdates: readonly string[]
  /** Begins the names of its variables. */
  readonly semiSource: string
  readonly semiReplica: string
  readonly semiClients: string
  readonly semiStatus: string
  /** Waits until a position is there; 0 when it is. */
  waitFor(position: string, seconds: number): string
}

export const MYSQL: Dialect = {
  flavor: 'mysql',
  status: 'SHOW REPLICA STATUS',
  replica: 'REPLICA',
  readOnly: 'super_read_only',
  netTimeout: 'replica_net_timeout',
  logsUpdates: ['log_replica_updates', 'log_slave_updates'],
  semiSource: 'rpl_semi_sync_source_',
  semiReplica: 'rpl_semi_sync_replica_',
  semiClients: 'Rpl_semi_sync_source_clients',
  semiStatus: 'Rpl_semi_sync_replica_status',
  waitFor: (position, seconds) => `WAIT_FOR_EXECUTED_GTID_SET(${quoted(position)}, ${seconds})`,
}

export const MARIADB: Dialect = {
  flavor: 'mariadb',
  status: 'SHOW SLAVE STATUS',
  replica: 'SLAVE',
  readOnly: 'read_only',
  netTimeout: 'slave_net_timeout',
  logsUpdates: ['log_slave_updates'],
  semiSource: 'rpl_semi_sync_master_',
  semiReplica: 'rpl_semi_sync_slave_',
  semiClients: 'Rpl_semi_sync_master_clients',
  semiStatus: 'Rpl_semi_sync_slave_status',
  waitFor: (position, seconds) => `MASTER_GTID_WAIT(${quoted(position)}, ${seconds})`,
}

/** A replica notices after so many seconds that its source says nothing, not even that it has nothing to say. */
export const NET_TIMEOUT_SECONDS = 4

export interface SourceAddress {
  readonly host: string
  readonly port: number
}

export interface ReplicationAccount {
  readonly user: string
  readonly password: string
  readonly isTls: boolean
}

/** Makes a stopped replica follow another source, by GTID. */
export function changeSource(
  { flavor }: Dialect,
  { host, port }: SourceAddress,
  account: ReplicationAccount,
): string {
  const [command, word] =
    flavor === 'mysql' ? ['CHANGE REPLICATION SOURCE TO', 'SOURCE'] : ['CHANGE MASTER TO', 'MASTER']
  const settings = [
    `${word}_HOST = ${quoted(host)}`,
    `${word}_PORT = ${port}`,
    `${word}_USER = ${quoted(account.user)}`,
    `${word}_PASSWORD = ${quoted(account.password)}`,
    `${word}_CONNECT_RETRY = 1`,
    `${word}_HEARTBEAT_PERIOD = 1`,
    ...(account.isTls ? [`${word}_SSL = 1`] : []),
    ...(flavor === 'mysql'
      ? [
          'SOURCE_AUTO_POSITION = 1',
          'SOURCE_RETRY_COUNT = 864000',
          ...(account.isTls ? [] : ['GET_SOURCE_PUBLIC_KEY = 1']),
        ]
      : ['MASTER_USE_GTID = slave_pos']),
  ]
  return `${command} ${settings.join(', ')}`
}

export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
