import { ServerError } from '../errors/server-error.ts'
import { notSupported, type SqlError } from '../errors/sql-error.ts'
import type { EnteredRows, MetRows, SplitInsert } from '../plan/write-primitives.ts'
import type { Value } from '../values/value.ts'
import { bindLiterally } from './bind.ts'
import { areSame, followForeignKeys, isOfForeignKey, type KeyedRow, warningOf } from './foreign-keys.ts'
import type { AnsweredInsert } from './insert-ids.ts'
import type { ShardInsert } from './insert-split.ts'
import { duplicateEntry, enter, isEntered, remove, type TakenValue, takenBy } from './lookup-entries.ts'
import { beneath, StreamRows } from './outer-rows.ts'
import { inOrder, type OwnRow, RowReferences } from './row-references.ts'
import type { RunContext } from './run-context.ts'
import type { LookupEntry, WriteAnswer } from './shard-port.ts'
import { readShard, type ShardRead } from './shard-read.ts'
import { type Changed, entriesOf, followRows, keyedRowsOf } from './upkeep.ts'
import { ValueRows } from './value-rows.ts'

/**
 * Inserts rows of a table that owns lookup tables. Values are entered there before the rows are, so that two sessions with one value
 * meet at once.
 */
export async function insertEntered(
  inserts: readonly ShardInsert[],
  plan: SplitInsert & { readonly entered: EnteredRows },
  context: RunContext,
): Promise<readonly AnsweredInsert[]> {
  const { met } = plan.entered
  const references = new RowReferences(plan, context)
  if (met !== undefined) return insertEach(inOrder(inserts), met, plan, context)
  if (await references.areMissing(inserts)) return insertAlone(inserts, plan, context)
  await enterNew(inserts, plan, context)
  const { keyspace } = plan
  const answers = await context.port.write(
    inserts.map(({ shard, query, rows: own }) => ({ keyspace, shard, query, rows: own, onlyNewRows: true })),
  )
  return answers.map((answer, i) => ({ part: inserts[i]!, answer }))
}

/** Enters the values of rows that meet none. Throws what one server says of the first row that it refuses. */
export async function enterNew(
  inserts: readonly ShardInsert[],
  plan: SplitInsert,
  context: RunContext,
): Promise<void> {
  const rows = inOrder(inserts)
  const entries = rows.flatMap(({ own, i }) => own.entries(i))
  const taken = await enter(entries, 'new rows', context)
  if (taken !== undefined) throw (await firstRefusal(rows, plan, context)) ?? duplicateOf(taken, context)
}

/** What one server would refuse first: a row ahead of the one whose value is taken may fail for something else. */
async function firstRefusal(
  rows: readonly OwnRow[],
  plan: SplitInsert,
  context: RunContext,
): Promise<unknown> {
  for (const { own, i } of rows) {
    const part = own.alone(i)
    const taken = await enter(own.entries(i), 'new rows', context)
    if (taken !== undefined) return refusedBy(taken, part, plan, context)
    await context.port.write([
      { keyspace: plan.keyspace, shard: part.shard, query: part.query, rows: part.rows },
    ])
  }
  return undefined
}

function duplicateOf({ entry }: TakenValue, { bindings }: RunContext): SqlError {
  return duplicateEntry(entry, bindings.isMariadb)
}

/**
 * The shard where a value is says in MySQL's words that it is there, if it has a unique key for it. A row that has its primary key is met
 * before all others, and is on the row's own shard.
 */
async function refusedBy(
  taken: TakenValue,
  part: ShardInsert,
  plan: SplitInsert,
  context: RunContext,
): Promise<unknown> {
  const own = await refusalAt(part.shard, part, plan, context)
  const isOfKey = own instanceof ServerError && own.errno === ER_DUP_ENTRY && /PRIMARY'$/.test(own.message)
  if (own !== undefined && (isOfKey || taken.shard === part.shard)) return own
  return (await refusalAt(taken.shard, part, plan, context)) ?? duplicateOf(taken, context)
}

const ER_DUP_ENTRY = 1062

