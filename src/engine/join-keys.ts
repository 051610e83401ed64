import { notSupported } from '../errors/sql-error.ts'
import { classOf, columnFlags } from '../values/types.ts'
import { nullValue, type Value } from '../values/value.ts'
import type { OuterRows } from './bindings.ts'
import { readExact } from './number-cell.ts'
import type { LocatedRow } from './row-joiner.ts'
import type { RowFormat, StreamColumn } from './row-stream.ts'

interface KeyColumn {
  readonly at: number
  readonly type: StreamColumn
  /** Its bytes are the digits. */
  readonly isPlain: boolean
}

/**
 * Reads columns of rows as one text that is the same where all of them are equal integers; undefined where one is NULL, which is
 * equal to nothing. Throws ER_NOT_SUPPORTED_YET for columns that are no integers.
 */
export class KeyReader {
  readonly #columns: readonly KeyColumn[]
  readonly #format: RowFormat

  constructor(keys: readonly number[], columns: readonly StreamColumn[], format: RowFormat) {
    this.#format = format
    this.#columns = keys.map((at) => {
      const type = columns[at]!
      const kind = classOf(type)
      if (kind !== 'signed' && kind !== 'unsigned')
        throw notSupported(`a join by column '${type.name}', which is no integer, over several shards`)
      const isPlain = format === 'text' && (type.flags & columnFlags.zerofill) === 0
      return { at, type, isPlain }
    })
  }

  keyOf(row: LocatedRow): string | undefined {
    const [first, ...others] = this.#columns
    let key = this.#integer(row, first!)
    for (const column of others) {
      const next = this.#integer(row, column)
      if (key === undefined || next === undefined) return undefined
      key += `,${next}`
    }
    return key
  }

  /** The first of the columns alone. */
  firstOf(row: LocatedRow): string | undefined {
    return this.#integer(row, this.#columns[0]!)
  }

  #integer({ row, cells }: LocatedRow, { at, type, isPlain }: KeyColumn): string | undefined {
    const start = cells[2 * at]!
    const end = cells[2 * at + 1]!
    if (start < 0) return undefined
    return isPlain
      ? row.latin1Slice(start, end)
      : readExact(type, this.#format, row, start, end).unscaled.toString()
  }
}

/** Integers as a list that a query asks for: without any, for what is equal to NULL, which is no row. */
export class BoundKeys implements OuterRows {
  readonly #keys: readonly string[]

  constructor(keys: Iterable<string>) {
    this.#keys = [...keys]
  }

  value(): Value {
    return this.values()[0]!
  }

  values(): readonly Value[] {
    return this.#keys.length === 0 ? [nullValue] : this.#keys.map(integerOf)
  }

  text(): string {
    return this.#keys.length === 0 ? 'NULL' : this.#keys.join(', ')
  }

  only(_column: number, numbers: readonly number[]): BoundKeys {
    return new BoundKeys(numbers.map((number) => this.#keys[number]!))
  }
}

/** Of an integer of 64 bits. */
export function integerOf(digits: string): Value {
  const type = digits.length > INT64_DIGITS && BigInt(digits) > INT64_MAX ? 'UINT64' : 'INT64'
  return { type, bytes: Buffer.from(digits, 'latin1') }
}

const INT64_MAX = 2n ** 63n - 1n
/** Integers of so many digits are no larger. */
const INT64_DIGITS = 18
