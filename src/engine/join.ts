import type { ByteBudget } from '../base/byte-budget.ts'
import { notSupported } from '../errors/sql-error.ts'
import { JOINED_ROWS_MAX, type JoinedColumn, type JoinedSide, type JoinRows } from '../plan/primitives.ts'
import { BatchBuilder } from './batch-builder.ts'
import { nullable, ofTemporaryTable } from './column-flags.ts'
import { BoundKeys, KeyReader } from './join-keys.ts'
import { beneath } from './outer-rows.ts'
import { closeOnFailure, runRoute } from './route.ts'
import { type LocatedRow, RowJoiner, RowLocator } from './row-joiner.ts'
import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'
import type { RunContext } from './run-context.ts'

/** What a row takes beside its bytes: views, and where its cells are. */
const ROW_BYTES = 400

/**
 * Reads the left side, asks the right one for rows with its keys, and answers the pairs as these come. The right side is asked
 * even without keys: its shards know its columns. Throws ER_NOT_SUPPORTED_YET for more rows than can be held, and for columns
 * that are not those of the plan.
 */
export async function joinRows(node: JoinRows, context: RunContext): Promise<RowStream> {
  const { how, left, right, columns, isTemporary } = node
  const held = new HeldRows(context.memory, how)
  try {
    const { format, columns: leftColumns } = await held.read(left, context)
    const bindings = beneath(context.bindings, new BoundKeys(held.firstKeys))
    const stream = await runRoute(right.rows, { ...context, bindings })
    return await closeOnFailure([stream], () => {
      checkWidth(right, stream.columns)
      return new JoinStream(
        held,
        stream,
        right.keys,
        joined(
          { format, left: leftColumns, right: rightColumns(how, stream) },
          columns,
          isTemporary ? ofTemporaryTable : (column) => column,
        ),
      )
    })
  } catch (error) {
    held.close()
    throw error
  }
}

interface Sides {
  readonly format: RowFormat
  readonly left: readonly StreamColumn[]
  readonly right: readonly StreamColumn[]
}

interface Joined {
  readonly joiner: RowJoiner
  readonly columns: readonly StreamColumn[]
}

function joined(
  sides: Sides,
  columns: readonly JoinedColumn[],
  told: (column: StreamColumn) => StreamColumn,
): Joined {
  return {
    joiner: new RowJoiner(sides.format, columns),
    columns: columns.map(({ side, column }) => told(sides[side][column]!)),
  }
}

function rightColumns(how: JoinRows['how'], { columns }: RowStream): readonly StreamColumn[] {
  return how === 'left' ? columns.map(nullable) : columns
}

function checkWidth({ width }: JoinedSide<unknown>, { length }: readonly StreamColumn[]): void {
  if (length !== width) throw notSupported('a join of tables whose columns have changed over several shards')
}

/** Rows with equal keys, and whether any row of the other side has had these. */
interface AlikeRows {
  readonly rows: LocatedRow[]
  areJoined: boolean
}

/** Rows by their keys; those that are equal to nothing are left out where they cannot come alone. */
class HeldRows {
  readonly firstKeys = new Set<string>()
  readonly #memory: ByteBudget
  readonly #how: JoinRows['how']
  readonly #byKey = new Map<string, AlikeRows>()
  readonly #withoutKey: LocatedRow[] = []
  #count = 0
  #bytes = 0
  #isClosed = false

  constructor(memory: ByteBudget, how: JoinRows['how']) {
    this.#memory = memory
    this.#how = how
  }