async function refusalAt(
  shard: number,
  { query, rows }: ShardInsert,
  { keyspace }: SplitInsert,
  { port }: RunContext,
): Promise<unknown> {
  try {
    await port.write([{ keyspace, shard, query, rows }])
    return undefined
  } catch (error) {
    return error
  }
}

// ------------------------------------------------------------------------------------------- row by row

/** A row on its way, with what its table has at the moment. */
interface MeetingRow {
  readonly own: OwnRow
  readonly part: ShardInsert
  readonly entries: readonly LookupEntry[]
  /** Rows on its own shard that have the values of a unique key. */
  readonly here: ShardRead
  /** Shards of others that have one of its values in a unique lookup vindex. */
  readonly elsewhere: readonly TakenValue[]
  /** One of those here has its primary key, which is looked at before all others. */
  readonly isKnownByKey: boolean
  /** Absent where the shard draws a number for it. */
  readonly ownKey: readonly Value[] | undefined
  readonly readAt: (shard: number) => Promise<ShardRead>
}

/** What a row meets depends on those before it, and decides what becomes of lookup tables. */
async function insertEach(
  rows: readonly OwnRow[],
  met: MetRows,
  plan: SplitInsert,
  context: RunContext,
): Promise<readonly AnsweredInsert[]> {
  const answered: AnsweredInsert[] = []
  for (const { own, i } of rows) {
    const insert = async (): Promise<InsertedRow> => {
      const row = await meetingRow(own, i, { met, plan, context })
      const isUpdate = plan.verb === 'insert' && row.here.rows.length + row.elsewhere.length > 0
      return { part: row.part, answer: await insertMeeting(row, { met, plan, context }), isUpdate }
    }
    answered.push(await checkedRow({ own, i }, insert, plan, context))
  }
  return answered
}

interface Meeting {
  readonly met: MetRows
  readonly plan: SplitInsert
  readonly context: RunContext
}

async function meetingRow(rows: ShardInsert['rows'], i: number, meeting: Meeting): Promise<MeetingRow> {
  const { met, plan, context } = meeting
  const part = rows.alone(i)
  const entries = rows.entries(i)
  const outer = new ValueRows([rows.stored(i, met.keyColumns)])
  const readAt = (shard: number) =>
    readShard(
      met.rows,
      { keyspace: plan.keyspace, shard },
      { bindings: context.bindings, outer },
      { port: context.port, waits: true },
    )
  const elsewhere: TakenValue[] = []
  for (const entry of entries.filter(isEntered)) {
    if (!entry.lookup.vindex.unique) continue
    const found = await takenBy(entry, context)
    if (found !== 'nobody' && found.owners > 0 && found.shard !== part.shard)
      elsewhere.push({ entry, shard: found.shard })
  }
  const here = await readAt(part.shard)
  const ownKey = met.primary && rows.stored(i, met.primary)
  const isKnownByKey = here.rows.some((_, at) => ownKey !== undefined && hasKey(here, at, ownKey))
  return { own: { own: rows, i }, part, entries, here, elsewhere, isKnownByKey, ownKey, readAt }
}

function hasKey({ rows, columns, format }: ShardRead, at: number, key: readonly Value[]): boolean {
  const row = new StreamRows(rows, columns, format)
  return key.every(({ bytes }, i) => Buffer.compare(bytes, row.cell(at, i).bytes) === 0)
}

async function insertMeeting(row: MeetingRow, meeting: Meeting): Promise<WriteAnswer> {
  const { plan } = meeting
  if (plan.verb === 'replace') return replaceMet(row, meeting)
  const [first] = row.elsewhere
  const meetsNone = row.here.rows.length === 0 && first === undefined
  if (meetsNone) return insertNew(row, meeting)
  checkOrder(row, plan)
  const shard = row.here.rows.length > 0 || first === undefined ? row.part.shard : first.shard
  const before = changing(shard === row.part.shard ? row.here : await row.readAt(shard), row, meeting)
  const answer = await writeAt(shard, row.part, meeting)
  const isIgnored = plan.ignore && plan.tail.length === 0
  if (before.rows.length === 0 || (isIgnored && BigInt(answer.affectedRows) > 0n))
    throw first === undefined
      ? changedMeanwhile(plan)
      : duplicateEntry(first.entry, meeting.context.bindings.isMariadb)
  if (!isIgnored) await followRows(meeting.met.upkeep, changedAt(shard, before, meeting), meeting.context)
  return answer
}

