import { ChangedTables } from '../errors/changed-tables.ts'
import { ServerError } from '../errors/server-error.ts'
import { notSupported, SqlError } from '../errors/sql-error.ts'
import type {
  CopySource,
  Federate,
  GroupsCopy,
  RowsPrimitive,
  TableCopy,
  WriteOverCopies,
} from '../plan/primitives.ts'
import { quoteName } from '../values/sql-literal.ts'
import { bindLiterally, bindQuery } from './bind.ts'
import { withoutIncompleteDates } from './incomplete-dates.ts'
import { InsertText } from './insert-text.ts'
import { AskedValues, KeptValues } from './kept-values.ts'
import { shardsMet } from './met-shards.ts'
import type { OkOutcome } from './outcome.ts'
import { beneath } from './outer-rows.ts'
import { runRoute } from './route.ts'
import { RowLayout } from './row-format.ts'
import type { Row, RowStream } from './row-stream.ts'
import type { RunContext } from './run-context.ts'
import type { Scratch } from './shard-port.ts'

type Run = (node: RowsPrimitive, context: RunContext) => Promise<RowStream>

/**
 * Copies the tables of a statement, one after the other, and runs it over the copies. What is wrong with its names is told
 * before any row is asked for. Rows are written down as fast as the scratch connection takes them, and not read faster.
 */
export async function federate(node: Federate, context: RunContext, run: Run): Promise<RowStream> {
  const { bindings, port } = context
  const { groups } = node
  const query = bindQuery(node.query, bindings)
  const scratch = await port.openScratch(node.keyspace)
  try {
    await makeCopies(node, scratch)
    const columns = await scratch.check(bindQuery(node.asked, bindings), node)
    await scratch.run(...node.copies.filter(isGenerated).flatMap(anew))
    if (groups.length > 0)
      await ofGroups(scratch.make(...groups.map(({ create }) => bindLiterally(create, bindings).sql)))
    const filling = { scratch, context, run, copied: new Copied(context.limits), kept: new Map() }
    await fillAll(node, filling)
    const rows = scratch.open(query, node, columns)
    return await (groups.length > 0 ? ofGroups(rows) : rows)
  } catch (error) {
    await scratch.close()
    throw error
  }
}

/** Throws, as `federate`, what is wrong with the query's names before the table is made. */
export async function writeOverCopies(
  { keyspace, routing, copies }: WriteOverCopies,
  context: RunContext,
  run: Run,
): Promise<OkOutcome> {
  const { bindings, port, shards } = context
  const [shard] = shardsMet(routing, bindings, shards)
  const scratch = await port.openScratchOn(keyspace, shard!)
  try {
    await makeCopies(copies, scratch)
    await scratch.check(bindQuery(copies.asked, bindings), copies)
    await scratch.run(...copies.copies.filter(isGenerated).flatMap(anew))
    await fillAll(copies, { scratch, context, run, copied: new Copied(context.limits), kept: new Map() })
    return { ...(await scratch.write(bindQuery(copies.query, bindings), copies)), bringsIds: false }
  } finally {
    await scratch.close()
  }
}

async function fillAll({ groups, copies }: Federate, filling: Filling): Promise<void> {
  try {
    for (const each of groups) await fillFrom(each.rows, each, filling)
    // Of groups there are others than of the rows, and some that nobody has: a shard's own temporary table may complain.
    if (groups.length > 0 && filling.context.port.warnings > 0) throw notAsTheyAre()
    for (const copy of copies) await fill(copy, filling)
  } catch (error) {
    const isChanged = error instanceof ServerError && UNKNOWN_NAMES.has(error.errno)
    throw isChanged ? new ChangedTables(error, new Set(copies.map(({ shown }) => shown.keyspace))) : error
  }
}

/** ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE, ER_VIEW_INVALID: of a table whose names were right when it was last looked at. */
const UNKNOWN_NAMES: ReadonlySet<number> = new Set([1054, 1146, 1356])