  async read(side: JoinRows['left'], context: RunContext): Promise<Pick<RowStream, 'format' | 'columns'>> {
    const { rows } = side
    const stream = await (rows.kind === 'Join' ? joinRows(rows, context) : runRoute(rows, context))
    try {
      const { format, columns } = stream
      checkWidth(side, columns)
      const locator = new RowLocator(format, columns)
      const keys = new KeyReader(side.keys, columns, format)
      for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
        this.#hold(batch)
        for (const row of batch) this.#add(locator.locate(row), keys)
      }
      return { format, columns }
    } finally {
      await stream.close()
    }
  }

  /** Those that a row of the other side with this key is joined with; of a semi-join no second time. */
  rowsWith(key: string): readonly LocatedRow[] {
    const alike = this.#byKey.get(key)
    if (alike === undefined) return []
    const isFirst = !alike.areJoined
    alike.areJoined = true
    if (this.#how === 'anti' || (this.#how === 'semi' && !isFirst)) return []
    return alike.rows
  }

  /** Those that no row has been joined with, where they count. */
  withoutPartner(): readonly LocatedRow[] {
    if (!this.#keepsAlone) return []
    const alone = [...this.#byKey.values()].flatMap(({ rows, areJoined }) => (areJoined ? [] : rows))
    return [...alone, ...this.#withoutKey]
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#memory.give(this.#bytes)
    this.#byKey.clear()
  }

  get #keepsAlone(): boolean {
    return this.#how === 'left' || this.#how === 'anti'
  }

  #hold(batch: RowBatch): void {
    const bytes = batch.reduce((sum, row) => sum + ROW_BYTES + row.length, 0)
    this.#count += batch.length
    if (this.#count > JOINED_ROWS_MAX || !this.#memory.take(bytes))
      throw notSupported(
        `a join whose first table gives more than ${JOINED_ROWS_MAX} rows over several shards`,
      )
    this.#bytes += bytes
  }

  #add(row: LocatedRow, keys: KeyReader): void {
    const key = keys.keyOf(row)
    if (key === undefined) {
      if (this.#keepsAlone) this.#withoutKey.push(row)
      return
    }
    const alike = this.#byKey.get(key)
    if (alike !== undefined) return void alike.rows.push(row)
    this.#byKey.set(key, { rows: [row], areJoined: false })
    this.firstKeys.add(keys.firstOf(row)!)
  }
}

class JoinStream implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #held: HeldRows
  readonly #right: RowStream
  readonly #locator: RowLocator
  readonly #keys: KeyReader
  readonly #joiner: RowJoiner
  #batch: RowBatch = []
  #at = 0
  /** Of the row before `#at`: its partners, and how many of them it has been joined with. */
  #row: LocatedRow | undefined
  #partners: readonly LocatedRow[] = []
  #paired = 0
  /** All rows of the right side have been joined, and the others of the left one are. */
  #isRightRead = false
  #closed = false

  constructor(held: HeldRows, right: RowStream, keys: readonly number[], { joiner, columns }: Joined) {
    this.columns = columns
    this.format = right.format
    this.#held = held
    this.#right = right
    this.#locator = new RowLocator(right.format, right.columns)
    this.#keys = new KeyReader(keys, right.columns, right.format)
    this.#joiner = joiner
  }

  /** A row may have thousands of partners: they are paired as the rows are wanted. */
  async next(): Promise<RowBatch | undefined> {
    const out = new BatchBuilder()
    while (!this.#closed) {
      this.#pair(out)
      const rows = out.take()
      if (rows !== undefined) return rows
      if (this.#isRightRead) return undefined
      const batch = await this.#right.next()
      if (batch === undefined) this.#joinOthers()
      else {
        this.#batch = batch
        this.#at = 0
      }
    }
    return undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#partners = []
    this.#held.close()
    await this.#right.close()
  }

  #joinOthers(): void {
    this.#isRightRead = true
    this.#partners = this.#held.withoutPartner()
    this.#paired = 0
    this.#row = this.#locator.nulls()
  }

  #pair(out: BatchBuilder): void {
    for (;;) {
      while (this.#paired < this.#partners.length) {
        if (out.isFull) return
        out.push(this.#joiner.join(this.#partners[this.#paired++]!, this.#row!))
      }
      if (this.#at === this.#batch.length) return
      const row = this.#locator.locate(this.#batch[this.#at++]!)
      const key = this.#keys.keyOf(row)
      this.#row = row
      this.#partners = key === undefined ? [] : this.#held.rowsWith(key)
      this.#paired = 0
    }
  }
}