/** Of those that it meets, where they are looked at by a key that changes, the one that has its primary key. */
function changing(rows: ShardRead, { ownKey }: MeetingRow, { met }: Meeting): ShardRead {
  if (met.upkeep.newKey === undefined || rows.rows.length < 2 || ownKey === undefined) return rows
  const own = rows.rows.filter((_, at) => hasKey(rows, at, ownKey))
  return own.length === 0 ? rows : { ...rows, rows: own }
}

/** Of rows on several shards one server would update that which it meets by the first of its unique keys. */
function checkOrder({ part, here, elsewhere, isKnownByKey }: MeetingRow, { tail }: SplitInsert): void {
  const shards = new Set(elsewhere.map(({ shard }) => shard))
  if (here.rows.length > 0) shards.add(part.shard)
  if (shards.size > 1 && tail.length > 0 && !isKnownByKey)
    throw notSupported('ON DUPLICATE KEY UPDATE of a row that meets rows of several shards')
}

/** It meets none: entered before it is inserted, and taken out again where IGNORE has left it out for something else. */
async function insertNew({ part, entries }: MeetingRow, meeting: Meeting): Promise<WriteAnswer> {
  const { context, plan } = meeting
  const taken = await enter(entries, 'new rows', context)
  if (taken !== undefined) throw duplicateEntry(taken.entry, context.bindings.isMariadb)
  const answer = await writeAt(part.shard, part, meeting)
  if (BigInt(answer.affectedRows) === 0n) await remove(entries, context)
  else if (BigInt(answer.affectedRows) > 1n && plan.verb === 'insert') throw changedMeanwhile(plan)
  return answer
}

/** Rows on other shards are deleted here; those on its own the shard replaces. */
async function replaceMet(
  { own, part, entries, here, elsewhere, readAt }: MeetingRow,
  meeting: Meeting,
): Promise<WriteAnswer> {
  const { met, plan, context } = meeting
  const { bindings, port } = context
  let deleted = 0n
  for (const shard of new Set(elsewhere.map((each) => each.shard))) {
    const rows = await readAt(shard)
    if (rows.rows.length === 0) continue
    const outer = new StreamRows(rows.rows, rows.columns, rows.format, met.charsets)
    const query = bindLiterally(met.remove, beneath(bindings, outer))
    const [answer] = await port.write([{ keyspace: plan.keyspace, shard, query }])
    deleted += BigInt(answer!.affectedRows)
    await remove(entriesOf(met.upkeep, changedAt(shard, rows, meeting), context), context)
    await followGone(own, shard, rows, meeting)
  }
  const old = entriesOf(met.upkeep, changedAt(part.shard, here, meeting), context)
  deleted += await removeReferred(own, part.shard, here, meeting)
  const answer = await writeAt(part.shard, part, meeting)
  await remove(old, context)
  const taken = await enter(entries, 'written rows', context)
  if (taken !== undefined) throw duplicateEntry(taken.entry, bindings.isMariadb)
  return { ...answer, affectedRows: BigInt(answer.affectedRows) + deleted }
}

/** Rows of its own shard to which others refer go ahead of it, and what refers to them with them. */
async function removeReferred(
  own: OwnRow,
  shard: number,
  here: ShardRead,
  meeting: Meeting,
): Promise<bigint> {
  const { met, plan, context } = meeting
  if (met.referred === undefined || here.rows.length === 0) return 0n
  const isKept = keptBy(own, meeting)
  const keyed = keyedRowsOf(met.upkeep, changedAt(shard, here, meeting), context)
  const rows = here.rows.filter((_, i) => !isKept(keyed[i]!))
  if (rows.length === 0) return 0n
  const outer = new StreamRows(rows, here.columns, here.format, met.charsets)
  const query = bindLiterally(met.remove, beneath(context.bindings, outer))
  const [answer] = await context.port.write([{ keyspace: plan.keyspace, shard, query }])
  await followGone(own, shard, { ...here, rows }, meeting)
  return BigInt(answer!.affectedRows)
}

