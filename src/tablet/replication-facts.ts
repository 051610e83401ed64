import { quoteName } from '../values/sql-literal.ts'

/** A row of a control connection, by column. */
export type Row = Readonly<Record<string, unknown>>

/** As SHOW REPLICA STATUS has it. */
export interface ReplicationHealth {
  /** `host:port`. */
  readonly source: string
  /** Yes, No, Connecting. */
  readonly receiverRunning: string
  readonly applierRunning: string
  readonly lastError: string
}

/** A server as a member of its group (Group Replication, InnoDB Cluster). */
export interface GroupMember {
  /** ONLINE, RECOVERING, OFFLINE, ERROR. */
  readonly state: string
  /** PRIMARY or SECONDARY. */
  readonly role: string
  /** It sees more than half of the group: without, nothing commits. */
  readonly hasMajority: boolean
}

export interface HeartbeatOptions {
  /** `database.table`, whose column `ts` somebody sets to the time on the primary again and again, as pt-heartbeat does. */
  readonly table: string
  /** The times are UTC (`pt-heartbeat --utc`), else of the servers' time zone. */
  readonly isUtc: boolean
}

/** Answers of a server about its replication; undefined where it was not asked, or does not tell. */
export interface ReplicationAnswers {
  readonly status: Row | undefined
  readonly group: Row | undefined
  readonly aurora: Row | undefined
  readonly heartbeat: Row | undefined
}

export interface ReplicationFacts {
  /** Seconds a replica is behind; undefined for a server that does not replicate, Infinity where replication is broken. */
  readonly lagSeconds: number | undefined
  readonly replication: ReplicationHealth | undefined
  readonly group: GroupMember | undefined
}

/**
 * How far a server is behind, by the best that it tells: the heartbeat of its primary, Aurora's own measure, what a group member is applying,
 * Seconds_Behind_Source. That is NULL where replication stands still and 0 where it merely hears nothing: only a heartbeat tells.
 */
export function replicationFacts({ status, group, aurora, heartbeat }: ReplicationAnswers): ReplicationFacts {
  const member = group && memberOf(group)
  return {
    lagSeconds: lagOf({ status, group, aurora, heartbeat }),
    replication: status && replicationOf(status),
    group: member,
  }
}

/** A member of a group that does not hear of all that the group writes, and has it from nobody else. */
export function isCutOff({ group, replication }: Pick<ReplicationFacts, 'group' | 'replication'>): boolean {
  if (group === undefined || replication !== undefined) return false
  return group.state !== 'ONLINE' || !group.hasMajority
}

/** Its commits would not end, or fail. A member that is OFFLINE is by itself, and says by read_only what it takes. */
export function takesNoWrites({ group }: Pick<ReplicationFacts, 'group'>): boolean {
  if (group === undefined || group.state === 'OFFLINE') return false
  return group.state !== 'ONLINE' || !group.hasMajority
}

/** The channel that brings what others write: a group has two of its own, which stand when all is well. */
export function channelOf(rows: readonly Row[]): Row | undefined {
  return rows.find((row) => !/^group_replication_/.test(String(row['Channel_Name'] ?? '')))
}

/** Source: MySQL manual, "The replication_group_members Table", "The replication_applier_status_by_worker Table". */
export const GROUP_QUESTION = `SELECT own.MEMBER_STATE AS state, own.MEMBER_ROLE AS role,
  (SELECT COUNT(*) FROM performance_schema.replication_group_members) AS members,
  (SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE MEMBER_STATE = 'UNREACHABLE') AS lost,
  (SELECT MAX(TIMESTAMPDIFF(MICROSECOND, APPLYING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP, NOW(6)))
    FROM performance_schema.replication_applier_status_by_worker
    WHERE CHANNEL_NAME = 'group_replication_applier' AND APPLYING_TRANSACTION <> '') AS lag_us
FROM performance_schema.replication_group_members AS own WHERE own.MEMBER_ID = @@server_uuid`

/** Source: Amazon Aurora User Guide, "information_schema.replica_host_status". */
export const AURORA_QUESTION = `SELECT SESSION_ID AS session_id, REPLICA_LAG_IN_MILLISECONDS AS lag_ms
FROM information_schema.replica_host_status WHERE SERVER_ID = @@aurora_server_id`

export function heartbeatQuestion({ table, isUtc }: HeartbeatOptions): string {
  const name = table.split('.').map(quoteName).join('.')
  return `SELECT TIMESTAMPDIFF(MICROSECOND, MAX(ts), ${isUtc ? 'UTC_TIMESTAMP' : 'NOW'}(6)) AS lag_us FROM ${name}`
}

function lagOf({ status, group, aurora, heartbeat }: ReplicationAnswers): number | undefined {
  const isWriter = aurora === undefined ? group?.['role'] === 'PRIMARY' : aurora['session_id'] === WRITER
  const replicates = status !== undefined || (!isWriter && (group !== undefined || aurora !== undefined))
  if (!replicates) return undefined
  const beat = numberOf(heartbeat?.['lag_us'])
  if (beat !== undefined) return Math.max(0, beat) / 1e6 // a clock that is behind is no lead
  if (status !== undefined) {
    const seconds = status['Seconds_Behind_Source'] ?? status['Seconds_Behind_Master']
    return numberOf(seconds) ?? Number.POSITIVE_INFINITY
  }
  if (aurora !== undefined) return (numberOf(aurora['lag_ms']) ?? 0) / 1_000
  return Math.max(0, numberOf(group?.['lag_us']) ?? 0) / 1e6
}

/** What Aurora has for the session of the one that writes. */
const WRITER = 'MASTER_SESSION_ID'

function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function memberOf({ state, role, members, lost }: Row): GroupMember {
  return {
    state: String(state),
    role: String(role),
    hasMajority: Number(lost) * 2 < Number(members),
  }
}

function replicationOf(status: Row): ReplicationHealth {
  const host = status['Source_Host'] ?? status['Master_Host']
  const port = status['Source_Port'] ?? status['Master_Port']
  return {
    source: `${host}:${port}`,
    receiverRunning: String(status['Replica_IO_Running'] ?? status['Slave_IO_Running']),
    applierRunning: String(status['Replica_SQL_Running'] ?? status['Slave_SQL_Running']),
    lastError: String(status['Last_Error'] ?? ''),
  }
}
