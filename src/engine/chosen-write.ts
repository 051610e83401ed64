import { groupBy } from '../base/group-by.ts'
import { ServerError } from '../errors/server-error.ts'
import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { QueryText } from '../plan/text.ts'
import type { ChosenWrite, Upkeep } from '../plan/write-primitives.ts'
import { bindQuery } from './bind.ts'
import type { BoundQuery } from './bindings.ts'
import { isOfForeignKey, warningOf } from './foreign-keys.ts'
import type { Outcome } from './outcome.ts'
import { beneath, StreamRows } from './outer-rows.ts'
import { type ReadRows, readFirst, textOf } from './read-first.ts'
import { anyShardIndex, resolveRouting } from './resolve.ts'
import { answering, inTurn, type ReturnedRows } from './returning.ts'
import type { Row } from './row-stream.ts'
import type { RunContext } from './run-context.ts'
import type { WriteAnswer } from './shard-port.ts'
import { throwAsStrict } from './strict-conditions.ts'
import { type Changed, followRows } from './upkeep.ts'
import { isWritable } from './writable.ts'
import { behind, sumAnswers } from './write.ts'

/** Chooses the rows, and has each shard change its own. Throws what a condition on a value is in strict mode. */
export async function runChosenWrite(node: ChosenWrite, context: RunContext): Promise<Outcome> {
  const parts = [node, ...(node.others ?? [])]
  const chosen: ReadRows[] = []
  try {
    for (const part of parts)
      chosen.push(await readFirst(part, context, part.isWhole ? undefined : part.keyWidth))
    return await changeRows(parts, chosen, context)
  } finally {
    for (const { bytes } of chosen) context.memory.give(bytes)
  }
}

async function changeRows(
  parts: readonly ChosenWrite[],
  chosen: readonly ReadRows[],
  context: RunContext,
): Promise<Outcome> {
  const { bindings, shards, port } = context
  const [{ ignore, verb }] = parts as readonly [ChosenWrite]
  const told = await port.conditions()
  // MariaDB warns of what a condition compares.
  if (shards.insertMode.isStrict && !ignore && !bindings.isMariadb) throwAsStrict(told.conditions)
  for (const [i, part] of parts.entries()) checkAssigned(chosen[i]!, part)
  const [{ returning }] = parts as readonly [ChosenWrite]
  if (returning !== undefined)
    return answering(await deleteReturning(parts[0]!, returning, chosen[0]!, context))
  const answers: WriteAnswer[] = []
  for (const [i, part] of parts.entries()) answers.push(...(await changeOf(part, chosen[i]!, context)))
  const sum = sumAnswers(answers, port)
  // MariaDB says nothing of a condition that it need not ask any row.
  const info = sum.info === '' && verb === 'update' ? NOTHING_MATCHED : sum.info
  return { kind: 'Ok', ...behind(told, { ...sum, info }) }
}

/** In the order in which rows were chosen. */
async function deleteReturning(
  node: ChosenWrite,
  nothing: QueryText,
  chosen: ReadRows,
  context: RunContext,
): Promise<ReturnedRows> {
  const { keyspace } = node.routing
  const { columns, format, rows } = chosen
  if (rows.length === 0) {
    const shard = context.shards.pick(keyspace, context.shards.shardsOf(keyspace).length)
    return inTurn([{ keyspace, shards: [shard], query: bindQuery(nothing, context.bindings) }], context)
  }
  const steps = rows.flatMap((row) => [...byShard({ ...chosen, rows: [row] }, node, context)])
  const queries = steps.map(([shard, own]) => {
    const outer = new StreamRows(own, columns, format, node.charsets)
    return { keyspace, shards: [shard], query: bindQuery(node.query, beneath(context.bindings, outer)) }
  })
  return inTurn(queries, context)
}

/** One step after the other, each on all shards that have rows for it. */
async function changeOf(
  node: ChosenWrite,
  chosen: ReadRows,
  context: RunContext,
): Promise<readonly WriteAnswer[]> {
  const { bindings, port } = context
  const { upkeep, keyWidth, charsets, routing, construct } = node
  const { keyspace } = routing
  const told = { keyspace, keyWidth, charsets, routing, construct, movable: new Set<number>() }
  const answers: WriteAnswer[] = []
  for (const step of stepsOf(chosen, node, context)) {
    const writes = step.map(([shard, rows]) => {
      const own = new StreamRows(rows, chosen.columns, chosen.format, node.charsets)
      const query = bindQuery(node.query, beneath(bindings, own))
      return { keyspace, shard, query: node.isWhole ? limited(query, rows.length) : query }
    })
    const run = async (): Promise<readonly WriteAnswer[]> => {
      const all = await port.write(writes)
      // Copies of one table do all the same: the first speaks for them.
      const written = node.replicated === true ? all.slice(0, 1) : all
      if (upkeep !== undefined)
        for (const [shard, rows] of step)
          await followStep(node, upkeep, { ...told, shard, before: { ...chosen, rows } }, context)
      return written
    }
    const mayLeaveOut = node.ignore && upkeep?.foreignKeys !== undefined
    answers.push(
      ...(await (mayLeaveOut ? port.attempt(run).catch((error) => leftOut(error, node, context)) : run())),
    )
  }
  return answers
}