/** Rows that have been replaced, once they are gone. */
async function followGone(own: OwnRow, shard: number, gone: ShardRead, meeting: Meeting): Promise<void> {
  const { met, context } = meeting
  const { foreignKeys } = met.upkeep
  if (foreignKeys === undefined || met.referred === undefined) return
  const isKept = keptBy(own, meeting)
  const changes = keyedRowsOf(met.upkeep, changedAt(shard, gone, meeting), context)
    .filter((was) => !isKept(was))
    .map((was) => ({ was }))
  await followForeignKeys(foreignKeys, changes, context)
}

/** Whether the new row has all by which others refer to a row, so that for them it is the same one. */
function keptBy({ own, i }: OwnRow, { met, plan }: Meeting): (row: KeyedRow) => boolean {
  if (plan.looksFirst !== true) return () => false
  const now = (met.referred ?? []).map((columns) => own.stored(i, columns))
  return ({ toIt }) => toIt.every((values, at) => areSame(values, now[at]!))
}

// ------------------------------------------------------------------------------------------- foreign keys

/** Row by row, for some refer to what is not there: how far the statement comes before is what one server would do. */
async function insertAlone(
  inserts: readonly ShardInsert[],
  plan: SplitInsert & { readonly entered: EnteredRows },
  context: RunContext,
): Promise<readonly AnsweredInsert[]> {
  const { keyspace } = plan
  const answered: AnsweredInsert[] = []
  for (const { own, i } of inOrder(inserts)) {
    const insert = async (): Promise<InsertedRow> => {
      const part = own.alone(i)
      const taken = await enter(own.entries(i), 'new rows', context)
      if (taken !== undefined) throw await refusedBy(taken, part, plan, context)
      const { shard, query, rows } = part
      const [answer] = await context.port.write([{ keyspace, shard, query, rows }])
      return { part, answer: answer!, isUpdate: false }
    }
    answered.push(await checkedRow({ own, i }, insert, plan, context))
  }
  return answered
}

/** `isUpdate`: it has changed a row that it met. */
interface InsertedRow extends AnsweredInsert {
  readonly isUpdate: boolean
}

/** A row that is inserted if what it refers to is there. IGNORE leaves it out if not, of which a server warns. */
async function checkedRow(
  row: OwnRow,
  insert: () => Promise<InsertedRow>,
  plan: SplitInsert,
  context: RunContext,
): Promise<AnsweredInsert> {
  const references = new RowReferences(plan, context)
  const run = async (): Promise<AnsweredInsert> => {
    await references.checkBefore(row)
    const { part, answer, isUpdate } = await insert()
    if (BigInt(answer.affectedRows) > 0n) await references.checkBehind(row, isUpdate)
    return { part, answer }
  }
  if (!plan.ignore || references.isEmpty) return run()
  try {
    return await context.port.attempt(run)
  } catch (error) {
    if (!isOfForeignKey(error)) throw error
    const answer = { affectedRows: 0, lastInsertId: 0, warnings: 1, info: '', conditions: [warningOf(error)] }
    return { part: row.own.alone(row.i), answer }
  }
}

async function writeAt(
  shard: number,
  { query, rows }: ShardInsert,
  { plan, context }: Meeting,
): Promise<WriteAnswer> {
  const [answer] = await context.port.write([{ keyspace: plan.keyspace, shard, query, rows }])
  return answer!
}

function changedAt(shard: number, before: ShardRead, { met, plan }: Meeting): Changed {
  const { charsets, routing } = met
  const construct = `${plan.verb.toUpperCase()} of a row that meets others`
  const { keyspace } = plan
  return {
    keyspace,
    shard,
    before,
    keyWidth: met.keyWidth,
    charsets,
    routing,
    construct,
    movable: new Set(),
  }
}

function changedMeanwhile(plan: SplitInsert): SqlError {
  return notSupported(
    `${plan.verb.toUpperCase()} into a table with lookup vindexes that meets rows by a key of expressions`,
  )
}