/**
 * What a server has against groups is nothing against the client's statement, which it has looked at before: a column may have
 * another collation than an expression, say. Another plan is needed then.
 */
async function ofGroups<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof ServerError && NAMES_AND_TYPES.has(error.errno)) throw notAsTheyAre()
    throw error
  }
}

function notAsTheyAre(): SqlError {
  return notSupported('groups of rows of several shards as they are')
}

/** ER_NON_UNIQ_ERROR, ER_BAD_FIELD_ERROR, ER_WRONG_FIELD_WITH_GROUP, ER_PARSE_ERROR, ER_INVALID_DEFAULT, mixes of collations … */
const NAMES_AND_TYPES: ReadonlySet<number> = new Set([
  ...[1052, 1054, 1055, 1060, 1063, 1064, 1067, 1074, 1111, 1115, 1117, 1118, 1140, 1166, 1222, 1241, 1247],
  ...[1253, 1265, 1267, 1270, 1271, 1292, 1366],
])

/** The tables that the statement is asked of, without rows, for the server to look at it. */
export async function makeCopies({ copies }: Federate, scratch: Scratch): Promise<void> {
  try {
    await scratch.run(...copies.map(({ create, createGenerated = create }) => createGenerated))
  } catch (error) {
    // Its functions may be others than those of the shard whose column it is.
    if (!(error instanceof ServerError && copies.some(isGenerated))) throw error
    await scratch.run(...copies.flatMap(anew))
  }
}

/** The server sees at first what its columns depend on. */
export function isGenerated({ createGenerated }: TableCopy): boolean {
  return createGenerated !== undefined
}

/** The values of its columns are those of the shards, not what the scratch server would make of others. */
function anew({ name, create }: Pick<TableCopy, 'name' | 'create'>): readonly string[] {
  return [`DROP TEMPORARY TABLE IF EXISTS ${quoteName(name)}`, create]
}

/** What one statement has copied so far. */
class Copied {
  readonly #limits: RunContext['limits']
  #rows = 0
  #bytes = 0

  constructor(limits: RunContext['limits']) {
    this.#limits = limits
  }

  /** What is wrong with as many more, if anything is. */
  add(rows: number, bytes: number): SqlError | undefined {
    const { copiedRowsMax, copiedBytesMax } = this.#limits
    this.#rows += rows
    this.#bytes += bytes
    if (this.#rows > copiedRowsMax) return tooMuch(`${copiedRowsMax} rows`, 'federation.rows')
    if (this.#bytes > copiedBytesMax) return tooMuch(`${copiedBytesMax} bytes`, 'federation.bytes')
    return undefined
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
  readonly run: Run
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
    await filling.scratch.run(...anew({ name: copy.name, create: copy.createLoose }))
    await fillOnce(copy, filling)
  }
}

const ER_DUP_ENTRY = 1062

async function fillOnce(copy: TableCopy, filling: Filling): Promise<void> {
  const { rows, name, columns } = copy
  switch (rows.kind) {
    case 'None':
      return
    case 'Copied': {
      const names = columns.join(', ')
      const from = `SELECT ${names} FROM ${quoteName(rows.from)}`
      return void (await filling.scratch.run(`INSERT INTO ${quoteName(name)} (${names}) ${from}`))
    }
    case 'Pulled':
      return fillFrom(rows, copy, filling)
  }
}

async function fillFrom(
  rows: CopySource & { readonly kind: 'Pulled' },
  copy: TableCopy | GroupsCopy,
  filling: Filling,
): Promise<void> {
  const { name, columns } = copy
  const { scratch, copied } = filling
  const into = `INSERT INTO ${quoteName(name)} (${columns.join(', ')}) `
  const kept = new Map([...copy.kept].map(([column, charset]) => [column, new KeptValues(charset)]))
  filling.kept.set(name, kept)
  const pulled = await pull(rows, filling)
  if (pulled === undefined) return
  // Groups have been made in the shards' temporary tables.
  const zero = filling.context.port.hidesLostDates
  const stream = 'shown' in copy ? pulled : withoutIncompleteDates(pulled, { zero })
  const insert = new InsertText(`${into}VALUES `, rows.as)
  const known = new KnownRows(rows.distinct === true)
  // The next statement is made while the server carries out the last.
  let sent: Promise<void> = Promise.resolve()
  const send = async () => {
    await sent
    const { zeroMembers } = insert
    sent = scratch.run(insert.take()).then((warnings) => {
      if (warnings > zeroMembers) throw 'shown' in copy ? changedValue(copy) : notAsTheyAre()
    })
    sent.catch(() => {}) // whoever sends the next, or ends, hears of it
  }
  try {
    const layout = new RowLayout('text', stream.columns)
    const cells = new Int32Array(2 * stream.columns.length)
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      let bytes = 0
      for (const row of batch) {
        if (known.has(row)) continue
        bytes += row.length
        layout.locate(row, stream.columns.length, cells)
        for (const [column, values] of kept) values.add(row, cells[2 * column]!, cells[2 * column + 1]!)
        insert.add(row, cells)
        if (insert.isFull) await send()
      }
      const problem = copied.add(batch.length, bytes)
      // There may be more pairs than rows.
      if (problem !== undefined) throw 'shown' in copy ? problem : notAsTheyAre()
    }
    if (insert.rows > 0) await send()
    await sent
  } finally {
    await stream.close()
    await sent.catch(() => {}) // nothing is on its way when the connection is given back
  }
}

/** Few enough to hold. */
const KNOWN_ROWS_MAX = 50_000

/** Rows of several shards of which each is wanted once; some of very many come more often. */
class KnownRows {
  readonly #texts: Set<string> | undefined

