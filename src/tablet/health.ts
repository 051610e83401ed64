import type mysql from 'mysql2/promise'
import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import {
  AURORA_QUESTION,
  channelOf,
  GROUP_QUESTION,
  type HeartbeatOptions,
  heartbeatQuestion,
  type ReplicationFacts,
  type Row,
  replicationFacts,
  takesNoWrites,
} from './replication-facts.ts'

/** What is known of one MySQL server behind a tablet. */
export interface TabletHealth extends ReplicationFacts {
  /** `unknown` until the first check has ended. */
  readonly state: 'unknown' | 'healthy' | 'unreachable'
  readonly serverVersion: string
  /** Tells servers apart that are found under one name, one behind the other; '' until it is known. */
  readonly server: string
  /** It takes no writes: read_only, super_read_only, offline_mode, a reader of Aurora, or a member that its group has lost. */
  readonly readOnly: boolean
  /** `@@gtid_executed`, or MariaDB's `@@gtid_current_pos`; '' where there are none. */
  readonly gtids: string
  /**
   * Its commits wait for other members of its cluster, which may refuse them (Galera, Group Replication). So it is taken to be
   * until it is known.
   */
  readonly certifies: boolean
  /** `@@global.sql_mode`: what sessions begin with. Undefined until it is known. */
  readonly sqlMode: string | undefined
  /** `@@global.max_allowed_packet`: a statement of so many bytes is refused, and ends its connection. Undefined until it is known. */
  readonly packetBytesMax: number | undefined
  /** What it would not tell of its replication: that is looked at by what it tells. */
  readonly untold: string
  /** Checks in a row that it has failed. One that takes no connections counts as two: nobody is mistaken about it. */
  readonly failedChecks: number
  readonly checkedAtMs: number
  readonly lastError: string
}

export const UNKNOWN_HEALTH: TabletHealth = {
  state: 'unknown',
  serverVersion: '',
  server: '',
  readOnly: false,
  gtids: '',
  certifies: true,
  sqlMode: undefined,
  packetBytesMax: undefined,
  lagSeconds: undefined,
  replication: undefined,
  group: undefined,
  untold: '',
  failedChecks: 0,
  checkedAtMs: 0,
  lastError: '',
}

export interface HealthOptions {
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Another process tells what it finds: this one looks by itself when it has not heard of that in time, or has a reason. */
  readonly standsIn?: boolean
  /** How far replicas are behind is read there. */
  readonly heartbeat?: HeartbeatOptions
}

/** `by`: who has looked, this process or another one. */
type OnChecked = (health: TabletHealth, before: TabletHealth, by: 'own' | 'heard') => void

interface Checked {
  readonly version: string
  readonly is_read_only: number
  readonly sql_mode: string
  readonly gtids: string
  readonly packet: number
}

/** While something is the matter with a shard, whoever waits wants to know at once when it is over. */
const HURRIED_MS = 200

/**
 * Checks one tablet over a connection of its own, again and again, `intervalMs` after the last check ended, or sooner when somebody
 * asks. mysql2 is the client here: this is control work, not traffic.
 */
export class HealthChecker {
  readonly #connect: () => Promise<mysql.Connection>
  readonly #options: HealthOptions
  readonly #clock: Clock
  readonly #onChecked: OnChecked
  readonly firstCheck: Promise<void>
  #connection: mysql.Connection | undefined
  /** As the server of this connection is set up. */
  #certifies = true
  #server = ''
  #asks = ''
  #isGroupMember = false
  #isAurora = false
  #cancelTimer: (() => void) | undefined
  #isChecking = false
  /** Somebody has asked while a check was under way. */
  #isAsked = false
  #isHurried = false
  #connectsAnew = false
  #closed = false
  #health = UNKNOWN_HEALTH

  constructor(
    connect: () => Promise<mysql.Connection>,
    options: HealthOptions,
    clock: Clock,
    onChecked: OnChecked,
  ) {
    this.#connect = connect
    this.#options = options
    this.#clock = clock
    this.#onChecked = onChecked
    this.firstCheck = this.#run()
  }

  get health(): TabletHealth {
    return this.#health
  }

  get isChecking(): boolean {
    return this.#isChecking
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#connection?.destroy()
    this.#connection = undefined
  }

