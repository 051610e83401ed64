import type mysql from 'mysql2/promise'
import type { Clock } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import { type BackendAccess, connectControl } from '../tablet/connect-control.ts'
import { printAlias } from '../topology/alias.ts'
import { addressOf, type Tablet } from '../topology/records.ts'
import {
  changeSource,
  type Dialect,
  MARIADB,
  MYSQL,
  NET_TIMEOUT_SECONDS,
  type ReplicationAccount,
  type SourceAddress,
} from './dialect.ts'
import type { Permit } from './permit.ts'
import { type ServerState, serverState, variablesOf } from './server-state.ts'

export interface ServerAccess {
  readonly account: BackendAccess
  readonly replication: ReplicationAccount
  readonly clock: Clock
  /** Bound of one question. */
  readonly timeoutMs: number
}

/** Semi-synchronous commits never stop waiting by themselves: 46 days. */
export const SEMI_SYNC_TIMEOUT_MS = 4_000_000_000
/** Those who only hold locks while writes are being stopped are let be for so long. */
const PATIENCE_MS = 200
const LOOK_AGAIN_MS = 50
/** Of what a server does on its own: stop its threads, forget its source. */
const ACT_MS = 10_000

type Row = Readonly<Record<string, unknown>>

/**
 * A server that may be changed, over a connection of its own. Whatever changes it is sent in the same tick in which the permit was
 * looked at: so a process that was stopped past its lease, and goes on, sends nothing more.
 */
export class ManagedServer {
  readonly tablet: Tablet
  readonly alias: string
  readonly #access: ServerAccess
  #connection: mysql.Connection | undefined
  #dialect: Dialect | undefined

  constructor(tablet: Tablet, access: ServerAccess) {
    this.tablet = tablet
    this.alias = printAlias(tablet.alias)
    this.#access = access
  }

  close(): void {
    this.#connection?.destroy()
    this.#connection = undefined
  }

