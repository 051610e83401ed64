import { textLiteral } from '../values/sql-literal.ts'
import { toUtf8 } from '../values/to-utf8.ts'
import type { Value } from '../values/value.ts'
import type { OuterRows } from './bindings.ts'
import type { Row } from './row-stream.ts'

/** A statement with as many values is far below any server's max_allowed_packet, and is read in some ten milliseconds. */
const VALUES_MAX = 100_000
const BYTES_MAX = 1_000_000

/** The values of one column of a copy, as its rows go by: NULLs aside, which are equal to nothing. */
export class KeptValues {
  readonly #charset: string | undefined
  readonly #texts: Set<string>
  #bytes = 0
  #areTooMany = false

  /** `charset`: of texts; undefined for integers. */
  constructor(charset: string | undefined, texts: Iterable<string> = []) {
    this.#charset = charset
    this.#texts = new Set(texts)
  }

  /** Undefined when there are too many to be of use. */
  get count(): number | undefined {
    return this.#areTooMany ? undefined : this.#texts.size
  }

  add(row: Row, start: number, end: number): void {
    if (start < 0 || this.#areTooMany) return
    const text = row.latin1Slice(start, end)
    if (this.#texts.has(text)) return
    this.#texts.add(text)
    this.#bytes += text.length
    if (this.#texts.size <= VALUES_MAX && this.#bytes <= BYTES_MAX) return
    this.#areTooMany = true
    this.#texts.clear()
  }

  values(): readonly Value[] {
    const charset = this.#charset
    return [...this.#texts].map((text): Value => {
      const bytes = Buffer.from(text, 'latin1')
      return charset === undefined
        ? { type: 'DECIMAL', bytes }
        : { type: 'VARCHAR', bytes: toUtf8(bytes, charset) }
    })
  }

  only(numbers: readonly number[]): KeptValues {
    const texts = [...this.#texts]
    return new KeptValues(
      this.#charset,
      numbers.map((number) => texts[number]!),
    )
  }

  text(): string {
    const charset = this.#charset
    if (charset === undefined) return [...this.#texts].join(', ')
    return [...this.#texts].map((text) => textLiteral(Buffer.from(text, 'latin1'), charset)).join(', ')
  }
}

/** For each column that a table is reduced by: values to be asked for, or none, and all that it has are. */
export class AskedValues implements OuterRows {
  readonly #columns: readonly AskedColumn[]

  constructor(columns: readonly AskedColumn[]) {
    this.#columns = columns
  }

  value(column: number): Value {
    return this.values(column)[0]!
  }

  values(column: number): readonly Value[] {
    return this.#columns[column]!.values?.values() ?? []
  }

  /** What a column is compared with: itself where it does not matter. */
  text([column]: readonly number[]): string {
    const { name, values } = this.#columns[column!]!
    return values?.text() ?? name
  }

  only(column: number, numbers: readonly number[]): AskedValues {
    return new AskedValues(
      this.#columns.map((each, i) =>
        i === column && each.values !== undefined ? { ...each, values: each.values.only(numbers) } : each,
      ),
    )
  }
}

interface AskedColumn {
  /** Quoted. */
  readonly name: string
  readonly values: KeptValues | undefined
}
