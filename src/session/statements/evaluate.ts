import { assert } from '../../base/assert.ts'
import { beginPlan } from '../../engine/begin-plan.ts'
import type { RowStream } from '../../engine/row-stream.ts'
import type { Condition } from '../../errors/condition.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Exists, Expr, Literal, Query, Subquery } from '../../sql/ast.ts'
import { print } from '../../sql/print.ts'
import { type AnyNode, rewrite, someNode, visit } from '../../sql/visit.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { Lane } from '../../transaction/lane.ts'
import type { CatalogueContext } from '../catalogue/catalogue-context.ts'
import { catalogueText } from '../catalogue/catalogue-text.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { variableOf } from '../settings/literal-variable.ts'
import type { SessionState } from '../settings/session-state.ts'
import {
  connectionCollation,
  FIRST_NULL,
  type VariableValue,
  valueOfCell,
  valuesOfRow,
} from '../settings/variable-value.ts'
import { valuesAsAssigned } from './assigned-values.ts'
import { computeValues } from './compute-values.ts'
import type { Execution } from './execution.ts'
import { firstAble } from './first-able.ts'
import { judge } from './judge.ts'
import { locksAsked, noteLocks } from './named-locks.ts'
import { ownTexts } from './row-texts.ts'
import { withoutSelectLimit } from './select-limit.ts'
import { type PortOptions, SessionPort, type SessionPortContext } from './session-port.ts'
import type { StatementReader } from './statement-reader.ts'
import { settingsOfStatement } from './statement-settings.ts'
import { textExecution } from './text-execution.ts'
import { carriesAny, giveInsertId, takeVariables } from './user-variables.ts'

export interface EvaluateContext extends SessionPortContext, CatalogueContext {
  readonly proxy: CatalogueContext['proxy'] &
    SessionPortContext['proxy'] &
    Pick<ProxyContext, 'limits' | 'judgements' | 'inKeyspaceNames'>
  readonly client: SessionPortContext['client']
  readonly state: SessionState
  readonly reader: StatementReader
}

/** What expressions came to, and the warnings on the way. */
export interface Evaluated {
  readonly values: readonly VariableValue[]
  readonly conditions: readonly Condition[]
}

/**
 * Computes expressions as a SELECT of them would: planned, over the shards that they ask, in the session's transaction and
 * with its settings. Constants and user variables need no server, and a subquery is a query of its own. Throws what MySQL
 * says of any of them.
 */
export async function evaluate(context: EvaluateContext, exprs: readonly Expr[]): Promise<Evaluated> {
  const conditions: Condition[] = []
  const plain: Expr[] = []
  const known = new Map<number, VariableValue>()
  for (const [i, expr] of exprs.entries()) {
    // Its value has the column's very type, which no literal tells.
    if (isScalar(expr)) known.set(i, await valueOfSubquery(context, expr, conditions))
    plain.push(known.has(i) ? expr : await withoutSubqueries(context, expr, conditions))
  }
  // A variable may be assigned on the way: `SET @a = (@b := 1), @c = @b`.
  const assigns = someNode(plain, ({ kind }) => kind === 'Assign')
  const constants = plain.map((expr, i) =>
    assigns && expr.kind === 'UserVariable'
      ? undefined
      : (known.get(i) ?? variableOf(expr, context.state, context.proxy)),
  )
  const computed = plain.filter((_, i) => constants[i] === undefined)
  if (computed.length === 0) return { values: constants.filter((each) => each !== undefined), conditions }
  const answer = (await valuesAsAssigned(context, computed)) ?? (await selected(context, computed))
  const left = [...answer.values]
  return {
    values: constants.map((value) => value ?? left.shift()!),
    conditions: [...conditions, ...answer.conditions],
  }
}

async function selected(context: EvaluateContext, exprs: readonly Expr[]): Promise<Evaluated> {
  const { rows, conditions } = await select(context, `SELECT ${exprs.map(print).join(', ')}`)
  return { values: rows[0]!, conditions }
}

/** The expression with what its subqueries came to in their places: they see no row that they could depend on. */
export async function withoutSubqueries(
  context: EvaluateContext,
  expr: Expr,
  conditions: Condition[],
): Promise<Expr> {
  const values = new Map<AnyNode, Literal>()
  for (const node of subqueriesOf(expr)) {
    const text =
      node.kind === 'Exists'
        ? await existence(context, node, conditions)
        : (await valueOfSubquery(context, node, conditions)).text
    values.set(node, literalOf(text, node))
  }
  return values.size === 0 ? expr : rewrite(expr, (node) => values.get(node))
}

async function existence(context: EvaluateContext, node: Exists, conditions: Condition[]): Promise<string> {
  const answer = await select(context, someRowOf(node))
  conditions.push(...answer.conditions)
  return answer.rows.length > 0 ? '1' : '0'
}

async function valueOfSubquery(
  context: EvaluateContext,
  { query }: Subquery,
  conditions: Condition[],
): Promise<VariableValue> {
  const answer = await select(context, print(query))
  conditions.push(...answer.conditions)
  if (answer.rows.length > 1) throw new SqlError('ER_SUBQUERY_NO_1_ROW', 'Subquery returns more than 1 row')
  return answer.rows[0]?.[0] ?? answer.nulls[0] ?? FIRST_NULL
}

function isScalar(node: Expr): node is Subquery {
  return node.kind === 'Subquery' && hasOneColumn(node.query)
}

