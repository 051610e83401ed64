import { SqlError } from '../../errors/sql-error.ts'
import type { Needs } from '../../plan/needs.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Federate } from '../../plan/primitives.ts'
import type { Planner } from '../../planner/build-plan.ts'
import { needsOf, needsOfComments, type PolicyContext } from '../../policy/needs-of.ts'
import { withOwnDefiner } from '../../policy/own-definer.ts'
import { mayNameInformationSchema, withOwnSchemas } from '../../policy/own-schemas.ts'
import { accessDenied, permit } from '../../policy/permit.ts'
import type { Statement, TableName } from '../../sql/ast.ts'
import { blanksToSpaces } from '../../sql/charset-blanks.ts'
import { scan } from '../../sql/fingerprint.ts'
import { normalize, type ParseOptions, parseStatement } from '../../sql/parse.ts'
import { COSTLY_TEXT_BYTES_MIN, parseCost } from '../../sql/parse-cost.ts'
import type { Scan } from '../../sql/scan.ts'
import type { SqlMode } from '../../sql/sql-mode.ts'
import { trimText } from '../../sql/trim-text.ts'
import type { Table, TabletTypeName } from '../../vschema/model.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { plannerOf } from '../settings/planner.ts'
import type { SessionFunctionContext } from '../settings/session-functions.ts'
import { sessionFunction } from '../settings/session-functions.ts'
import type { ReadAs } from '../settings/session-state.ts'
import { printTarget, type Target } from '../settings/target.ts'
import type { PlanCache } from './plan-cache.ts'
import { type Known, planStatement, traceStatement } from './plan-statement.ts'
import { StatementBindings, type StatementText } from './statement-bindings.ts'
import type { TemporaryTables } from './temporary-tables.ts'

export interface ReadingContext extends SessionFunctionContext {
  readonly temporary: TemporaryTables
  readonly proxy: Pick<
    ProxyContext,
    | 'gateway'
    | 'vschema'
    | 'generation'
    | 'plansOf'
    | 'serverVersionNumber'
    | 'isMariadb'
    | 'isKeyspaceOrDatabase'
    | 'limits'
  >
}

/** What decides how a text is read. */
export interface ReadingOptions extends ReadAs {
  /** character_set_client. */
  readonly charset: string
}

/**
 * One way of reading texts and planning statements: that of the session's default database, sql_mode and character set at
 * one moment. A prepared statement keeps the one it was prepared under, as MySQL binds it; the session takes a new one
 * with every USE and SET.
 */
export class Reading implements ReadingOptions {
  readonly target: Target
  readonly sqlMode: SqlMode
  readonly sqlModeItem: string | undefined
  readonly charset: string
  readonly #context: ReadingContext
  #known: { readonly generation: number; readonly plans: PlanCache } | undefined

  constructor(context: ReadingContext, { target, sqlMode, sqlModeItem, charset }: ReadingOptions) {
    this.#context = context
    this.target = target
    this.sqlMode = sqlMode
    this.sqlModeItem = sqlModeItem
    this.charset = charset
  }