function limited(query: BoundQuery, count: number): BoundQuery {
  return query.kind === 'Text' ? { ...query, sql: `${query.sql} LIMIT ${count}` } : query
}

/** IGNORE: a row with a foreign key in its way stays as it is, of which a server warns; MariaDB does not where it is updated. */
function leftOut(
  error: unknown,
  { verb }: ChosenWrite,
  { bindings, shards }: RunContext,
): readonly WriteAnswer[] {
  if (!isOfForeignKey(error)) throw error
  const isTold = !bindings.isMariadb || verb === 'delete'
  const conditions = isTold ? [warningOf(error)] : []
  const info = verb === 'update' ? `Rows matched: 1  Changed: 0  Warnings: ${conditions.length}` : ''
  const affectedRows = verb === 'update' && shards.countsFound ? 1 : 0
  return [{ affectedRows, lastInsertId: 0, warnings: conditions.length, info, conditions }]
}

async function followStep(
  { ignore }: ChosenWrite,
  upkeep: Upkeep,
  changed: Changed,
  context: RunContext,
): Promise<void> {
  try {
    await followRows(upkeep, changed, context)
  } catch (error) {
    throw ignore && isDuplicate(error)
      ? notSupported(`IGNORE of a value that a row of another shard has`)
      : error
  }
}

/** Of a row that is entered, or moved. */
function isDuplicate(error: unknown): boolean {
  if (error instanceof SqlError) return error.code === 'ER_DUP_ENTRY'
  return error instanceof ServerError && error.errno === ER_DUP_ENTRY
}

const ER_DUP_ENTRY = 1062

const NOTHING_MATCHED = 'Rows matched: 0  Changed: 0  Warnings: 0'

type Step = readonly (readonly [shard: number, rows: readonly Row[]])[]

/**
 * What shards do at once: each writes rows that get the same values. Without any row one shard says what there is to say of the
 * statement.
 */
function stepsOf(chosen: ReadRows, node: ChosenWrite, context: RunContext): readonly Step[] {
  const { shards } = context
  if (node.upkeep?.oneByOne === true && chosen.rows.length > 0)
    return chosen.rows.map((row) => [...byShard({ ...chosen, rows: [row] }, node, context)])
  const parts = [...byShard(chosen, node, context)].sort(([a], [b]) => a - b)
  if (parts.length === 0) {
    const { keyspace } = node.routing
    return [[[shards.pick(keyspace, shards.shardsOf(keyspace).length), []]]]
  }
  const groups = parts.map(([shard, rows]) => ({ shard, groups: alikeIn(rows, chosen, node) }))
  const count = Math.max(...groups.map((each) => each.groups.length))
  return Array.from({ length: count }, (_, i) =>
    groups.flatMap((each) => {
      const rows = each.groups[i]
      return rows === undefined ? [] : [[each.shard, rows] as const]
    }),
  )
}

/** Rows with the same values to be written. */
function alikeIn(
  rows: readonly Row[],
  { columns, format }: ReadRows,
  { assigned, isWhole }: ChosenWrite,
): readonly (readonly Row[])[] {
  const from = isWhole ? 0 : assigned[0]?.column
  if (from === undefined) return [rows]
  return [...groupBy(rows, textOf(columns.length, columns, format, from)).values()]
}

function byShard(
  { rows, columns, format }: ReadRows,
  node: ChosenWrite,
  { bindings, shards }: RunContext,
): ReadonlyMap<number, readonly Row[]> {
  if (node.replicated === true && rows.length > 0)
    return new Map(shards.shardsOf(node.routing.keyspace).map((_, shard) => [shard, rows]))
  return groupBy(rows, (row) => {
    const cells = beneath(bindings, new StreamRows([row], columns, format, node.charsets))
    const met = resolveRouting(node.routing, cells, shards.shardsOf)
    if (typeof met !== 'number' || met === anyShardIndex)
      throw notSupported(`${node.construct}, for a row whose vindex columns do not tell its shard,`)
    return met
  })
}

/** A literal of some types is not what the value was: throws ER_NOT_SUPPORTED_YET naming the column. */
function checkAssigned({ columns }: ReadRows, { assigned, construct }: ChosenWrite): void {
  for (const { column, name, into } of assigned)
    if (!isWritable(columns[column]!, into))
      throw notSupported(`${construct}, where '${name}' gets a value that has no exact literal,`)
}
