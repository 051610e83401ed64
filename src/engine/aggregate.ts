import type { AggregateColumn, AggregateRows } from '../plan/primitives.ts'
import { type Accumulator, createAccumulator } from './accumulator.ts'
import { BatchBuilder } from './batch-builder.ts'
import { neverNull } from './column-flags.ts'
import { columnAt } from './columns.ts'
import { type KeyOrder, keyOrder } from './key-order.ts'
import { type NewCell, RowLayout, rebuildRow } from './row-format.ts'
import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

interface Group {
  readonly row: Row
  readonly keyCells: Int32Array
}

/**
 * Makes of the rows of each group one: the group's first row with its aggregate cells replaced. The input is sorted by
 * the group keys, so only one group is held. Without keys everything is one group, which is answered even when there
 * are no rows: counts are 0, all else NULL.
 */
export class AggregateStream implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #input: RowStream
  readonly #layout: RowLayout
  readonly #keys: KeyOrder
  readonly #isScalar: boolean
  readonly #accumulators: readonly Accumulator[]
  readonly #cells: Int32Array
  /** Key cells of the row at hand, before it is known whether it begins a group. */
  readonly #keyCells: Int32Array
  #group: Group | undefined
  #ended = false

  constructor(input: RowStream, plan: Pick<AggregateRows, 'groupBy' | 'aggregates'>) {
    const { columns, format } = input
    this.columns = withCounts(columns, plan.aggregates)
    this.format = format
    this.#input = input
    this.#layout = new RowLayout(format, columns)
    this.#keys = keyOrder(plan.groupBy, columns, format)
    this.#isScalar = plan.groupBy.length === 0
    this.#accumulators = plan.aggregates.map((aggregate) => createAccumulator(aggregate, columns, format))
    this.#cells = new Int32Array(2 * columns.length)
    this.#keyCells = this.#keys.createCells()
  }

  async next(): Promise<RowBatch | undefined> {
    const out = new BatchBuilder()
    while (!this.#ended && out.isEmpty) {
      const batch = await this.#input.next()
      if (batch === undefined) this.#end(out)
      else for (const row of batch) this.#add(row, out)
    }
    return out.take()
  }

  close(): Promise<void> {
    this.#ended = true
    return this.#input.close()
  }

  #add(row: Row, out: BatchBuilder): void {
    this.#layout.locate(row, this.columns.length, this.#cells)
    this.#keys.pickInto(this.#cells, this.#keyCells)
    const group = this.#group
    if (group === undefined || this.#keys.compare(group.row, group.keyCells, row, this.#keyCells) !== 0) {
      if (group !== undefined) out.push(this.#finish(group.row))
      this.#group = { row, keyCells: this.#keyCells.slice() }
      for (const accumulator of this.#accumulators) accumulator.reset()
      this.#layout.locate(row, this.columns.length, this.#cells)
    }
    for (const accumulator of this.#accumulators) accumulator.add(row, this.#cells)
  }

  #end(out: BatchBuilder): void {
    // A closed input ends like an exhausted one; its group is not whole.
    if (this.#ended) return
    this.#ended = true
    if (this.#group !== undefined) out.push(this.#finish(this.#group.row))
    else if (this.#isScalar) out.push(this.#finish(undefined))
  }

  #finish(first: Row | undefined): Row {
    const changes: NewCell[] = new Array(this.columns.length)
    for (const accumulator of this.#accumulators) accumulator.finish(changes)
    if (first !== undefined) this.#layout.locate(first, this.columns.length, this.#cells)
    return rebuildRow(this.#layout, first, this.#cells, changes)
  }
}

/** Where an outer join finds nothing to count, a count is none still. */
function withCounts(
  columns: readonly StreamColumn[],
  aggregates: readonly AggregateColumn[],
): readonly StreamColumn[] {
  const counts = new Set(
    aggregates.flatMap(({ kind, column }) => (kind === 'Count' ? columnAt(columns, column) : [])),
  )
  return columns.map((column, i) => (counts.has(i) ? neverNull(column) : column))
}
