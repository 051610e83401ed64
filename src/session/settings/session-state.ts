import { randomUUID } from 'node:crypto'
import type { ByteBudget } from '../../base/byte-budget.ts'
import type { Condition } from '../../errors/condition.ts'
import type { Planner } from '../../planner/build-plan.ts'
import { DEFAULT_SQL_MODE, parseSqlMode, type SqlMode } from '../../sql/sql-mode.ts'
import type { ReadAfterWriteOptions } from '../../tablet/session-gateway.ts'
import {
  type Characteristics,
  type ConnectionKind,
  characteristicItems,
  DATABASE,
  makeSettings,
  NAMES,
  READ_ONLY,
  type Settings,
  SQL_MODE,
} from '../../tablet/settings.ts'
import type { TransactionMode } from '../../transaction/transaction.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { TransactionTimeouts } from '../commands/transaction-watch.ts'
import type { SessionLimits } from '../proxy-context.ts'
import { HeldMap } from './held-map.ts'
import { plannerNamed } from './planner.ts'
import { SessionTracker } from './session-tracker.ts'
import { NO_TARGET, type Target } from './target.ts'
import { unquoted } from './unquoted.ts'
import type { VariableValue } from './variable-value.ts'
import { initialVariables, ownTimeoutMs, readAfterWriteOf, type VitessVariables } from './vitess-variables.ts'

/** How a statement was read. */
export interface ReadAs {
  readonly target: Target
  /** Lexical bits of sql_mode. */
  readonly sqlMode: SqlMode
  /** All of sql_mode, as an item of the settings; undefined: as the servers have it. */
  readonly sqlModeItem: string | undefined
}

/** What follows a COMMIT or ROLLBACK that does not say: another transaction, or the end of the session. */
export type CompletionType = 'NO_CHAIN' | 'CHAIN' | 'RELEASE'

/** What a session begins with. */
export interface SessionDefaults {
  /** As in SET NAMES. */
  readonly names: string
  readonly kind: ConnectionKind
  /** Of the servers; undefined while it is not known. */
  readonly sqlMode: string | undefined
  /** CLIENT_IGNORE_SPACE: IGNORE_SPACE is added to sql_mode. Source: MySQL's `mysql_real_connect()`. */
  readonly ignoreSpace: boolean
  /** CLIENT_SESSION_TRACK: OK packets tell what has changed. */
  readonly isTracked: boolean
  readonly transactionMode: TransactionMode
  readonly readAfterWrite: ReadAfterWriteOptions
}

/**
 * What a session is, apart from its connections: what the client has set, and what the last statement left behind.
 * Changed only between statements.
 */
export class SessionState {
  target: Target = NO_TARGET

  settings!: Settings
  #charset!: string
  /** Lexical bits of sql_mode. */
  sqlMode: SqlMode = DEFAULT_SQL_MODE
  /** By lower-case name; a variable that is absent has never been set. */
  readonly userVariables: HeldMap<VariableValue>
  tracker!: SessionTracker
  /** interactive_timeout in seconds, where it has been set: it decides nothing once a client is connected. */
  interactiveTimeoutS: number | undefined

  completionType: CompletionType = 'NO_CHAIN'
  /** transaction_mode as the session began. */
  initialMode: TransactionMode = 'multi'
  #initialReads!: ReadAfterWriteOptions
  #vitess!: VitessVariables
  #ownTimeoutMs: number | undefined
  #planner: Planner | undefined
  #uuid: string | undefined

  /** sql_mode has NO_AUTO_VALUE_ON_ZERO. */
  noAutoValueOnZero = false
  /** Until `sql_mode` is known: as the servers begin. */
  isStrict = true
  /** sql_mode has NO_ZERO_IN_DATE. */
  noZeroInDate = false

  lastInsertId: bigint | number = 0
  rowCount: bigint | number = 0
  foundRows = 0
  /** Of the last statement, errors included; `warnings` may still be with the connection that ran it. */
  warningCount = 0
  /** The SIGNAL that has left them: no server tells anybody else what it says of its condition. */
  signal: string | undefined
  #warnings: readonly Condition[] = []

  constructor(defaults: SessionDefaults, memory: ByteBudget) {
    this.userVariables = new HeldMap(memory, ({ text }) => text.length)
    this.reset(defaults)
  }

  /** As a new session begins. */
  reset({
    names,
    kind,
    sqlMode,
    ignoreSpace,
    isTracked,
    transactionMode,
    readAfterWrite,
  }: SessionDefaults): void {
    this.target = NO_TARGET
    this.userVariables.clear()
    this.interactiveTimeoutS = undefined
    this.completionType = 'NO_CHAIN'
    this.initialMode = transactionMode
    this.#initialReads = readAfterWrite
    this.vitess = initialVariables(transactionMode)
    this.lastInsertId = 0
    this.rowCount = 0
    this.foundRows = 0
    this.warnings = []
    this.signal = undefined
    this.tracker = new SessionTracker(isTracked)
    const items = new Map([[NAMES, names]])
    this.settings = makeSettings(items, kind)
    this.#charset = clientCharset(items)
    this.sqlMode = DEFAULT_SQL_MODE
    this.noAutoValueOnZero = false
    this.isStrict = true
    this.noZeroInDate = false
    if (sqlMode === undefined) return
    const ownMode = ignoreSpace
      ? [sqlMode, 'IGNORE_SPACE'].filter((modes) => modes !== '').join(',')
      : sqlMode
    this.setSqlMode(ownMode)
    if (ignoreSpace) this.setSetting(SQL_MODE, `'${ownMode}'`)
  }

