import type mysql from 'mysql2/promise'
import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'

/** What is known of one MySQL server behind a tablet. */
export interface TabletHealth {
  /** `unknown` until the first check has ended. */
  readonly state: 'unknown' | 'healthy' | 'unreachable'
  readonly serverVersion: string
  readonly readOnly: boolean
  /**
   * Its commits wait for other members of its cluster, which may refuse them (Galera, Group Replication). So it is taken to be
   * until it is known.
   */
  readonly certifies: boolean
  /** `@@global.sql_mode`: what sessions begin with. Undefined until it is known. */
  readonly sqlMode: string | undefined
  /** `@@global.max_allowed_packet`: a statement of so many bytes is refused, and ends its connection. Undefined until it is known. */
  readonly packetBytesMax: number | undefined
  /** Seconds a replica is behind; undefined for a server that does not replicate, Infinity where replication is broken. */
  readonly lagSeconds: number | undefined
  /** Undefined for a server that does not replicate. */
  readonly replication: ReplicationHealth | undefined
  readonly checkedAtMs: number
  readonly lastError: string
}

/** As SHOW REPLICA STATUS has it. */
export interface ReplicationHealth {
  /** `host:port`. */
  readonly source: string
  /** Yes, No, Connecting. */
  readonly receiverRunning: string
  readonly applierRunning: string
  readonly lastError: string
}

export const UNKNOWN_HEALTH: TabletHealth = {
  state: 'unknown',
  serverVersion: '',
  readOnly: false,
  certifies: true,
  sqlMode: undefined,
  packetBytesMax: undefined,
  lagSeconds: undefined,
  replication: undefined,
  checkedAtMs: 0,
  lastError: '',
}

export interface HealthOptions {
  readonly intervalMs: number
  readonly timeoutMs: number
}

interface Checked {
  readonly version: string
  readonly read_only: number
  readonly sql_mode: string
  readonly packet: number
}

/**
 * Checks one tablet over a connection of its own, again and again, `intervalMs` after the last check ended.
 * mysql2 is the client here: this is control work, not traffic.
 */
export class HealthChecker {
  readonly #connect: () => Promise<mysql.Connection>
  readonly #options: HealthOptions
  readonly #clock: Clock
  readonly #onChange: (health: TabletHealth) => void
  readonly firstCheck: Promise<void>
  #connection: mysql.Connection | undefined
  /** As the server of this connection is set up. */
  #certifies = true
  #cancelTimer: (() => void) | undefined
  #closed = false
  #health = UNKNOWN_HEALTH

  constructor(
    connect: () => Promise<mysql.Connection>,
    options: HealthOptions,
    clock: Clock,
    onChange: (health: TabletHealth) => void,
  ) {
    this.#connect = connect
    this.#options = options
    this.#clock = clock
    this.#onChange = onChange
    this.firstCheck = this.#run()
  }

  get health(): TabletHealth {
    return this.#health
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#connection?.destroy()
    this.#connection = undefined
  }

  async #run(): Promise<void> {
    const health = await this.#check()
    if (this.#closed) return
    const { state, readOnly, sqlMode } = this.#health
    this.#health = health
    if (health.state !== state || health.readOnly !== readOnly || health.sqlMode !== sqlMode)
      this.#onChange(health)
    this.#cancelTimer = this.#clock.after(this.#options.intervalMs, () => void this.#run())
  }

  async #check(): Promise<TabletHealth> {
    const checkedAtMs = this.#clock.now()
    try {
      if (this.#connection === undefined) {
        this.#connection = await this.#open()
        this.#certifies = await this.#askCertifies()
      }
      const [rows] = await this.#query(
        `SELECT @@version AS version, @@global.read_only AS read_only, @@global.sql_mode AS sql_mode,
         @@global.max_allowed_packet AS packet`,
      )
      const { version, read_only, sql_mode, packet } = (rows as Checked[])[0]!
      const status = await this.#replicaStatus(version)
      return {
        state: 'healthy',
        serverVersion: version,
        readOnly: Number(read_only) !== 0,
        certifies: this.#certifies,
        sqlMode: sql_mode,
        packetBytesMax: Number(packet),
        lagSeconds: status && lagOf(status),
        replication: status && replicationOf(status),
        checkedAtMs,
        lastError: '',
      }
    } catch (error) {
      this.#connection?.destroy()
      this.#connection = undefined
      return { ...this.#health, state: 'unreachable', checkedAtMs, lastError: (error as Error).message }
    }
  }

  async #open(): Promise<mysql.Connection> {
    const connection = await this.#connect()
    // The next check finds out; without a listener the event would end the process.
    connection.on('error', () => {
      if (this.#connection === connection) this.#connection = undefined
    })
    if (this.#closed) connection.destroy()
    return connection
  }

  /** The limit is a timer of the clock: one of mysql2's would outlive its connection, and keep the process. */
  async #query(sql: string): Promise<[unknown, unknown]> {
    const { timeoutMs } = this.#options
    const { promise: timedOut, reject } = deferred<never>()
    const cancel = this.#clock.after(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)))
    try {
      return await Promise.race([this.#connection!.query(sql), timedOut])
    } finally {
      cancel()
    }
  }

  async #askCertifies(): Promise<boolean> {
    const [rows] = await this.#query(
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'group_replication_group_name')",
    )
    return (rows as { Value: string }[]).some(({ Value: value }) => value !== 'OFF' && value !== '')
  }

  async #replicaStatus(version: string): Promise<Row | undefined> {
    const [rows] = await this.#query(
      version.includes('MariaDB') ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS',
    )
    return (rows as Row[])[0]
  }
}

type Row = Readonly<Record<string, unknown>>

function lagOf(status: Row): number {
  const seconds = status['Seconds_Behind_Source'] ?? status['Seconds_Behind_Master']
  return seconds === null || seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds)
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