/** One row is enough to see that there are some. */
function someRowOf({ query: { query } }: Exists): string {
  const isOpen = query.kind === 'Select' && query.limit === undefined && query.locks === undefined
  return isOpen ? `${print(query)} LIMIT 1` : print(query)
}

function literalOf(text: string, { span }: Subquery | Exists): Literal {
  return { kind: 'Literal', type: typeOf(text), text, span }
}

function typeOf(text: string): Literal['type'] {
  if (text === 'NULL') return 'Null'
  if (/^-?\d+$/.test(text)) return 'Int'
  if (/^-?[\d.]+$/.test(text)) return 'Decimal'
  return /^-?[\d.]/.test(text) ? 'Float' : 'String'
}

/** Outermost ones that are a value: one column, or EXISTS. Those of IN, ANY and rows are left to the planner. */
function subqueriesOf(expr: Expr): readonly (Subquery | Exists)[] {
  const found: (Subquery | Exists)[] = []
  visit(expr, (node) => {
    if (node.kind === 'Exists' || (node.kind === 'Subquery' && hasOneColumn(node.query))) found.push(node)
    else if (node.kind !== 'Subquery' && node.kind !== 'In' && node.kind !== 'Quantified') return undefined
    return 'skip'
  })
  return found
}

function hasOneColumn(query: Query): boolean {
  switch (query.kind) {
    case 'Select':
      return query.items.length === 1 && query.items[0]!.kind === 'SelectExpr'
    case 'SetOperation':
      return hasOneColumn(query.operands[0]!)
    case 'NestedQuery':
      return hasOneColumn(query.query)
    default:
      return false
  }
}

/** Enough to see that there is more than one. */
const ROWS_MAX = 2

export interface Answer {
  readonly rows: readonly (readonly VariableValue[])[]
  /** NULL of each column's type. */
  readonly nulls: readonly VariableValue[]
  readonly conditions: readonly Condition[]
}

/** A query of the session's own, planned and run as the client's are. Reads no more than `rowsMax` rows. */
export async function select(
  context: EvaluateContext,
  sql: string,
  rowsMax = ROWS_MAX,
  options?: PortOptions,
): Promise<Answer> {
  const { state, shards, reader, memory } = context
  const { isMariadb } = context.proxy
  const execution = await ofServers(context, textExecution(reader.current, sql))
  const { plan, bindings, reading } = execution
  const own = settingsOfStatement(context, plan, state.settings)
  const settings = withoutSelectLimit(ownTexts(own))
  const port = new SessionPort(context, execution, settings, undefined, options)
  await computeValues(context, execution)
  const begun = beginPlan(plan, bindings, shards)
  let lane: Lane | undefined
  let stream: RowStream
  if (begun.kind === 'OneShard') {
    const { keyspace, shard, query } = begun
    const target = shards.target(keyspace, shard, reading.target.tabletType)
    if (plan.reserves !== undefined || carriesAny(plan))
      lane = await reachOwn(context, { plan, settings }, target)
    else if (plan.namedLocks !== undefined) lane = context.transaction.lane(target)
    ;[stream] = (await port.openStreams({ keyspace, shards: [shard], query })) as [RowStream]
  } else {
    const run = { bindings, shards, port, format: 'text', memory, limits: context.proxy.limits } as const
    const outcome = await firstAble(context, execution, run, {
      async byRules() {
        const columns = await judge(context, execution, settings)
        return begun.run({ ...run, columns })
      },
      place: (other) => computeValues(context, other),
    })
    assert(outcome.kind === 'Rows', 'a query answers rows')
    stream = outcome.stream
  }
  const rows = await firstRows(stream, rowsMax)
  if (lane !== undefined && carriesAny(plan)) await takeVariables(lane.lease, { state, isMariadb }, plan)
  if (lane !== undefined && plan.namedLocks !== undefined)
    await noteLocks(lane, locksAsked(plan.namedLocks, bindings))
  const columns = stream.columns.map(({ definition }) => definition)
  const texts = { collation: connectionCollation(settings), flavor: isMariadb ? 'mariadb' : 'mysql' } as const
  return {
    rows: rows.map((row) => valuesOfRow(columns, row, texts)),
    nulls: columns.map((column) => valueOfCell(column, null, texts)),
    conditions: (await port.conditions()).conditions,
  }
}

/** What asks information_schema asks servers for rows that have been put together. */
async function ofServers(context: EvaluateContext, execution: Execution): Promise<Execution> {
  const { plan, sql, reading } = execution
  if (plan.root.kind !== 'Session') return execution
  const statement = reading.parse(sql)
  return textExecution(reading, await catalogueText(context, { sql, statement, reading }))
}

/** What an expression leaves on its connection (GET_LOCK()), or assigns there (`(@a := 1)`, `LAST_INSERT_ID(1)`), needs one of the session's own: that stays, or until this has been read. */
async function reachOwn(
  context: EvaluateContext,
  { plan, settings }: { readonly plan: Plan; readonly settings: Settings },
  target: ShardTarget,
): Promise<Lane> {
  const { state, transaction, interruption } = context
  const lane = await transaction.reach(target, settings, interruption)
  if (plan.reserves !== undefined) lane.reserve(plan.reserves)
  if (plan.setsInsertId === true) await lane.query(giveInsertId(state))
  return lane
}

async function firstRows(stream: RowStream, rowsMax: number): Promise<readonly Buffer[]> {
  const rows: Buffer[] = []
  try {
    while (rows.length < rowsMax) {
      const batch = await stream.next()
      if (batch === undefined) break
      rows.push(...batch.slice(0, rowsMax))
    }
  } finally {
    await stream.close()
  }
  return rows
}
