import type { Dialect } from './dialect.ts'
import { joinPositions } from './history.ts'

/** What a server says about itself, at one moment. */
export interface ServerState {
  readonly version: string
  /** Nobody but privileged accounts writes to it (`read_only`). */
  readonly isReadOnly: boolean
  /** What it has executed: `history.ts` compares it. */
  readonly history: string
  /** What keeps it from being a source by GTID; '' for nothing. */
  readonly unfit: string
  /** Undefined for a server that has no source. */
  readonly replication: ReplicationState | undefined
  readonly semiSync: SemiSyncState
  /** Seconds until its receiver gives up a source that says nothing. */
  readonly netTimeoutSeconds: number
}

export interface ReplicationState {
  /** `host:port`. */
  readonly source: string
  /** Yes, No, Connecting. */
  readonly receiver: string
  readonly applier: string
  readonly error: string
  /** What it has received, as a position that can be waited for. */
  readonly received: string
}

export interface SemiSyncState {
  /** False where the plugins are not there. */
  readonly isThere: boolean
  readonly isSource: boolean
  readonly isReplica: boolean
  /** Its source waits for it. */
  readonly isReplicaActive: boolean
  readonly timeoutMs: number
  /** Replicas that acknowledge. */
  readonly clients: number
}

type Row = Readonly<Record<string, unknown>>

/** Puts together what the questions of `managed-server.ts` have brought. */
export function serverState(
  dialect: Dialect,
  {
    variables,
    status,
    counters,
    gtids,
  }: {
    readonly variables: ReadonlyMap<string, string>
    readonly status: Row | undefined
    readonly counters: ReadonlyMap<string, string>
    readonly gtids: readonly string[]
  },
): ServerState {
  const isOn = (name: string) => ['ON', '1'].includes(variables.get(name) ?? '')
  const { semiSource, semiReplica } = dialect
  return {
    version: variables.get('version') ?? '',
    isReadOnly: isOn('read_only'),
    history: dialect.flavor === 'mysql' ? gtids.join(',').replaceAll(/\s/g, '') : joinPositions(...gtids),
    unfit: !isOn('log_bin')
      ? 'it writes no binary log'
      : !dialect.logsUpdates.some(isOn)
        ? `it does not log what it replicates (${dialect.logsUpdates.at(-1)})`
        : dialect.flavor === 'mysql' && variables.get('gtid_mode') !== 'ON'
          ? 'gtid_mode is not ON'
          : '',
    replication: status && replicationState(status),
    semiSync: {
      isThere: variables.has(`${semiSource}enabled`) && variables.has(`${semiReplica}enabled`),
      isSource: isOn(`${semiSource}enabled`),
      isReplica: isOn(`${semiReplica}enabled`),
      isReplicaActive: counters.get(dialect.semiStatus) === 'ON',
      timeoutMs: Number(variables.get(`${semiSource}timeout`) ?? 0),
      clients: Number(counters.get(dialect.semiClients) ?? 0),
    },
    netTimeoutSeconds: Number(variables.get(dialect.netTimeout) ?? 0),
  }
}

/** The variables that `serverState` reads. */
export function variablesOf({
  logsUpdates,
  semiSource,
  semiReplica,
  netTimeout,
}: Dialect): readonly string[] {
  const semi = [`${semiSource}enabled`, `${semiSource}timeout`, `${semiReplica}enabled`]
  return ['version', 'read_only', 'log_bin', 'gtid_mode', netTimeout, ...logsUpdates, ...semi]
}

/** Undefined where no source is known: RESET leaves a row on some versions, without a host. */
function replicationState(status: Row): ReplicationState | undefined {
  const text = (mysql: string, mariadb: string) => String(status[mysql] ?? status[mariadb] ?? '')
  const host = text('Source_Host', 'Master_Host')
  if (host === '') return undefined
  return {
    source: `${host}:${text('Source_Port', 'Master_Port')}`,
    receiver: text('Replica_IO_Running', 'Slave_IO_Running'),
    applier: text('Replica_SQL_Running', 'Slave_SQL_Running'),
    error: text('Last_SQL_Error', 'Last_SQL_Error') || text('Last_IO_Error', 'Last_IO_Error'),
    received: text('Retrieved_Gtid_Set', 'Gtid_IO_Pos').replaceAll(/\s/g, ''),
  }
}
