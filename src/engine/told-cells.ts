import { groupBy } from '../base/group-by.ts'
import type { SplitInsert, VindexColumn } from '../plan/write-primitives.ts'
import type { Value, ValueType } from '../values/value.ts'
import { domainOf, type VindexDomain } from '../vindex/domain.ts'
import { TextBinder } from './bind.ts'
import type { Bindings } from './bindings.ts'
import { drawsNumber } from './brought-ids.ts'
import type { GeneratedCell, InsertSource } from './insert-rows.ts'
import type { RunContext } from './run-context.ts'
import type { InsertMode } from './shards-view.ts'
import { isStorable, isTold } from './stored-form.ts'

/**
 * Cells of an INSERT that decide where rows live, of which the proxy cannot say what their columns make of them: a JSON value for an
 * INT, a number for a text, a text that is too long or in another character set. A server is asked: it stores them in a temporary
 * table with those columns, under the session's settings, and what stands there is what places the row. Whether it may be stored
 * at all the row's own shard says, which gets the cell as it is written.
 */
export async function withToldCells(
  plan: SplitInsert,
  source: InsertSource,
  { bindings, port, shards }: Pick<RunContext, 'bindings' | 'port' | 'shards'>,
): Promise<InsertSource> {
  const cells = untoldCells(plan, source)
  if (cells.length === 0) return source
  const columns = new Map(cells.map(({ column }) => [column.offset, column]))
  const offsets = [...columns.keys()]
  const byRow = groupBy(cells, ({ row }) => row)
  const rows = [...byRow].map(([row, own]) => {
    const isAsked = new Set(own.map(({ column }) => column.offset))
    return offsets.map((offset) => (isAsked.has(offset) ? cellText(source, row, offset, bindings) : 'NULL'))
  })
  const definitions = offsets.map((offset) => columns.get(offset)!.definition!)
  const { values, hasWarned } = await port.asStored(plan.keyspace, { definitions, rows })
  const told = new Map<string, Value>()
  const mayRefuse = hasWarned && shards.insertMode.isStrict && !plan.ignore
  for (const [i, row] of [...byRow.keys()].entries())
    for (const { column } of byRow.get(row)!) {
      const value = values[i]![offsets.indexOf(column.offset)]!
      // No number is drawn for what the shard refuses.
      const isRefused = mayRefuse && column.offset === plan.autoIncrement?.offset
      if (isRefused && draws(value, shards.insertMode)) continue
      // Under sql_mode no literal of such a date may be compared with the rows that are met.
      if (plan.entered?.met !== undefined && !isTold('any', column.routed, value)) continue
      told.set(keyOf(row, column.offset), value)
    }
  return new ToldRows(source, told)
}

function draws(value: Value, mode: InsertMode): boolean {
  return value.type === 'NULL' || drawsNumber(value, mode)
}

/** Whether `withToldCells` has something to ask. */
export function hasUntoldCells(plan: SplitInsert, source: InsertSource): boolean {
  return untoldCells(plan, source).length > 0
}

interface UntoldCell {
  readonly row: number
  readonly column: VindexColumn
}

function untoldCells(plan: SplitInsert, source: InsertSource): readonly UntoldCell[] {
  const found = new Map<string, UntoldCell>()
  for (const { column, domain } of decidingColumns(plan)) {
    if (!isStorable(column.routed) || column.definition === undefined) continue
    for (let row = 0; row < source.rowCount; row++)
      if (isUntold(source, row, column, domain)) found.set(keyOf(row, column.offset), { row, column })
  }
  return [...found.values()]
}

function isUntold(
  source: InsertSource,
  row: number,
  { offset, routed }: VindexColumn,
  domain: VindexDomain,
): boolean {
  if (source.isDefault(row, offset)) return false
  const value = source.value(row, offset)
  if (value !== undefined) return !isTold(domain, routed, value)
  const isConstant = source.isConstant(row, offset)
  return isConstant === 'but for dates' ? !DATES.has(routed!.type) : isConstant
}

const DATES: ReadonlySet<ValueType> = new Set(['DATE', 'DATETIME'])

interface DecidingColumn {
  readonly column: VindexColumn
  readonly domain: VindexDomain
}

/** Of those that rows name. */
function decidingColumns({
  vindex,
  vindexColumns,
  columnCount,
  entered,
  autoIncrement,
}: SplitInsert): readonly DecidingColumn[] {
  const placing = vindexColumns.map((column, i) => ({ column, domain: domainOf(vindex, i) }))
  const { lookups = [], references = [], met } = entered ?? {}
  const looked = lookups.flatMap(({ lookup, columns }) =>
    columns.map((column, i) => ({ column, domain: domainOf(lookup.vindex, i) })),
  )
  const compared = [
    ...references.flatMap(({ columns, itself = [] }) => [...columns, ...itself]),
    ...(met === undefined ? [] : [met.keyColumns, met.primary ?? [], ...(met.referred ?? [])].flat()),
    ...(autoIncrement?.written === undefined ? [] : [autoIncrement.written]),
  ].map((column) => ({ column, domain: 'any' as const }))
  return [...placing, ...looked, ...compared].filter(
    ({ column: { offset } }) => offset >= 0 && offset < columnCount,
  )
}

function cellText(source: InsertSource, row: number, offset: number, bindings: Bindings): string {
  const text = new TextBinder(bindings, { areLiterals: true })
  source.appendCell(text, row, offset)
  return text.finish().sql
}

function keyOf(row: number, offset: number): string {
  return `${row} ${offset}`
}

/** The rows as they are, and for some cells what their columns hold of them. */
class ToldRows implements InsertSource {
  readonly rowCount: number
  readonly rowsBefore: number
  readonly #source: InsertSource
  readonly #told: ReadonlyMap<string, Value>

  constructor(source: InsertSource, told: ReadonlyMap<string, Value>) {
    this.rowCount = source.rowCount
    this.rowsBefore = source.rowsBefore ?? 0
    this.#source = source
    this.#told = told
  }

  isDefault(row: number, offset: number): boolean {
    return this.#source.isDefault(row, offset)
  }

  isConstant(row: number, offset: number): boolean | 'but for dates' {
    return this.#source.isConstant(row, offset)
  }

  value(row: number, offset: number): Value | undefined {
    return this.#told.get(keyOf(row, offset)) ?? this.#source.value(row, offset)
  }

  isHeld(row: number, offset: number): boolean {
    return this.#told.has(keyOf(row, offset))
  }

  vindexValue(row: number, offset: number, column: string): Value {
    return this.#told.get(keyOf(row, offset)) ?? this.#source.vindexValue(row, offset, column)
  }

  appendCell(text: TextBinder, row: number, offset: number): void {
    this.#source.appendCell(text, row, offset)
  }

  appendRow(text: TextBinder, row: number, generated: GeneratedCell | undefined): void {
    this.#source.appendRow(text, row, generated)
  }
}