  get options(): ParseOptions {
    return { mode: this.sqlMode, serverVersion: this.#context.proxy.serverVersionNumber }
  }

  /** The text of a COM_QUERY or COM_STMT_PREPARE, as the server reads it. */
  clientText(payload: Buffer): string {
    return trimText(blanksToSpaces(payload.latin1Slice(1), this.charset, this.options))
  }

  /** Throws ER_CAPACITY_EXCEEDED for a text that would take too much of the process's memory. */
  scan(sql: string): Scan {
    if (sql.length > COSTLY_TEXT_BYTES_MIN) this.#checkCost(sql)
    return scan(sql, this.sqlMode, this.#context.proxy.serverVersionNumber)
  }

  isKeyspace(name: string): boolean {
    return this.#context.proxy.vschema.keyspaces.has(name)
  }

  parse(sql: string): Statement {
    return parseStatement(sql, this.options)
  }

  /** Parses a text that is not prepared, for its error: 1064 at a `?`. */
  checkPlain(sql: string): void {
    parseStatement(sql, { ...this.options, allowParams: false })
  }

  /** Several statements where one is expected: 1064 near the second, as MySQL has it. */
  refuseSeveral(sql: string): never {
    this.parse(sql)
    throw new SqlError(
      'ER_PARSE_ERROR',
      'You have an error in your SQL syntax; several statements at once are off',
    )
  }

  /** Throws what MySQL says to a user who lacks something for the statement (src/policy). */
  planOf(sql: string, scan: Scan): Plan {
    if (scan.hasForeign) this.#permitComments(sql)
    return this.#planBy(plannerOf(scan.directives) ?? this.#context.state.planner, sql, scan)
  }

  /** Of a statement of the proxy's own, for which the user needs nothing. */
  planOfOwn(sql: string, scan: Scan): Plan {
    return this.#planBy(undefined, sql, scan, { isOwn: true })
  }

  /** What runs instead of a plan that gives up (`Plan.mayGiveUp`); undefined where the statement cannot be planned over copies. */
  planOverCopies(sql: string, scan: Scan): (Plan & { readonly root: Federate }) | undefined {
    const plan = this.#planBy('federation', sql, scan)
    const { root } = plan
    return root.kind === 'Federate' ? { ...plan, root } : undefined
  }

  #planBy(
    planner: Planner | undefined,
    sql: string,
    scan: Scan,
    { isOwn }: { readonly isOwn: boolean } = OF_CLIENT,
  ): Plan {
    const plans = this.#plans()
    // No statement's key ends like this.
    const foreignKeyChecks = checksForeignKeys(this.#context.state)
    const plannedKey = planner === undefined ? scan.key : `${scan.key}\0${planner}`
    const key = foreignKeyChecks ? plannedKey : `${plannedKey}\0unchecked`
    const known = plans.get(key)
    if (known !== undefined) {
      if (!isOwn) this.#permit(known.needs)
      return known
    }
    const { statement, isShared } = normalize(sql, scan, this.options)
    const { byText, ...needs } = needsOf(statement, this.#policyContext(sql))
    if (!isOwn) this.#permit(needs)
    const readAs = { target: this.target, sqlMode: this.sqlMode, planner, foreignKeyChecks }
    const plan: Plan = { ...planStatement(this.#planned, readAs, statement, { sql, scan }), needs }
    if (isShared && !byText && isCacheable(scan)) plans.set(key, plan, sql.length)
    return plan
  }

  /** Throws as planOf does for what the user lacks, of a statement that is not to be planned yet. */
  permit(sql: string, scan: Scan, statement: Statement): void {
    if (scan.hasForeign) this.#permitComments(sql)
    this.#permit(needsOf(statement, this.#policyContext(sql)))
  }

  /** Plans are shared by all users: what they need is asked of each execution's own. */
  #permit(needs: Needs | undefined): void {
    const { client, proxy } = this.#context
    if (needs === undefined) return
    const { keyspaces, tables } = client.identity.access
    if (needs.denied === undefined && keyspaces === undefined && tables === undefined) return
    permit(needs, client, proxy)
  }

  /** What is left out of a text is in no plan. */
  #permitComments(sql: string): void {
    for (const needs of needsOfComments(this.#policyContext(sql))) this.#permit(needs)
  }

  /**
   * The text as it is run for this user, mostly the same. A DEFINER that is the user is CURRENT_USER; for one who may not use every
   * keyspace information_schema has its own rows only. Throws 1044 where that cannot be told.
   */
  ownText(text: string): string {
    const { client, proxy } = this.#context
    const sql = withOwnDefiner(text, client.identity.user, this.options)
    const { keyspaces } = client.identity.access
    const defaultSchema = this.target.keyspace
    if (keyspaces === undefined || !mayNameInformationSchema(sql, defaultSchema)) return sql
    const statement = this.parse(sql)
    if (holdsNoQuery(statement)) return sql
    const databases = [...keyspaces].flatMap(
      (name) => proxy.gateway.keyspaces.get(name)?.shards.map(({ database }) => database) ?? [],
    )
    const schemas = [...new Set([...keyspaces, ...databases, 'information_schema', 'performance_schema'])]
    const own = withOwnSchemas(sql, statement, { schemas, defaultSchema })
    if (own !== undefined) return own
    throw accessDenied({ kind: 'Database', database: 'information_schema' }, client, proxy)
  }

  /** The keyspace in which a table is found; undefined where there is none of the name. */
  keyspaceOf({
    qualifier,
    name,
  }: {
    readonly qualifier?: string | undefined
    readonly name: string
  }): string | undefined {
    return this.#tableOf({ name, ...(qualifier !== undefined && { qualifier }) })?.keyspace
  }

  #tableOf({ qualifier, name }: Pick<TableName, 'qualifier' | 'name'>): Table | undefined {
    const { keyspace, tabletType } = this.target
    const schema = qualifier ?? (keyspace === '' ? undefined : keyspace)
    const type = tabletType.toLowerCase() as TabletTypeName
    const found = this.#planned.vschema.findTable(schema, name, type)
    return found.kind === 'found' ? found.table : undefined
  }

  /** What statements are planned by. Throws as `TemporaryTables.over`. */
  get #planned(): Known {
    const { proxy, temporary } = this.#context
    if (temporary.isEmpty) return proxy
    const { gateway, isMariadb, serverVersionNumber } = proxy
    return { gateway, isMariadb, serverVersionNumber, vschema: temporary.over(proxy.vschema) }
  }

  #policyContext(sql: string): PolicyContext {
    const { vschema } = this.#planned
    const { keyspace, shard } = this.target
    return {
      sql,
      options: this.options,
      defaultSchema: keyspace,
      isShard: shard !== undefined,
      isKeyspace: (name) => vschema.keyspaces.has(name),
      keyspaceOf: (table: TableName) => this.keyspaceOf(table),
      tableOf: (table: TableName) => this.#tableOf(table),
    }
  }

  /** How the plan is found, whether or not it is known already. */
  traceOf(sql: string, scan: Scan): readonly string[] {
    const { statement } = normalize(sql, scan, this.options)
    return traceStatement(this.#planned, this, statement, { sql, scan })
  }

  bindingsOf(sql: string, scan: Scan): StatementBindings {
    return new StatementBindings(this.textOf(sql, scan), this.sessionText)
  }

  textOf(sql: string, scan: Scan): StatementText {
    const { isMariadb } = this.#context.proxy
    return { sql, scan, mode: this.sqlMode, charset: this.charset, isMariadb }
  }

  /** What the session answers for functions about itself, as SQL text. */
  readonly sessionText = (name: string): string => sessionFunction(this.#context, name)

  #checkCost(sql: string): void {
    const { parserMemoryMax } = this.#context.proxy.limits
    if (parseCost(sql) <= parserMemoryMax) return
    throw new SqlError(
      'ER_CAPACITY_EXCEEDED',
      `Memory capacity of ${parserMemoryMax} bytes for 'parser_max_mem_size' exceeded. Parser bailed out for this query: send it in parts, or give the proxy a larger heap.`,
    )
  }

  #plans(): PlanCache {
    const { proxy, temporary } = this.#context
    if (!temporary.isEmpty) {
      temporary.over(proxy.vschema)
      return temporary.plansOf(`${proxy.generation}/${this.sqlMode}/${printTarget(this.target)}`)
    }
    const { generation } = proxy
    if (this.#known?.generation !== generation || this.#known.plans.isDropped) {
      this.#known = { generation, plans: proxy.plansOf(this.target, this.sqlMode) }
    }
    return this.#known.plans
  }
}

/** As the session has it; a server's own default is on. */
function checksForeignKeys({ settings }: ReadingContext['state']): boolean {
  const item = settings.items.get('foreign_key_checks')
  return item === undefined || !/^'?(?:0|OFF)'?$/i.test(item)
}

const OF_CLIENT = { isOwn: false }

/** Statements in which no query stands, or which are judged by the names in them (src/policy). */
function holdsNoQuery(statement: Statement): boolean {
  switch (statement.kind) {
    case 'Ddl':
    case 'Other':
    case 'Load':
    case 'TableAdmin':
    case 'DescribeTable':
      return true
    case 'Show':
      return statement.where === undefined
    default:
      return false
  }
}

/**
 * Plans of one-off texts would only push others out of the cache. An empty key is no statement's: comments and a lone `;`,
 * an error, have it alike.
 */
function isCacheable(scan: Scan): boolean {
  return scan.key !== '' && scan.key.length < PLAN_KEY_BYTES_MAX
}

const PLAN_KEY_BYTES_MAX = 64 * 1024
