import { bindQuery } from '../../engine/bind.ts'
import { conformable } from '../../engine/conform.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import type { StreamColumn } from '../../engine/row-stream.ts'
import { ServerError } from '../../errors/server-error.ts'
import { describeStatement } from '../../mysql/client/describe.ts'
import type { Shortcut } from '../../plan/plan.ts'
import type { Route, RowsPrimitive } from '../../plan/primitives.ts'
import type { QueryText } from '../../plan/text.ts'
import type { Settings } from '../../tablet/settings.ts'
import { type DescribeContext, describeOverCopies, type OverCopies } from './describe-over-copies.ts'
import type { Execution } from './execution.ts'
import type { Judgements } from './judgements.ts'
import { onOwnConnection } from './on-own-connection.ts'
import { requireWritable } from './require-writable.ts'
import { streamColumn } from './stream-column.ts'
import { columnsOfUnion } from './union-columns.ts'

/** The columns of the whole statement as MySQL derives them. */
type Columns = readonly StreamColumn[]

export interface JudgeContext extends DescribeContext {
  readonly proxy: DescribeContext['proxy'] & {
    readonly judgements: Judgements
    readonly isMariadb: boolean
  }
}

/** There is nothing against the statement: it cannot be prepared at all (@@warning_count), or not one more for now. */
const UNPREPARED: ReadonlySet<number> = new Set([1295, 1461])

/**
 * MySQL judges names and types: before shards get a text that is not the client's own, one of them prepares that very
 * statement, and what it says against it is the client's error. Once a plan and settings, for sql_mode and its kin decide;
 * where the columns of the answer are at stake, once a text where literals decide them. Throws what MySQL says.
 *
 * Answers the columns of `Plan.judged`; undefined where those of the shards' rows are as good.
 */
export function judge(
  context: JudgeContext,
  execution: Execution,
  settings: Settings,
): Columns | undefined | Promise<Columns | undefined> {
  const { plan } = execution
  const { judged, shortcut, judgedOver } = plan
  if (judged !== undefined && judgedOver !== undefined) return judgeOverCopies(context, execution, settings)
  if (judged === undefined || shortcut === undefined) return undefined
  const key = keyOf(judged === 'columns by text' ? textOf(shortcut.query, execution) : undefined, settings)
  const known = context.proxy.judgements.get(plan, key)
  if (known === undefined) return ask(context, execution, { settings, shortcut, key })
  return judged === 'names' ? undefined : known
}

/** A statement that writes, with tables of several keyspaces. */
async function judgeOverCopies(
  context: JudgeContext,
  execution: Execution,
  settings: Settings,
): Promise<undefined> {
  const { plan, reading, sql } = execution
  requireWritable(context, plan)
  const key = keyOf(undefined, settings)
  if (context.proxy.judgements.get(plan, key) !== undefined) return
  const { keyspace, copies } = plan.judgedOver!
  const over: OverCopies = { copies, beside: { kind: 'Tables', keyspace } }
  await describeOverCopies(context, over, execution, settings, reading.scan(sql))
  context.proxy.judgements.set(plan, key, [])
}

async function ask(
  context: JudgeContext,
  execution: Execution,
  question: Question,
): Promise<Columns | undefined> {
  const { plan } = execution
  const columns = await askAll(context, execution, question)
  context.interruption.throwIfKilled()
  if (columns === undefined) return undefined
  context.proxy.judgements.set(plan, question.key, columns)
  return plan.judged === 'names' ? undefined : columns
}

/** What a judgement depends on beside the plan. */
function keyOf(text: string | undefined, { key, variables }: Settings): string {
  if (text === undefined && variables === undefined) return key
  const types = [...(variables ?? [])].map(([name, { type }]) => `${name} ${type}`)
  return [key, text ?? '', ...types].join('\0')
}

interface Question {
  readonly settings: Settings
  readonly shortcut: Shortcut
  /** Under which the answer is kept. */
  readonly key: string
}

/** Undefined where the server prepares nothing, and the columns can be done without. */
async function askAll(
  context: JudgeContext,
  execution: Execution,
  { settings, shortcut }: Question,
): Promise<Columns | undefined> {
  const { root, judged } = execution.plan
  const routes = root.kind === 'Concatenate' ? partsOf(root) : []
  try {
    return await onShard(context, execution, shortcut, settings, async (describe) => {
      const whole = await describe(textOf(shortcut.query, execution))
      if (routes.length === 0) return whole
      const parts: Columns[] = []
      for (const { route, drop } of routes) {
        const shown = await describe(textOf(route.query, execution))
        parts.push(drop === 0 ? shown : shown.slice(0, -drop))
      }
      const columns = columnsOfUnion(whole, parts, context.proxy)
      for (const part of parts) conformable(part, columns) // before any row has gone to the client
      return columns
    })
  } catch (error) {
    const isUnprepared = error instanceof ServerError && UNPREPARED.has(error.errno)
    if (isUnprepared && judged === 'names') return undefined
    throw error
  }
}

function textOf(query: QueryText, { bindings, sql }: Execution): string {
  const bound = bindQuery(query, bindings)
  return bound.kind === 'Verbatim' ? sql : bound.sql
}

interface Part {
  readonly route: Route
  /** Hidden columns at its end. */
  readonly drop: number
}

/** The parts of a UNION ALL, as shards are asked for them. */
function partsOf(node: RowsPrimitive, drop = 0): readonly Part[] {
  if (node.kind === 'Route') return [{ route: node, drop }]
  if (node.kind === 'Concatenate') return node.inputs.flatMap((input) => partsOf(input))
  if (node.kind === 'Truncate') return partsOf(node.input, node.drop)
  return 'input' in node ? partsOf(node.input, drop) : []
}

type Describe = (sql: string) => Promise<Columns>

/** On a shard that the statement reaches anyhow. */
function onShard<T>(
  context: JudgeContext,
  { bindings, reading }: Execution,
  { routing }: Shortcut,
  settings: Settings,
  work: (describe: Describe) => Promise<T>,
): Promise<T> {
  const { shards } = context
  const [shard] = shardsMet(routing, bindings, shards)
  const target = shards.target(routing.keyspace, shard!, reading.target.tabletType)
  return onOwnConnection(context, { target, settings, begins: true }, (lease, send) =>
    work(async (sql) => {
      const { columns } = await describeStatement(sql, send)
      return columns.map((payload) => streamColumn(payload, lease.tablet))
    }),
  )
}