  /** Throws when it does not answer in time. */
  async look(): Promise<ServerState> {
    const dialect = await this.#speak()
    const variables = await this.#named(
      `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list(variablesOf(dialect))})`,
    )
    const counters = await this.#named(
      `SHOW GLOBAL STATUS WHERE Variable_name IN (${list([dialect.semiClients, dialect.semiStatus])})`,
    )
    const [status] = await this.#ask(dialect.status)
    // SHOW VARIABLES cuts long values.
    const [gtids] = await this.#ask(
      dialect.flavor === 'mysql'
        ? 'SELECT @@global.gtid_executed AS gtids'
        : 'SELECT @@global.gtid_binlog_state AS gtids, @@global.gtid_slave_pos AS replicated',
    )
    return serverState(dialect, {
      variables,
      counters,
      status,
      gtids: Object.values(gtids ?? {}).map(String),
    })
  }

  /**
   * No more writes by anybody. SET GLOBAL read_only waits for all statements that run, also for one that waits for a row whose
   * transaction cannot go on, for its next statement waits for the SET: so transactions that are between two statements are killed
   * when it takes longer (none of them could commit any more). With `isForced` all clients are, at once, and what waits for replicas to
   * acknowledge it is let go when its client is gone. Throws when `limitMs` is over; then it is as before.
   */
  async makeReadOnly(
    permit: Permit,
    { limitMs, isForced = false }: { readonly limitMs: number; readonly isForced?: boolean },
  ): Promise<void> {
    const dialect = await this.#speak()
    const seconds = Math.max(1, Math.ceil(limitMs / 1000))
    await this.#ask(`SET SESSION lock_wait_timeout = ${seconds}`)
    const threadId = this.#connection!.threadId!
    let isDone = false
    const setting = this.#act(permit, `SET GLOBAL ${dialect.readOnly} = 1`, seconds * 1000 + 1_000).finally(
      () => {
        isDone = true
      },
    )
    setting.catch(() => {}) // it is awaited below
    const helper = new ManagedServer(this.tablet, this.#access)
    const { clock } = this.#access
    try {
      const startedMs = clock.now()
      if (isForced) await helper.#killClients(permit, threadId)
      while (!isDone) {
        await Promise.race([setting.catch(() => {}), sleep(clock, LOOK_AGAIN_MS)])
        const isLate = clock.now() - startedMs > PATIENCE_MS
        if (isDone || !isLate) continue
        if (isForced) {
          await helper.#killClients(permit, threadId)
          await helper.#semiSync(permit, 'source', false)
        } else await helper.#killIdleTransactions(permit, threadId)
      }
      await setting
      if (isForced) await helper.#killClients(permit, threadId)
    } catch (error) {
      // Where it is not known how it ended, it is ended: nothing may become read-only later.
      if (this.#connection === undefined) await helper.#kill(permit, threadId).catch(() => {})
      throw new Error(`${this.alias} could not be made read-only within ${seconds} s: ${messageOf(error)}`, {
        cause: error,
      })
    } finally {
      helper.close()
    }
  }

  async makeWritable(permit: Permit): Promise<void> {
    await this.#act(permit, 'SET GLOBAL read_only = 0') // super_read_only, too
  }

  /** Nothing more comes from its source, not even if it lives: so it acknowledges nothing any more. */
  async stopReceiver(permit: Permit): Promise<void> {
    const { replica } = await this.#speak()
    await this.#act(permit, `STOP ${replica} IO_THREAD`)
  }

  async startReplication(permit: Permit): Promise<void> {
    const { replica } = await this.#speak()
    await this.#act(permit, `START ${replica}`)
  }

  /** Resolves when it has executed all that it has received. */
  async applyReceived(limitMs: number): Promise<void> {
    const { replication } = await this.look()
    if (replication === undefined) return
    if (replication.applier !== 'Yes')
      throw new Error(
        `${this.alias} does not apply what it has received: ${replication.error || 'its applier is stopped'}`,
      )
    if (replication.received !== '') await this.waitFor(replication.received, limitMs)
  }

  /** Resolves when it has executed all of `position`. Throws when that takes longer than `limitMs`. */
  async waitFor(position: string, limitMs: number): Promise<void> {
    const { waitFor } = await this.#speak()
    const sql = `SELECT ${waitFor(position, Math.max(0.001, limitMs / 1000))} AS result`
    const [row] = await this.#ask(sql, limitMs + 2_000)
    if (Number(row?.['result']) !== 0)
      throw new Error(`${this.alias} has not got everything within ${limitMs} ms (it waited for ${position})`)
  }

  /** What others can wait for to have all that it has written. */
  async position(): Promise<string> {
    const { flavor } = await this.#speak()
    const [row] = await this.#ask(
      flavor === 'mysql'
        ? 'SELECT @@global.gtid_executed AS gtids'
        : 'SELECT @@global.gtid_current_pos AS gtids',
    )
    return String(row?.['gtids']).replaceAll(/\s/g, '')
  }

  /** It has no source any more. What it has received is applied before. */
  async detach(permit: Permit): Promise<void> {
    const { replica } = await this.#speak()
    await this.#act(permit, `STOP ${replica}`)
    await this.#act(permit, `RESET ${replica} ALL`)
  }

  /** It is read-only, and replicates from `source`, from now on. `isAcknowledging`: semi-synchronously; undefined leaves that as it is. */
  async follow(permit: Permit, source: SourceAddress, isAcknowledging: boolean | undefined): Promise<void> {
    const dialect = await this.#speak()
    await this.#act(permit, `STOP ${dialect.replica}`)
    if (isAcknowledging !== undefined) await this.setSemiSync(permit, isAcknowledging ? 'replica' : 'off')
    await this.#act(permit, `SET GLOBAL ${dialect.readOnly} = 1`)
    await this.#act(permit, `SET GLOBAL ${dialect.netTimeout} = ${NET_TIMEOUT_SECONDS}`)
    // A former primary of MariaDB has not replicated what it has written itself.
    if (dialect.flavor === 'mariadb')
      await this.#act(permit, 'SET GLOBAL gtid_slave_pos = @@global.gtid_current_pos')
    await this.#act(permit, changeSource(dialect, source, this.#access.replication))
    await this.#act(permit, `START ${dialect.replica}`)
  }

  /** Installs MySQL's plugins where they are wanted and not there. */
  async setSemiSync(permit: Permit, role: 'source' | 'replica' | 'off'): Promise<void> {
    const { semiSync, isReadOnly } = await this.look()
    if (!semiSync.isThere) {
      if (role === 'off') return
      await this.#installPlugins(permit, isReadOnly)
    }
    const { semiSource, flavor } = await this.#speak()
    if (role === 'source') {
      await this.#act(permit, `SET GLOBAL ${semiSource}timeout = ${SEMI_SYNC_TIMEOUT_MS}`)
      // Nobody sees what a replica has not acknowledged.
      await this.#act(permit, `SET GLOBAL ${semiSource}wait_point = 'AFTER_SYNC'`)
      if (flavor === 'mysql') await this.#act(permit, `SET GLOBAL ${semiSource}wait_for_replica_count = 1`)
    }
    await this.#semiSync(permit, 'source', role === 'source')
    await this.#semiSync(permit, 'replica', role === 'replica')
  }

  /** It tells its source what it is when it connects. */
  async reconnect(permit: Permit): Promise<void> {
    const { replica } = await this.#speak()
    await this.#act(permit, `STOP ${replica} IO_THREAD`)
    await this.#act(permit, `START ${replica} IO_THREAD`)
  }

  async #semiSync(permit: Permit, of: 'source' | 'replica', isOn: boolean): Promise<void> {
    const { semiSource, semiReplica } = await this.#speak()
    const name = `${of === 'source' ? semiSource : semiReplica}enabled`
    try {
      await this.#act(permit, `SET GLOBAL ${name} = ${isOn ? 1 : 0}`)
    } catch (error) {
      if (isOn || codeOf(error) !== 'ER_UNKNOWN_SYSTEM_VARIABLE') throw error
    }
  }

  async #installPlugins(permit: Permit, isReadOnly: boolean): Promise<void> {
    const { flavor } = await this.#speak()
    if (flavor === 'mariadb')
      throw new Error(`${this.alias}: this MariaDB has no semi-synchronous replication`)
    if (isReadOnly) await this.#act(permit, 'SET GLOBAL super_read_only = 0')
    for (const [plugin, library] of Object.entries(PLUGINS))
      try {
        await this.#act(permit, `INSTALL PLUGIN ${plugin} SONAME '${library}'`)
      } catch (error) {
        if (codeOf(error) !== 'ER_UDF_EXISTS' && codeOf(error) !== 'ER_PLUGIN_INSTALLED') throw error
      }
    if (isReadOnly) await this.#act(permit, 'SET GLOBAL super_read_only = 1')
  }

  /** Threads of clients; those of replicas and of the server itself are left alone, and `sparedId`. */
  async #killClients(permit: Permit, sparedId: number): Promise<void> {
    for (const { Id, Command, User } of await this.#processes())
      if (
        Id !== sparedId &&
        !/^(?:Binlog Dump|Daemon|Connect|Slave)/.test(Command) &&
        !SYSTEM_USERS.has(User)
      )
        await this.#kill(permit, Id)
  }

  async #killIdleTransactions(permit: Permit, sparedId: number): Promise<void> {
    const rows = await this.#ask('SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx')
    const open = new Set(rows.map(({ id }) => Number(id)))
    for (const { Id, Command, State } of await this.#processes()) {
      const isBetween = Command === 'Sleep' || HELD_UP.test(State)
      if (isBetween && open.has(Id) && Id !== sparedId) await this.#kill(permit, Id)
    }
  }

  async #processes(): Promise<readonly Process[]> {
    const own = this.#connection?.threadId
    const rows = await this.#ask('SHOW PROCESSLIST')
    return rows
      .map((row) => ({
        Id: Number(row['Id']),
        User: String(row['User']),
        Command: String(row['Command']),
        State: String(row['State'] ?? ''),
      }))
      .filter(({ Id }) => Id !== own && Id !== this.#connection?.threadId)
  }

  /**
   * One that is gone already is gone. One of an account with SYSTEM_USER may only be killed by its like: it is in nobody's way, unless
   * `read_only` waits for it, which has a limit of its own.
   */
  async #kill(permit: Permit, id: number): Promise<void> {
    try {
      await this.#act(permit, `KILL ${id}`)
    } catch (error) {
      if (!['ER_NO_SUCH_THREAD', 'ER_KILL_DENIED_ERROR'].includes(codeOf(error) ?? '')) throw error
    }
  }

  async #named(sql: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#ask(sql)
    return new Map(rows.map((row) => [String(row['Variable_name']), String(row['Value'])]))
  }

  async #speak(): Promise<Dialect> {
    if (this.#dialect !== undefined) return this.#dialect
    const [row] = await this.#ask('SELECT VERSION() AS version')
    this.#dialect = String(row?.['version']).includes('MariaDB') ? MARIADB : MYSQL
    return this.#dialect
  }

  #act(permit: Permit, sql: string, limitMs = ACT_MS): Promise<readonly Row[]> {
    return this.#ask(sql, limitMs, permit)
  }

  /** A server that does not answer in time has its connection closed: what comes late belongs to nobody. */
  async #ask(sql: string, limitMs = this.#access.timeoutMs, permit?: Permit): Promise<readonly Row[]> {
    const connection = await this.#connected()
    permit?.check()
    const { promise: timedOut, reject } = deferred<never>()
    const cancel = this.#access.clock.after(limitMs, () =>
      reject(new Error(`no answer within ${limitMs} ms`)),
    )
    try {
      const [rows] = await Promise.race([connection.query(sql), timedOut])
      return Array.isArray(rows) ? (rows as Row[]) : []
    } catch (error) {
      // An error that the server has told leaves the connection as it is.
      if (typeof (error as { sqlState?: unknown }).sqlState !== 'string') this.close()
      throw error
    } finally {
      cancel()
    }
  }

  async #connected(): Promise<mysql.Connection> {
    if (this.#connection !== undefined) return this.#connection
    const { account, clock, timeoutMs } = this.#access
    const giveUp = new AbortController()
    const cancel = clock.after(timeoutMs, () =>
      giveUp.abort(new Error(`no connection within ${timeoutMs} ms`)),
    )
    try {
      const connection = await connectControl(
        this.tablet,
        { ...account, isWithoutDatabase: true },
        giveUp.signal,
      )
      connection.on('error', () => {
        if (this.#connection === connection) this.#connection = undefined
      })
      this.#connection = connection
      return connection
    } finally {
      cancel()
    }
  }
}

interface Process {
  readonly Id: number
  readonly User: string
  readonly Command: string
  readonly State: string
}

/** A statement that may not begin while read_only is being set. Commits are held up later, when no statement runs any more. */
const HELD_UP = /^Waiting for (?:global read|backup) lock/

const PLUGINS = {
  rpl_semi_sync_source: 'semisync_source.so',
  rpl_semi_sync_replica: 'semisync_replica.so',
} as const

const SYSTEM_USERS = new Set(['system user', 'event_scheduler'])

/** Where replicas reach a tablet's server. Throws for one that only this machine can reach. */
export function sourceAddress(tablet: Tablet): SourceAddress {
  const { unix_socket: _socket, ...overTcp } = tablet
  const address = addressOf(overTcp)
  if (address.kind === 'tcp' && (tablet.mysql_hostname || tablet.hostname)) return address
  throw new Error(`tablet ${printAlias(tablet.alias)} has no host and port for replicas to connect to`)
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
