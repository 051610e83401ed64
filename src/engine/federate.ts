import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { CopySource, Federate, Route, TableCopy } from '../plan/primitives.ts'
import { quoteName } from '../values/sql-literal.ts'
import { bindQuery } from './bind.ts'
import { InsertText } from './insert-text.ts'
import { KeptValues } from './kept-values.ts'
import { beneath } from './outer-rows.ts'
import { runRoute } from './route.ts'
import { RowLayout } from './row-format.ts'
import type { RowStream } from './row-stream.ts'
import type { RunContext } from './run.ts'
import type { Scratch } from './shard-port.ts'

/**
 * Copies the tables of a statement, one after the other, and runs it over the copies. What is wrong with its names is told
 * before any row is asked for. Rows are written down as fast as the scratch connection takes them, and not read faster.
 */
export async function federate(node: Federate, context: RunContext): Promise<RowStream> {
  const { bindings, port } = context
  const query = bindQuery(node.query, bindings)
  const scratch = await port.openScratch(node.keyspace)
  try {
    await makeCopies(node, scratch)
    await scratch.check(query, node)
    const filling = { scratch, context, copied: new Copied(context.limits), kept: new Map() }
    for (const copy of node.copies) await fill(copy, filling)
    return await scratch.open(query, node.copies)
  } catch (error) {
    await scratch.close()
    throw error
  }
}

/** The tables that the statement is asked of, without rows. */
export async function makeCopies({ copies }: Federate, scratch: Scratch): Promise<void> {
  await scratch.run(...copies.map(({ create }) => create))
}

/** What one statement has copied so far. */
class Copied {
  readonly #limits: RunContext['limits']
  #rows = 0
  #bytes = 0

  constructor(limits: RunContext['limits']) {
    this.#limits = limits
  }

  add(rows: number, bytes: number): void {
    const { copiedRowsMax, copiedBytesMax } = this.#limits
    this.#rows += rows
    this.#bytes += bytes
    if (this.#rows > copiedRowsMax) throw tooMuch(`${copiedRowsMax} rows`, 'federation.rows')
    if (this.#bytes > copiedBytesMax) throw tooMuch(`${copiedBytesMax} bytes`, 'federation.bytes')
  }
}

function tooMuch(limit: string, setting: string): SqlError {
  return new SqlError(
    'ER_CAPACITY_EXCEEDED',
    `To answer the statement more than ${limit} would have to be brought together from several shards: narrow its tables by conditions of their own, or raise ${setting}`,
  )
}

interface Filling {
  readonly scratch: Scratch
  readonly context: RunContext
  readonly copied: Copied
  /** By the names of copies, and the numbers of their columns. */
  readonly kept: Map<string, ReadonlyMap<number, KeptValues>>
}

/** Keys are unique on each shard, and perhaps not over all of them. */
async function fill(copy: TableCopy, filling: Filling): Promise<void> {
  try {
    await fillOnce(copy, filling)
  } catch (error) {
    if (!(error instanceof ServerError && error.errno === ER_DUP_ENTRY)) throw error
    await filling.scratch.run(`DROP TEMPORARY TABLE ${quoteName(copy.name)}`, copy.createLoose)
    await fillOnce(copy, filling)
  }
}

const ER_DUP_ENTRY = 1062

async function fillOnce(copy: TableCopy, filling: Filling): Promise<void> {
  const { rows, name, columns } = copy
  const { scratch, copied } = filling
  const into = `INSERT INTO ${quoteName(name)} (${columns.join(', ')}) `
  if (rows.kind === 'Copied') {
    await scratch.run(`${into}SELECT ${columns.join(', ')} FROM ${quoteName(rows.from)}`)
    return
  }
  const kept = new Map([...copy.kept].map(([column, charset]) => [column, new KeptValues(charset)]))
  filling.kept.set(name, kept)
  const stream = await pull(rows, filling)
  if (stream === undefined) return
  const insert = new InsertText(`${into}VALUES `, rows.as)
  const send = async () => {
    const { zeroMembers } = insert
    const warnings = await scratch.run(insert.take())
    if (warnings > zeroMembers) throw changedValue(copy)
  }
  try {
    const layout = new RowLayout('text', stream.columns)
    const cells = new Int32Array(2 * stream.columns.length)
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      let bytes = 0
      for (const row of batch) {
        bytes += row.length
        layout.locate(row, stream.columns.length, cells)
        for (const [column, values] of kept) values.add(row, cells[2 * column]!, cells[2 * column + 1]!)
        insert.add(row, cells)
        if (insert.isFull) await send()
      }
      copied.add(batch.length, bytes)
    }
    if (insert.rows > 0) await send()
  } finally {
    await stream.close()
  }
}

/** The rows that can matter, by the fewest values of another copy that are known; undefined where there can be none. */
async function pull(
  { rows, reduced }: CopySource & { readonly kind: 'Pulled' },
  { context, kept }: Filling,
): Promise<RowStream | undefined> {
  let least: { readonly values: KeptValues; readonly route: Route } | undefined
  let count = Number.POSITIVE_INFINITY
  for (const { from, column, rows: route } of reduced) {
    const values = kept.get(from)?.get(column)
    if (values?.count === undefined || values.count >= count) continue
    least = { values, route }
    count = values.count
  }
  if (least === undefined) return runRoute(rows, context, { asText: true })
  if (count === 0) return undefined
  const bindings = beneath(context.bindings, least.values)
  return runRoute(least.route, { ...context, bindings }, { asText: true })
}

function changedValue({ shown }: TableCopy): SqlError {
  return new SqlError(
    'ER_UNKNOWN_ERROR',
    `A value of table '${shown.keyspace}.${shown.table}' cannot be copied as it is: its columns have changed, or its servers differ`,
  )
}
