import { beginPlan } from '../../engine/begin-plan.ts'
import type { ColumnDef } from '../../mysql/codec/column-def.ts'
import type { TextCell } from '../../mysql/codec/text-row.ts'
import { printPlan } from '../../plan/print-plan.ts'
import type { Explain } from '../../sql/ast.ts'
import { describePlan } from '../prepared/describe-plan.ts'
import { textColumn } from '../show/columns.ts'
import type { Execution } from './execution.ts'
import { type ExplainedPart, explainParts, textOf } from './explain-parts.ts'
import { placeValues } from './place-values.ts'
import type { Reading } from './reading.ts'
import { answerMetadata, type RunContext } from './run-statement.ts'
import { textExecution } from './text-execution.ts'
import { variablesIn, withVariables } from './user-variables.ts'
import { type VExplainContext, vexplain } from './vexplain.ts'

export type ExplainContext = RunContext & VExplainContext

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
  const settings = withVariables(state.settings, state, variablesIn(statement), true)
  const { head, text } = partsOf(statement, execution.sql)
  const inner = textExecution(execution.reading, text)
  await placeValues(context, inner)
  const begun = beginPlan(inner.plan, inner.bindings, shards)
  if (begun.kind === 'OneShard') {
    const { keyspace, shard } = begun
    const query = { kind: 'Text', sql: head + textOf(begun.query, text), params: [] } as const
    if (proxy.gateway.renamed.length > 0)
      return answerMetadata(context, execution, { keyspace, shard, query, settings })
    const to = shards.target(keyspace, shard, execution.reading.target.tabletType)
    return singleShard.relayTo(to, execution.ofText(query), {
      settings,
      read: true,
      onRelayed: execution.onRelayed,
    })
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
    ...parts.flatMap(({ keyspace, name, query, rows }) => [
      row('SHARD', `${keyspace}/${name}`, query),
      ...rows,
    ]),
  ]
}

function treeText(plan: readonly string[], parts: readonly ExplainedPart[]): string {
  const lines = parts.flatMap(({ keyspace, name, query, rows }) => [
    `-> ${keyspace}/${name}: ${query}`,
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
  const shards = parts.map(({ keyspace, name, query, rows }) => ({
    shard: `${keyspace}/${name}`,
    query,
    explain: parsedPlan(String(rows[0]?.[0] ?? 'null')),
  }))
  return JSON.stringify({ plan, shards }, undefined, 2)
}

/** With end_markers_in_json MySQL puts the key of what ends there in a comment behind it. */
export function parsedPlan(json: string): unknown {
  return JSON.parse(json.replaceAll(/(?<=^ *[}\]]) \/\* \w+ \*\//gm, ''))
}
