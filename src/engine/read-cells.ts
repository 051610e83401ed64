import { notSupported } from '../errors/sql-error.ts'
import type { ReadCells, SplitInsert } from '../plan/write-primitives.ts'
import { runInsert } from './insert.ts'
import { rowsOf } from './insert-rows.ts'
import { InsertSplit } from './insert-split.ts'
import type { Outcome } from './outcome.ts'
import { beneath, StreamRows } from './outer-rows.ts'
import { readFirst } from './read-first.ts'
import { answering, insertReturning } from './returning.ts'
import type { RunContext } from './run-context.ts'
import { throwAsStrict } from './strict-conditions.ts'
import { withToldCells } from './told-cells.ts'
import { isWritable } from './writable.ts'
import { behind } from './write.ts'

/** Inserts rows of VALUES in which there are values of queries, which are asked first. */
export async function insertReadCells(
  insert: SplitInsert,
  reads: ReadCells,
  context: RunContext,
): Promise<Outcome> {
  const { shards, port, memory } = context
  const { rows, columns, format, bytes } = await readFirst(reads, context)
  try {
    for (const [i, column] of columns.entries())
      if (!isWritable(column, reads.into[i]!))
        throw notSupported(`${reads.construct}, which gives a value that has no exact literal,`)
    const told = await port.conditions()
    if (shards.insertMode.isStrict && !insert.ignore) throwAsStrict(told.conditions)
    const bindings = beneath(context.bindings, new StreamRows(rows, columns, format))
    const mode = { bindings, shardsOf: shards.shardsOf, ...shards.insertMode, inRounds: true }
    const source = await withToldCells(insert, rowsOf(insert, bindings), { ...context, bindings })
    const split = new InsertSplit(insert, mode, source)
    if (insert.returning !== undefined) return answering(await insertReturning(split, context))
    return { kind: 'Ok', ...behind(told, await runInsert(split, context)) }
  } finally {
    memory.give(bytes)
  }
}