  constructor(distinct: boolean) {
    this.#texts = distinct ? new Set() : undefined
  }

  has(row: Row): boolean {
    if (this.#texts === undefined) return false
    const text = row.latin1Slice()
    if (this.#texts.has(text)) return true
    if (this.#texts.size < KNOWN_ROWS_MAX) this.#texts.add(text)
    return false
  }
}

/** Asking for this many values costs little, whatever it saves; for more it must leave out some of the rows. */
const FEW_VALUES = 10_000
const WORTHWHILE = 0.7
/** Of all columns together. */
const ASKED_VALUES_MAX = 150_000

/** The rows that can matter, by what other copies have of the values of columns; undefined where there can be none. */
async function pull(
  { rows, reduced }: CopySource & { readonly kind: 'Pulled' },
  { context, run, kept }: Filling,
): Promise<RowStream | undefined> {
  const known = reduced.flatMap(({ from, column, among, name, rows: route }, number) => {
    const values = kept.get(from)?.get(column)
    if (values?.count === undefined) return []
    const { count } = values
    return [{ values, count, name, route, number, part: count / Math.max(among, count) }]
  })
  if (known.some(({ count }) => count === 0)) return undefined
  const asked = new Map<string, (typeof known)[number]>()
  let count = 0
  for (const each of known.sort((a, b) => a.part - b.part)) {
    const costsLittle = asked.size === 0 && each.count <= FEW_VALUES
    if (asked.has(each.name) || (each.part > WORTHWHILE && !costsLittle)) continue
    count += each.count
    if (count > ASKED_VALUES_MAX) break
    asked.set(each.name, each)
  }
  const [least] = asked.values()
  if (least === undefined) return run(rows, { ...context, asText: true, kept: false })
  const columns = reduced.map(({ name }, number) => {
    const own = asked.get(name)
    return { name, values: own?.number === number ? own.values : undefined }
  })
  const bindings = beneath(context.bindings, new AskedValues(columns))
  return runRoute(least.route, { ...context, bindings, asText: true, kept: false })
}

function changedValue({ shown }: TableCopy): SqlError {
  return new SqlError(
    'ER_UNKNOWN_ERROR',
    `A value of table '${shown.keyspace}.${shown.table}' cannot be copied as it is: its columns have changed, or its servers differ`,
  )
}