  get vitess(): VitessVariables {
    return this.#vitess
  }

  set vitess(variables: VitessVariables) {
    this.#vitess = variables
    this.#ownTimeoutMs = ownTimeoutMs(variables)
    this.#planner = plannerNamed(unquoted(variables.get('planner_version')!))
  }

  /** How the session reads from replicas: its variables go before the configuration. */
  get readAfterWrite(): ReadAfterWriteOptions {
    return readAfterWriteOf(this.#vitess, this.#initialReads)
  }

  /** transaction_timeout goes before the configuration's. */
  transactionTimeouts({ transactionTimeoutMs, idleTransactionMs }: SessionLimits): TransactionTimeouts {
    const own = Number(this.#vitess.get('transaction_timeout'))
    return { wholeMs: own > 0 ? own : transactionTimeoutMs, idleMs: idleTransactionMs }
  }

  /** The one that the client wants, by `planner_version`. */
  get planner(): Planner | undefined {
    return this.#planner
  }

  /** `workload` says that answers may be long. */
  get isAnalytical(): boolean {
    return this.#vitess.get('workload') === "'OLAP'"
  }

  /** As `ownTimeoutMs` of vtgate's variables. */
  get ownTimeoutMs(): number | undefined {
    return this.#ownTimeoutMs
  }

  /** `@@session_uuid`, made when it is first asked for. */
  get uuid(): string {
    this.#uuid ??= randomUUID()
    return this.#uuid
  }

  get warnings(): readonly Condition[] {
    return this.#warnings
  }

  set warnings(warnings: readonly Condition[]) {
    this.#warnings = warnings
    this.warningCount = warnings.length
  }

  /** `count`: of all there were, of which `kept` are the first. */
  keepWarnings(kept: readonly Condition[], count: number): void {
    this.#warnings = kept
    this.warningCount = count
  }

  /** character_set_client. */
  get charset(): string {
    return this.#charset
  }

  /** `text` undefined: back to the server's default. */
  setSetting(name: string, text: string | undefined): void {
    const items = new Map(this.settings.items)
    setOrDelete(items, name, text)
    this.settings = makeSettings(items, this.settings.kind)
    this.#charset = clientCharset(items)
  }

  /**
   * Settings of a connection for a statement that was read in another way than the session reads now: a prepared statement
   * has its own default schema and sql_mode.
   */
  settingsFor({ target, sqlMode, sqlModeItem }: ReadAs): Settings {
    if (target === this.target && sqlMode === this.sqlMode) return this.settings
    const items = new Map(this.settings.items)
    if (sqlMode !== this.sqlMode) setOrDelete(items, SQL_MODE, sqlModeItem)
    const schema = isSystemSchema(target.keyspace) ? quoteName(target.keyspace) : undefined
    setOrDelete(items, DATABASE, schema)
    return makeSettings(items, this.settings.kind)
  }

  /** SET SESSION TRANSACTION: for all transactions from now on. */
  setCharacteristics(characteristics: Characteristics, isMariadb: boolean): void {
    for (const [name, text] of characteristicItems(characteristics, isMariadb)) this.setSetting(name, text)
  }

  /** Transactions that do not say otherwise are READ ONLY. */
  get isReadOnly(): boolean {
    const { items } = this.settings
    return (items.get(READ_ONLY.mysql) ?? items.get(READ_ONLY.mariadb)) === '1'
  }

  /** CLIENT_FOUND_ROWS, which vtgate has as a variable, too. */
  setFoundRows(foundRows: boolean): void {
    this.settings = makeSettings(this.settings.items, { ...this.settings.kind, foundRows })
  }

  setSqlMode(value: string): void {
    this.sqlMode = parseSqlMode(value)
    this.noAutoValueOnZero = value.toUpperCase().includes('NO_AUTO_VALUE_ON_ZERO')
    this.noZeroInDate = /\b(?:NO_ZERO_IN_DATE|TRADITIONAL)\b/i.test(value)
    this.isStrict = /\b(?:STRICT_|TRADITIONAL)/i.test(value)
  }
}

function setOrDelete(items: Map<string, string>, name: string, text: string | undefined): void {
  if (text === undefined) items.delete(name)
  else items.set(name, text)
}

/** character_set_client: set by itself, or by SET NAMES. Values are SQL text: `'utf8mb4' COLLATE …`. */
function clientCharset(items: ReadonlyMap<string, string>): string {
  const text = items.get('character_set_client') ?? items.get(NAMES) ?? ''
  return text.slice(1, text.indexOf("'", 1)).toLowerCase()
}