  /** Whether checks follow each other quickly from now on. */
  hurry(isHurried: boolean): void {
    if (this.#isHurried === isHurried) return
    this.#isHurried = isHurried
    if (isHurried) this.checkNow()
  }

  /** Whether each check makes a connection of its own: the server that was expected may be where its name leads to now. */
  connectAnew(connectsAnew: boolean): void {
    this.#connectsAnew = connectsAnew
  }

  /** Another process has looked: as if this one had, unless it is about to, for a reason of its own. */
  hear(health: TabletHealth): void {
    if (this.#closed || this.#isChecking || this.#isAsked) return
    this.#cancelTimer?.()
    const before = this.#health
    this.#health = health
    this.#onChecked(health, before, 'heard')
    if (this.#isChecking) return
    this.#cancelTimer = this.#clock.after(this.#pauseMs, () => void this.#run())
  }

  /** Looks now: something has happened to a connection. */
  checkNow(): void {
    if (this.#closed) return
    if (this.#isChecking) {
      this.#isAsked = true
      return
    }
    this.#cancelTimer?.()
    void this.#run()
  }

  async #run(): Promise<void> {
    this.#isChecking = true
    this.#isAsked = false
    const health = await this.#check()
    this.#isChecking = false
    if (this.#closed) return
    const before = this.#health
    this.#health = health
    this.#onChecked(health, before, 'own')
    if (this.#isChecking) return // somebody has asked: the next one is under way
    const pauseMs = this.#isAsked ? 0 : this.#pauseMs
    this.#cancelTimer = this.#clock.after(pauseMs, () => void this.#run())
  }

  get #pauseMs(): number {
    const { intervalMs, timeoutMs, standsIn } = this.#options
    const hurriedMs = Math.min(HURRIED_MS, intervalMs)
    if (this.#isHurried) return standsIn ? 1.5 * hurriedMs : hurriedMs
    return standsIn ? intervalMs + timeoutMs : intervalMs
  }

  async #check(): Promise<TabletHealth> {
    const checkedAtMs = this.#clock.now()
    try {
      if (this.#connectsAnew) this.#connection?.destroy()
      if (this.#connection === undefined || this.#connectsAnew) {
        this.#connection = await this.#open()
        const names = await this.#variables()
        this.#server = identityOf(names)
        this.#certifies = certifies(names)
        this.#asks = questionOf(names)
        this.#isGroupMember = (names.get(GROUP_NAME) ?? '') !== ''
        this.#isAurora = names.has(AURORA)
      }
      const [rows] = await this.#query(this.#asks)
      const { version, is_read_only, sql_mode, gtids, packet } = (rows as Checked[])[0]!
      const { facts, untold } = await this.#replication(version)
      return {
        ...facts,
        state: 'healthy',
        serverVersion: version,
        server: this.#server,
        readOnly: Number(is_read_only) !== 0 || takesNoWrites(facts),
        gtids,
        certifies: this.#certifies,
        sqlMode: sql_mode,
        packetBytesMax: Number(packet),
        untold,
        failedChecks: 0,
        checkedAtMs,
        lastError: '',
      }
    } catch (error) {
      this.#connection?.destroy()
      this.#connection = undefined
      const { code, message } = error as Error & { code?: string }
      const failedChecks = this.#health.failedChecks + (REFUSED.has(code ?? '') ? 2 : 1)
      return { ...this.#health, state: 'unreachable', failedChecks, checkedAtMs, lastError: message }
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

  /** Of those that not every server has: by name. */
  async #variables(): Promise<ReadonlyMap<string, string>> {
    const names = [...CLUSTER_NAMES, AURORA, ...READ_ONLY, ...GTIDS, ...IDENTITY].map((name) => `'${name}'`)
    const [rows] = await this.#query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.join(', ')})`)
    const named = rows as { Variable_name: string; Value: string }[]
    return new Map(named.map(({ Variable_name: name, Value: value }) => [name, value]))
  }

  async #replication(
    version: string,
  ): Promise<{ readonly facts: ReplicationFacts; readonly untold: string }> {
    const [rows] = await this.#query(
      version.includes('MariaDB') ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS',
    )
    const untold: string[] = []
    const ask = async (isAsked: boolean, sql: string): Promise<Row | undefined> => {
      if (!isAsked) return undefined
      try {
        const [found] = await this.#query(sql)
        return (found as Row[])[0]
      } catch (error) {
        // It has no such table, or the account may not read it; whatever else ends the check.
        const { sqlState, message } = error as Error & { sqlState?: string }
        if (sqlState === undefined || this.#connection === undefined) throw error
        untold.push(message)
        return undefined
      }
    }
    const status = channelOf(rows as Row[])
    const group = await ask(this.#isGroupMember, GROUP_QUESTION)
    const aurora = await ask(this.#isAurora, AURORA_QUESTION)
    const { heartbeat } = this.#options
    const replicates = status !== undefined || group !== undefined || aurora !== undefined
    const beat = heartbeat && replicates ? await ask(true, heartbeatQuestion(heartbeat)) : undefined
    const facts = replicationFacts({ status, group, aurora, heartbeat: beat })
    return { facts, untold: untold.join('; ') }
  }
}

const GROUP_NAME = 'group_replication_group_name'
const CLUSTER_NAMES = ['wsrep_on', GROUP_NAME]
const AURORA = 'aurora_server_id'
/** Nobody listens there. */
const REFUSED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENOTFOUND'])
const READ_ONLY = ['read_only', 'super_read_only', 'offline_mode', 'innodb_read_only']
/** MariaDB has none; the rest tells its servers apart. */
const UUID = 'server_uuid'
const IDENTITY = [UUID, 'hostname', 'port', 'server_id']
const GTIDS = ['gtid_executed', 'gtid_current_pos']

function certifies(variables: ReadonlyMap<string, string>): boolean {
  return CLUSTER_NAMES.some((name) => !['OFF', '', undefined].includes(variables.get(name)))
}

function identityOf(variables: ReadonlyMap<string, string>): string {
  return variables.get(UUID) ?? IDENTITY.map((name) => variables.get(name) ?? '').join(' ')
}

/** All that a check asks, in one statement. */
function questionOf(variables: ReadonlyMap<string, string>): string {
  const readOnly = READ_ONLY.filter((name) => variables.has(name)).map((name) => `@@global.${name} <> 0`)
  const gtids = GTIDS.find((name) => variables.has(name))
  return [
    'SELECT @@version AS version, @@global.sql_mode AS sql_mode, @@global.max_allowed_packet AS packet',
    `${readOnly.join(' OR ')} AS is_read_only`,
    `${gtids === undefined ? "''" : `@@global.${gtids}`} AS gtids`,
  ].join(', ')
}
