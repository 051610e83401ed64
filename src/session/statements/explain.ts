import { beginPlan } from '../../engine/begin-plan.ts'
import { bindQuery } from '../../engine/bind.ts'
import type { BoundQuery } from '../../engine/bindings.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import type { ColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeTextRow, type TextCell } from '../../mysql/codec/text-row.ts'
import type { Primitive, Route } from '../../plan/primitives.ts'
import { printPlan } from '../../plan/print-plan.ts'
import type { Explain } from '../../sql/ast.ts'
import { inKeyspaceNames } from '../../tablet/keyspace-names.ts'
import { describePlan } from '../prepared/describe-plan.ts'
import { textColumn } from '../show/columns.ts'
import type { Execution } from './execution.ts'
import type { Reading } from './reading.ts'
import { answerMetadata, type RunContext } from './run-statement.ts'
import { textExecution } from './text-execution.ts'
import { type VExplainContext, vexplain } from './vexplain.ts'

export type ExplainContext = RunContext & VExplainContext

/** What a shard makes of its part of a statement: the answer to its EXPLAIN. */
interface ExplainedPart {
  /** `keyspace/shard`. */
  readonly shard: string
  readonly query: string
  readonly columns: readonly ColumnDef[]
  readonly rows: readonly (readonly TextCell[])[]
}

/**
 * EXPLAIN as the shard answers it that would run the statement; of several shards the proxy's plan, and below it what each shard
 * makes of the query that it would be sent. In the client's format: traditional rows, a tree, or JSON.
 */
export async function explain(
  context: ExplainContext,
  statement: Explain,
  execution: Execution,
): Promise<void> {
  if (statement.format === 'VITESS')
    return vexplain(context, { statement: statement.statement }, execution.sql)
  const { shards, state, proxy, singleShard, replies } = context
  const { head, text } = partsOf(statement, execution.sql)
  const inner = textExecution(execution.reading, text)
  const begun = beginPlan(inner.plan, inner.bindings, shards)
  if (begun.kind === 'OneShard') {
    const { keyspace, shard } = begun
    const query = { kind: 'Text', sql: head + textOf(begun.query, text), params: [] } as const
    if (proxy.gateway.renamed.length > 0)
      return answerMetadata(context, execution, { keyspace, shard, query, settings: state.settings })
    const to = shards.target(keyspace, shard, execution.reading.target.tabletType)
    return singleShard.relayTo(to, execution.ofText(query), { read: true, onRelayed: execution.onRelayed })
  }
  const parts = await explainParts(context, head, inner)
  replies.resultSet(tableOf(statement, printPlan(inner.plan).split('\n'), parts))
}

/** For COM_STMT_PREPARE: where the statement can be described, and as what. */
export function explainedAnywhere(
  statement: Explain,
  { sql, reading }: { readonly sql: string; readonly reading: Reading },
): { readonly keyspace: string; readonly sql: string } {
  const { head, text } = partsOf(statement, sql)
  const { plan, bindings } = textExecution(reading, text)
  const described = describePlan(plan, bindings)
  return { keyspace: described.keyspace, sql: head + (described.sql ?? text) }
}

function partsOf({ statement: { span } }: Explain, sql: string) {
  return { head: sql.slice(0, span.start), text: sql.slice(span.start, span.end) }
}

function textOf(query: BoundQuery, text: string): string {
  return query.kind === 'Text' ? query.sql : text
}

async function explainParts(
  { shards, proxy }: ExplainContext,
  head: string,
  { plan, bindings, sql }: Execution,
): Promise<readonly ExplainedPart[]> {
  const asked = routesIn(plan.root).flatMap(({ routing, query: text }) => {
    const query = textOf(bindQuery(text, bindings), sql)
    return shardsMet(routing, bindings, shards).map((shard) => ({ keyspace: routing.keyspace, shard, query }))
  })
  const named = (cell: Buffer | null) =>
    cell === null ? null : Buffer.from(inKeyspaceNames(cell.toString(), proxy.gateway.renamed))
  return await Promise.all(
    asked.map(async ({ keyspace, shard, query }): Promise<ExplainedPart> => {
      const { columns, rows } = await shards.askOn(shards.target(keyspace, shard), head + query)
      return {
        shard: `${keyspace}/${shards.of(keyspace).shards[shard]!.name}`,
        query: Buffer.from(query, 'latin1').toString(),
        columns: columns.map(decodeColumnDef),
        rows: rows.map((row) => decodeTextRow(row, columns.length).map(named)),
      }
    }),
  )
}

type Sent = Pick<Route, 'routing' | 'query'>

/** What a plan sends to shards without having read anything before. */
function routesIn(node: Primitive): readonly Sent[] {
  if (node.kind === 'Route' || node.kind === 'Write') return [node]
  if ('input' in node) return routesIn(node.input)
  return 'inputs' in node ? node.inputs.flatMap(routesIn) : []
}

function tableOf(statement: Explain, plan: readonly string[], parts: readonly ExplainedPart[]) {
  const format = statement.format ?? (statement.analyze ? 'TREE' : 'TRADITIONAL')
  const columns = parts[0]?.columns ?? []
  if (columns.length > 1) return { columns, rows: traditionalRows(columns, plan, parts) }
  const text = format === 'JSON' ? jsonText(plan, parts) : treeText(plan, parts)
  return {
    columns: columns.length === 1 ? columns : [textColumn('EXPLAIN', 1024)],
    rows: [[Buffer.from(text)]],
  }
}

/** Rows that stand for what is no table: the plan's lines in the last column, and each shard, with its query there, above its rows. */
function traditionalRows(
  columns: readonly ColumnDef[],
  plan: readonly string[],
  parts: readonly ExplainedPart[],
): readonly (readonly TextCell[])[] {
  const extra = columns.length - 1
  const row = (type: string, table: string | null, text: string): readonly TextCell[] =>
    columns.map(({ name }, i) => {
      if (name === 'select_type') return Buffer.from(type)
      if (name === 'table') return table === null ? null : Buffer.from(table)
      return i === extra ? Buffer.from(text) : null
    })
  return [
    ...plan.map((line) => row('PLAN', null, line)),
    ...parts.flatMap(({ shard, query, rows }) => [row('SHARD', shard, query), ...rows]),
  ]
}

function treeText(plan: readonly string[], parts: readonly ExplainedPart[]): string {
  const lines = parts.flatMap(({ shard, query, rows }) => [
    `-> ${shard}: ${query}`,
    ...rows.flatMap(([cell]) =>
      String(cell)
        .trimEnd()
        .split('\n')
        .map((line) => `    ${line}`),
    ),
  ])
  return [...plan, ...lines].join('\n')
}

function jsonText(plan: readonly string[], parts: readonly ExplainedPart[]): string {
  const shards = parts.map(({ shard, query, rows }) => ({
    shard,
    query,
    explain: JSON.parse(String(rows[0]?.[0] ?? 'null')) as unknown,
  }))
  return JSON.stringify({ plan, shards }, undefined, 2)
}
