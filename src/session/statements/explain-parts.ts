import { bindQuery } from '../../engine/bind.ts'
import type { Bindings, BoundQuery } from '../../engine/bindings.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import { type ColumnDef, decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeTextRow, type TextCell } from '../../mysql/codec/text-row.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Primitive, Route } from '../../plan/primitives.ts'
import type { Gateway } from '../../tablet/gateway.ts'
import { inKeyspaceNames } from '../../tablet/keyspace-names.ts'
import type { Execution } from './execution.ts'
import type { ShardAccess } from './shard-access.ts'

/** What a shard makes of its part of a statement: the answer to its EXPLAIN. */
export interface ExplainedPart {
  readonly keyspace: string
  /** The shard's name. */
  readonly name: string
  readonly query: string
  readonly columns: readonly ColumnDef[]
  readonly rows: readonly (readonly TextCell[])[]
}

interface ExplainContext {
  readonly proxy: { readonly gateway: Gateway }
  readonly shards: ShardAccess
}

/** Each shard's EXPLAIN of what the plan would send there. `head`: what stands in front of a query to have it explained. */
export async function explainParts(
  context: ExplainContext,
  head: string,
  { plan, bindings, sql }: Execution,
): Promise<readonly ExplainedPart[]> {
  const asked = sentBy(plan, bindings, context.shards).flatMap(({ routing, query: text }) => {
    const query = textOf(bindQuery(text, bindings), sql)
    return shardsMet(routing, bindings, context.shards).map((shard) => ({
      keyspace: routing.keyspace,
      shard,
      head,
      query,
    }))
  })
  return await Promise.all(asked.map((each) => explainQuery(context, each, plan.userVariables)))
}

export async function explainQuery(
  { proxy, shards }: ExplainContext,
  {
    keyspace,
    shard,
    head,
    query,
  }: { readonly keyspace: string; readonly shard: number; readonly head: string; readonly query: string },
  variables: readonly string[],
): Promise<ExplainedPart> {
  const named = (cell: Buffer | null) =>
    cell === null ? null : Buffer.from(inKeyspaceNames(cell.toString(), proxy.gateway.renamed))
  const { columns, rows } = await shards.askOn(shards.target(keyspace, shard), head + query, variables)
  return {
    keyspace,
    name: shards.of(keyspace).shards[shard]!.name,
    query: Buffer.from(query, 'latin1').toString(),
    columns: columns.map(decodeColumnDef),
    rows: rows.map((row) => decodeTextRow(row, columns.length).map(named)),
  }
}

export function textOf(query: BoundQuery, text: string): string {
  return query.kind === 'Text' ? query.sql : text
}

/** One shard gets the statement itself. */
function sentBy({ root, shortcut }: Plan, bindings: Bindings, shards: ShardAccess): readonly Sent[] {
  const isOne = shortcut !== undefined && shardsMet(shortcut.routing, bindings, shards).length === 1
  return isOne ? [shortcut] : routesIn(root)
}

type Sent = Pick<Route, 'routing' | 'query'>

/** What a plan sends to shards without having read anything before. */
function routesIn(node: Primitive): readonly Sent[] {
  if (node.kind === 'Route' || node.kind === 'Write') return [node]
  if (node.kind === 'WriteOverCopies') return routesIn(node.copies)
  if (node.kind === 'Join') return routesIn(node.left.rows)
  if (node.kind === 'PullOut') return node.subqueries.flatMap(({ rows }) => routesIn(rows))
  if (node.kind === 'Federate')
    return [...node.groups, ...node.copies].flatMap(({ rows }) =>
      rows.kind === 'Pulled' ? routesIn(rows.rows) : [],
    )
  if ('input' in node) return routesIn(node.input)
  return 'inputs' in node ? node.inputs.flatMap(routesIn) : []
}
