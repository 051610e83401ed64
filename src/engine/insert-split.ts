import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { KeyspaceId } from '../key/keyspace-id.ts'
import { shardIndexOf } from '../key/shard-ranges.ts'
import type { SplitInsert, VerifiedVindex, VindexColumn } from '../plan/write-primitives.ts'
import { isNumber, isUnsigned as isUnsignedType, type Value } from '../values/value.ts'
import { domainOf, type VindexDomain } from '../vindex/domain.ts'
import { beforeValues, hasRowAlias } from './around-values.ts'
import { TextBinder } from './bind.ts'
import type { Bindings, BoundText } from './bindings.ts'
import { drawsNumber, someRowDraws } from './brought-ids.ts'
import { type IdStep, IdSteps } from './drawn-ids.ts'
import { type InsertSource, rowsOf } from './insert-rows.ts'
import { storedInteger } from './integer-value.ts'
import type { ShardsOf } from './resolve.ts'
import type { LookupEntry, WrittenRows } from './shard-port.ts'
import type { InsertMode } from './shards-view.ts'
import { asCompared, heldForm, implicitDefault, rangeOf, storedForm } from './stored-form.ts'

export interface InsertContext extends InsertMode {
  readonly bindings: Bindings
  readonly shardsOf: ShardsOf
  /** It runs in a transaction, so that a shard may get its rows in several statements. */
  readonly inRounds?: boolean
}

/** The part of an INSERT that one shard runs. */
export interface ShardInsert {
  /** Position in the keyspace's shards. */
  readonly shard: number
  readonly query: BoundText
  readonly rows: InsertedRows
  /** Numbers of the sequence in its rows, ascending. */
  readonly drawnIds: readonly bigint[]
}

export interface InsertedRows extends WrittenRows {
  readonly count: number
  /** The values of row `i` as text, as far as they are known. */
  cells(i: number): readonly (string | null | undefined)[]
  /** Row `i` in a statement of its own. */
  alone(i: number): ShardInsert
  /** Rows `from` up to `to` in one. */
  slice(from: number, to: number): ShardInsert
  /** What row `i` takes in a statement, at most; and what a statement takes beside its rows. */
  bytes(i: number): number
  readonly bytesAround: number
  /** Of row `i`, in the lookup tables that its table owns. */
  entries(i: number): readonly LookupEntry[]
  /** What row `i` has in these columns, as they will hold it. */
  stored(i: number, columns: readonly VindexColumn[]): readonly Value[]
}

export interface BoundInsert {
  /** In the order of each shard's first row; empty when INSERT IGNORE dropped all rows. */
  readonly inserts: readonly ShardInsert[]
  /** Rows of the statement, dropped ones included. */
  readonly rowCount: number
}

/**
 * An INSERT or REPLACE on its way to several shards; each gets its rows in the statement's order.
 *
 * Throws ER_WRONG_VALUE_COUNT_ON_ROW for a row of the wrong width; when it is bound, for a row without a keyspace id
 * ER_BAD_NULL_ERROR or Vitess's VT09023 and VT09024, unless the statement says IGNORE, which drops the row.
 */
export class InsertSplit {
  readonly plan: SplitInsert
  readonly #source: InsertSource
  readonly #context: InsertContext
  /** Numbers of the rows that draw from the sequence. */
  readonly #drawing: number[] = []
  readonly #ids = new IdSteps()
  #bound: BoundInsert | undefined

  /** `source`: its rows, where they are not the statement's own. */
  constructor(plan: SplitInsert, context: InsertContext, source = rowsOf(plan, context.bindings)) {
    this.plan = plan
    this.#context = context
    this.#source = source
    this.#lookAtIds()
  }

  /** Rows of the statement ahead of its own. */
  get rowsBefore(): number {
    return this.#source.rowsBefore ?? 0
  }

  /** A shard may get its rows in several statements. */
  get inRounds(): boolean {
    return this.#context.inRounds === true
  }

  /** How many numbers it needs from the sequence. */
  get idsNeeded(): number {
    return this.#drawing.length
  }

  /** What its rows want of the sequence, in their order. */
  get idSteps(): readonly IdStep[] {
    return this.#ids.steps
  }

