import { atRow, rowTold } from '../../errors/at-row.ts'
import type { Condition } from '../../errors/condition.ts'
import type { SplitInsert, StagedLoad } from '../../plan/write-primitives.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { bindQuery } from '../bind.ts'
import { isUncounted } from '../insert.ts'
import type { OkOutcome } from '../outcome.ts'
import { bindValue } from '../plan-value.ts'
import type { RunContext } from '../run-context.ts'
import { insertRows } from '../selected-insert.ts'
import type { LoadStage, ShardLoad, WriteAnswer } from '../shard-port.ts'

/**
 * Runs LOAD DATA LOCAL of rows that only a server can tell: one reads the whole file into a temporary table, so that what becomes of
 * its fields is its own doing, and what has been read is inserted where it belongs. In the transaction that the caller has begun.
 *
 * Memory: the file is with the server; here are the batches of an INSERT … SELECT.
 */
export async function runStagedLoad(load: StagedLoad, context: RunContext): Promise<OkOutcome> {
  const { port } = context
  const stage = await port.openStage(load.keyspace, load.stage)
  try {
    const read = await readFile(load, stage, context)
    return await insertRead(load, { stage, read }, context)
  } finally {
    await stage.close()
  }
}

async function readFile(
  load: StagedLoad,
  stage: LoadStage,
  { bindings, port }: RunContext,
): Promise<WriteAnswer> {
  const loading = await stage.load(bindQuery(load.query, bindings))
  try {
    await passFile(load, loading, { bindings, port })
  } catch (error) {
    await loading.end().catch(() => {}) // what it has read is thrown away
    throw error
  }
  return loading.end()
}

/** The client has sent all of it when this settles: only then it hears an answer. */
async function passFile(
  load: StagedLoad,
  loading: ShardLoad,
  { bindings, port }: Pick<RunContext, 'bindings' | 'port'>,
): Promise<void> {
  const file = port.askForFile(bindValue(load.file, bindings).bytes)
  try {
    for (let chunk = await file.next(); chunk !== undefined; chunk = await file.next())
      await loading.write(chunk)
  } finally {
    await file.close()
  }
}

interface ReadFile {
  readonly stage: LoadStage
  /** What the server has said of the file. */
  readonly read: WriteAnswer
}

async function insertRead(
  load: StagedLoad,
  { stage, read }: ReadFile,
  context: RunContext,
): Promise<OkOutcome> {
  const { port } = context
  const rows = await stage.rows(rowsOf(load, context))
  let inserted: OkOutcome
  try {
    const outcome = await insertRows(rows, load, { ...context, port: port.copying })
    if (outcome.kind !== 'Ok') throw new Error('an INSERT without RETURNING answers an OK')
    inserted = outcome
  } finally {
    await rows.close()
  }
  if (!inserted.bringsIds && inserted.lastInsertId !== 0)
    port.leave({ variables: new Map(), collation: '', insertId: BigInt(inserted.lastInsertId) })
  return told(load, read, inserted)
}

/** 0 draws a number where the client's sql_mode says so: that of the connections says that it does not. */
function rowsOf({ table, columns, numbered }: StagedLoad, { shards }: RunContext): string {
  const isZeroDrawn = !shards.insertMode.noAutoValueOnZero
  const cells = columns.map((name) => {
    const column = quoteName(name)
    return name === numbered && isZeroDrawn ? `NULLIF(${column}, 0)` : column
  })
  return `SELECT ${cells.join(', ')} FROM ${quoteName(table)}`
}

/** As one server puts it that has read the file and inserted its rows. */
function told(load: StagedLoad, read: WriteAnswer, inserted: OkOutcome): OkOutcome {
  const { verb } = load.insert
  const rows = Number(read.affectedRows)
  const affected = Number(inserted.affectedRows)
  const uncounted = inserted.conditions.filter((condition) => isNoRecord(condition, load.insert))
  const records = Number(/Records: (\d+)/.exec(read.info)?.[1] ?? rows) - uncounted.length
  const deleted = verb === 'replace' ? Math.max(0, affected - rows) : 0
  const skipped = records - (affected - deleted)
  // What the columns make of the fields has been said.
  const fresh = inserted.conditions.filter(
    ({ code, message }) => rowTold({ errno: code, message }) === undefined,
  )
  const warnings = read.warnings + inserted.warnings - (inserted.conditions.length - fresh.length)
  return {
    affectedRows: inserted.affectedRows,
    lastInsertId: 0,
    warnings,
    info: `Records: ${records}  Deleted: ${deleted}  Skipped: ${skipped}  Warnings: ${warnings}`,
    conditions: inOrder([...renumbered(read.conditions, uncounted), ...fresh]),
    bringsIds: true,
  }
}

/** A row that refers to none of its own table is one, in LOAD DATA alone (MySQL 9.7). */
function isNoRecord(condition: Condition, insert: SplitInsert): boolean {
  const { references = [] } = insert.entered ?? {}
  const isOfItself = references.some(
    ({ key, itself }) =>
      itself !== undefined && condition.message.includes(`CONSTRAINT ${quoteName(key.name)} `),
  )
  return isUncounted(condition, insert) && !isOfItself
}

/** A server does not count rows that it leaves out for a CHECK, or before anything else for a foreign key. */
function renumbered(conditions: readonly Condition[], uncounted: readonly Condition[]): readonly Condition[] {
  if (uncounted.length === 0) return conditions
  return conditions.map((condition) => {
    const row = rowTold({ errno: condition.code, message: condition.message })
    if (row === undefined) return condition
    const before = uncounted.filter((each) => each.row !== undefined && each.row < row).length
    return { ...condition, row, message: atRow(condition.message, row - before) }
  })
}

/** By their rows; those of none first. */
function inOrder(conditions: readonly Condition[]): readonly Condition[] {
  let last = 0
  const placed = conditions.map((condition) => {
    const { code, message } = condition
    last = condition.row ?? rowTold({ errno: code, message }) ?? last
    return { condition, row: last }
  })
  return placed.sort((a, b) => a.row - b.row).map(({ condition }) => condition)
}