  /** The highest id that a row brings for the sequence's column, as far as that is known; 0 for none. */
  get broughtId(): bigint {
    return this.#ids.most
  }

  /** Whether the shards themselves draw numbers for some rows, with AUTO_INCREMENT. */
  get shardsDraw(): boolean {
    const { counter } = this.plan
    if (counter === undefined) return false
    return counter.offset === undefined || someRowDraws(this.#source, counter.offset, this.#context)
  }

  /** One server would take NULL for a NOT NULL column, and warn of it. */
  get takesNulls(): boolean {
    return takesNull(this.plan, this.#source, this.#context)
  }

  /** `drawn`: the numbers, as many as are needed. The same answer from the second time on. */
  bind(drawn: readonly bigint[]): BoundInsert {
    this.#bound ??= this.#bind(drawn)
    return this.#bound
  }

  #lookAtIds(): void {
    const { plan } = this
    if (plan.autoIncrement === undefined) return
    for (let row = 0; row < this.#source.rowCount; row++) {
      if (needsId(plan, this.#source, row, this.#context)) {
        this.#drawing.push(row)
        this.#ids.draw()
      } else this.#ids.bring(broughtBy(plan, this.#source, row, this.#context))
    }
  }

  /** With NO_AUTO_VALUE_ON_ZERO the keyword DEFAULT is what the column's default is: 0. */
  #zeros(): readonly (readonly [row: number, id: bigint])[] {
    const { autoIncrement: auto } = this.plan
    if (auto === undefined || auto.appended || !this.#context.noAutoValueOnZero) return []
    const rows = Array.from({ length: this.#source.rowCount }, (_, row) => row)
    return rows.filter((row) => this.#source.isDefault(row, auto.offset)).map((row) => [row, 0n])
  }

  #bind(drawn: readonly bigint[]): BoundInsert {
    const ids = new Map([...this.#zeros(), ...this.#drawing.map((row, i) => [row, drawn[i]!] as const)])
    const parts = splitByShard(this.plan, this.#source, ids, this.#context)
    return {
      inserts: [...parts.values()].map((part) => part.finish()),
      rowCount: this.#source.rowCount,
    }
  }
}

// ------------------------------------------------------------------------------------- generated numbers

/** A sequence counts in a BIGINT. No number that is drawn ever comes so far: an id from here on leaves it where it is. */
export const MOST_BROUGHT = 2n ** 62n

/** 0 where it is not known, and where the shard refuses it. */
function broughtBy(
  { autoIncrement, ignore }: SplitInsert,
  source: InsertSource,
  row: number,
  { isStrict }: InsertContext,
): bigint {
  const { offset, type } = autoIncrement!
  const value = source.value(row, offset)
  const id = value === undefined || value.type === 'NULL' ? 0n : (storedInteger(value) ?? 0n)
  const [, most] = (type && rangeOf[type]) ?? [0n, id]
  if (id > most && isStrict && !ignore) return 0n
  const stored = id > most ? most : id
  return stored < MOST_BROUGHT ? stored : 0n
}

function needsId(plan: SplitInsert, source: InsertSource, row: number, context: InsertContext): boolean {
  const auto = plan.autoIncrement
  if (auto === undefined || auto.appended) return auto !== undefined
  if (source.isDefault(row, auto.offset)) return !context.noAutoValueOnZero
  const value = source.value(row, auto.offset)
  if (value === undefined) return false
  if (value.type === 'NULL') return true
  if (isStoredAsZero(value, plan, context)) throw negative(auto.column)
  if (!drawsNumber(value, context)) return false
  // A shard in strict mode refuses it; one without would count for itself.
  return plan.ignore || !context.isStrict || isNumeric(value)
}

/** The shard would draw a number of its own for it. */
function isStoredAsZero(
  value: Value,
  { ignore, autoIncrement }: SplitInsert,
  { isStrict, noAutoValueOnZero }: InsertContext,
): boolean {
  const type = autoIncrement?.type
  const isUnsigned = type !== undefined && isUnsignedType(type)
  return isUnsigned && (ignore || !isStrict) && !noAutoValueOnZero && (storedInteger(value) ?? 0n) < 0n
}

function negative(column: string): SqlError {
  return notSupported(
    `a number below 0 for AUTO_INCREMENT column '${column}', which is UNSIGNED, without strict mode`,
  )
}

/** Whether strict mode takes the value for a number. */
function isNumeric(value: Value): boolean {
  return (
    isNumber(value.type) || /^\s*[+-]?\.?\d[\d.eE+-]*\s*$/.test(Buffer.from(value.bytes).toString('latin1'))
  )
}

// ------------------------------------------------------------------------------------------------ split

/** A row of the statement, by its position, with its number of the sequence. */
interface PlacedRow {
  readonly row: number
  readonly id: bigint | undefined
  readonly keyspaceId: KeyspaceId
}

/** One shard's statement while it grows. */
class Part implements InsertedRows {
  readonly #shard: number
  readonly #insert: InsertOfRows
  readonly #text: TextBinder
  readonly #rows: PlacedRow[] = []
  /** Made when it is asked for, which is when all rows are there. */
  #numbers: readonly number[] | undefined
  readonly #drawnIds: bigint[] = []

  constructor(shard: number, insert: InsertOfRows) {
    this.#shard = shard
    this.#insert = insert
    this.#text = insert.begin()
  }

  add(placed: PlacedRow): void {
    this.#insert.append(this.#text, placed, this.#rows.length === 0)
    this.#rows.push(placed)
    if (placed.id) this.#drawnIds.push(placed.id)
  }

  finish(): ShardInsert {
    const [only, ...others] = this.#rows
    const selected = others.length > 0 ? undefined : this.#insert.selectedText(only)
    const query = selected ?? this.#insert.finish(this.#text)
    return { shard: this.#shard, query, rows: this, drawnIds: this.#drawnIds }
  }

  get count(): number {
    return this.#rows.length
  }

  get numbers(): readonly number[] {
    this.#numbers ??= this.#rows.map(({ row }) => this.#insert.numberOf(row))
    return this.#numbers
  }

  first(count: number): BoundText {
    return this.#insert.textOf(this.#rows.slice(0, count))
  }

  cells(i: number): readonly (string | null | undefined)[] {
    return this.#insert.cellsOf(this.#rows[i])
  }

  alone(i: number): ShardInsert {
    return this.slice(i, i + 1)
  }

  slice(from: number, to: number): ShardInsert {
    const part = new Part(this.#shard, this.#insert)
    for (const placed of this.#rows.slice(from, to)) part.add(placed)
    return part.finish()
  }

  bytes(i: number): number {
    return this.#insert.bytesOf(this.#rows[i])
  }

  get bytesAround(): number {
    return this.#insert.bytesAround
  }

  entries(i: number): readonly LookupEntry[] {
    return this.#insert.entriesOf(this.#rows[i])
  }

  stored(i: number, columns: readonly VindexColumn[]): readonly Value[] {
    return this.#insert.storedOf(this.#rows[i], columns)
  }
}

/** Text of the statement with some of its rows. */
class InsertOfRows {
  readonly #plan: SplitInsert
  readonly #source: InsertSource
  readonly #context: InsertContext

  constructor(plan: SplitInsert, source: InsertSource, context: InsertContext) {
    this.#plan = plan
    this.#source = source
    this.#context = context
  }

  numberOf(row: number): number {
    return (this.#source.rowsBefore ?? 0) + row + 1
  }

  begin(): TextBinder {
    const text = new TextBinder(this.#context.bindings)
    text.append(this.#plan.head)
    return text
  }

  append(text: TextBinder, { row, id }: PlacedRow, isFirst: boolean): void {
    // The head may end in `VALUES` or `VALUES `: a blank too many harms nobody.
    text.appendPiece(isFirst ? ' ' : ', ')
    const offset = this.#plan.autoIncrement?.offset ?? 0
    this.#source.appendRow(text, row, id === undefined ? undefined : { offset, text: id.toString() })
  }

  finish(text: TextBinder): BoundText {
    const { tail } = this.#plan
    if (tail.length > 0) text.appendPiece(' ')
    text.append(tail)
    return text.finish()
  }

  /**
   * A row that is one of several, with a NULL that one of several may have: servers take it from a SELECT, too. Undefined for other
   * rows, and where only VALUES can say it.
   */
  selectedText({ row, id }: PlacedRow): BoundText | undefined {
    const { autoIncrement, columnCount, ignore, tail } = this.#plan
    if (ignore || !takesNull(this.#plan, this.#source, this.#context)) return undefined
    const offsets = Array.from({ length: columnCount }, (_, offset) => offset)
    const mayBeNull = (offset: number) => (this.#source.value(row, offset)?.type ?? 'NULL') === 'NULL'
    if (!offsets.some(mayBeNull) || offsets.some((offset) => this.#source.isDefault(row, offset)))
      return undefined
    const head = beforeValues(this.#plan.head)
    if (head === undefined || hasRowAlias(tail)) return undefined
    const text = new TextBinder(this.#context.bindings)
    text.append(head)
    const width = columnCount + Number(id !== undefined && autoIncrement?.appended === true)
    for (let offset = 0; offset < width; offset++) {
      text.appendPiece(offset === 0 ? 'SELECT ' : ', ')
      if (id !== undefined && offset === autoIncrement?.offset) text.appendPiece(id.toString())
      else this.#source.appendCell(text, row, offset)
    }
    return this.finish(text)
  }

  textOf(rows: readonly PlacedRow[]): BoundText {
    const text = this.begin()
    for (const [i, placed] of rows.entries()) this.append(text, placed, i === 0)
    return this.finish(text)
  }

  bytesOf(placed: PlacedRow): number {
    const text = new TextBinder(this.#context.bindings)
    this.append(text, placed, false)
    return this.#bytesOf(text.finish())
  }

  get bytesAround(): number {
    return this.#bytesOf(this.textOf([]))
  }

  /** A param's value comes with its type and its length. */
  #bytesOf({ sql, params }: BoundText): number {
    const { bindings } = this.#context
    return params.reduce((sum, param) => sum + bindings.paramValue(param).bytes.length + 16, sql.length)
  }

  cellsOf({ row }: PlacedRow): readonly (string | null | undefined)[] {
    return Array.from({ length: this.#plan.columnCount }, (_, offset) => {
      const value = this.#source.value(row, offset)
      if (value === undefined) return undefined
      return value.type === 'NULL' ? null : Buffer.from(value.bytes).toString()
    })
  }

  entriesOf(placed: PlacedRow): readonly LookupEntry[] {
    const { lookups = [] } = this.#plan.entered ?? {}
    return lookups.map(({ lookup, columns }) => ({
      lookup,
      values: columns.map((column, i) => this.#stored(placed, column, domainOf(lookup.vindex, i))),
      id: placed.keyspaceId,
    }))
  }

  storedOf(placed: PlacedRow, columns: readonly VindexColumn[]): readonly Value[] {
    return columns.map((column) => this.#stored(placed, column, 'any'))
  }

  #stored({ row, id }: PlacedRow, column: VindexColumn, domain: VindexDomain): Value {
    const value = storedValue(this.#plan, this.#source, { row, id }, { ...column, domain }, this.#context)
    return asCompared(column.routed, value)
  }
}

function splitByShard(
  plan: SplitInsert,
  source: InsertSource,
  ids: ReadonlyMap<number, bigint>,
  context: InsertContext,
): ReadonlyMap<number, Part> {
  const shards = context.shardsOf(plan.keyspace)
  const insert = new InsertOfRows(plan, source, context)
  const parts = new Map<number, Part>()
  const columns = plan.vindexColumns.map((column, i): PlacingColumn => {
    return { ...column, domain: domainOf(plan.vindex, i) }
  })
  const { verified = [] } = plan
  /** NULL is found by no vindex. */
  const belongs = ({ vindex, column }: VerifiedVindex, { row, id, keyspaceId }: PlacedRow): boolean => {
    const value = storedValue(plan, source, { row, id }, { ...column, domain: domainOf(vindex, 0) }, context)
    return value.type === 'NULL' || vindex.verify(value, keyspaceId)
  }
  for (let row = 0; row < source.rowCount; row++) {
    const id = ids.get(row)
    const values = columns.map((column) => storedValue(plan, source, { row, id }, column, context))
    const keyspaceId = mapRow(plan, values)
    if (keyspaceId === undefined) continue
    const placed = { row, id, keyspaceId }
    const stray = verified.find((each) => !belongs(each, placed))
    if (stray !== undefined && plan.ignore) continue
    if (stray !== undefined) throw doesNotBelong(stray)
    const shard = shardIndexOf(shards, keyspaceId)
    let part = parts.get(shard)
    if (part === undefined) {
      part = new Part(shard, insert)
      parts.set(shard, part)
    }
    part.add(placed)
  }
  return parts
}

/** A column whose value places a row, and what the vindex makes of it. */
type PlacingColumn = VindexColumn & { readonly domain: VindexDomain }

/** What a column holds of a row when it has been inserted. */
function storedValue(
  plan: SplitInsert,
  source: InsertSource,
  { row, id }: Pick<PlacedRow, 'row' | 'id'>,
  { column, offset, routed, usual, domain }: PlacingColumn,
  context: InsertContext,
): Value {
  const isUsual = offset < 0 || (usual !== undefined && source.isDefault(row, offset))
  const isDrawn = id !== undefined && offset === plan.autoIncrement?.offset
  const value = isDrawn ? generatedValue(id) : isUsual ? usual! : source.vindexValue(row, offset, column)
  const isDefaulted =
    value.type === 'NULL' && routed?.notNull === true && (isUsual || takesNull(plan, source, context))
  const implicit = isDefaulted ? implicitDefault(routed, !context.isStrict || plan.ignore) : undefined
  // No client may write the date that a column has by itself.
  const form = implicit !== undefined || source.isHeld?.(row, offset) === true ? heldForm : storedForm
  return form(domain, routed, implicit ?? value, column)
}

/** A NULL for a NOT NULL column becomes its implicit default. */
function takesNull(plan: SplitInsert, source: InsertSource, context: InsertContext): boolean {
  return plan.ignore || (!context.isStrict && source.rowCount > 1)
}

function generatedValue(id: bigint): Value {
  return { type: 'INT64', bytes: Buffer.from(id.toString(), 'latin1') }
}

/** Undefined: the row is dropped. */
function mapRow(plan: SplitInsert, values: readonly Value[]) {
  const { vindex, ignore } = plan
  if (vindex.kind === 'lookup') throw notUnique(values)
  let destination: ReturnType<typeof vindex.map>
  try {
    destination = vindex.kind === 'single' ? vindex.map(values[0]) : vindex.map(values)
  } catch (error) {
    if (ignore && error instanceof SqlError) return undefined
    throw error
  }
  if (destination.kind === 'KeyspaceId') return destination.id
  if (ignore) return undefined
  const firstNull = values.findIndex((value) => value.type === 'NULL')
  if (firstNull >= 0) throw notNull(plan.vindexColumns[firstNull].column)
  throw destination.kind === 'None' ? notMapped(values) : notUnique(values)
}

/** As vtgate says it. */
function doesNotBelong({ column: { column }, vindex }: VerifiedVindex): SqlError {
  const text = `value for column '${column}' does not map to the row's keyspace id, by which vindex '${vindex.name}' would not find it`
  return new SqlError('ER_UNKNOWN_ERROR', text)
}

function notNull(column: string): SqlError {
  return new SqlError('ER_BAD_NULL_ERROR', `Column '${column}' cannot be null`)
}

function notMapped(values: readonly Value[]): SqlError {
  return new SqlError('ER_UNKNOWN_ERROR', `VT09023: could not map ${printValues(values)} to a keyspace id`)
}

function notUnique(values: readonly Value[]): SqlError {
  const text = `VT09024: could not map ${printValues(values)} to a unique keyspace id`
  return new SqlError('ER_UNKNOWN_ERROR', text)
}

/** As Go prints a list of Vitess values: `[INT64(1) NULL VARCHAR("a")]`. */
function printValues(values: readonly Value[]): string {
  const printed = values.map((value) => {
    const text = Buffer.from(value.bytes).toString()
    if (value.type === 'NULL') return 'NULL'
    const isNumber = /^(?:U?INT|FLOAT|DECIMAL)/.test(value.type)
    return `${value.type}(${isNumber ? text : JSON.stringify(text)})`
  })
  return `[${printed.join(' ')}]`
}
