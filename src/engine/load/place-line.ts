import { notSupported, SqlError } from '../../errors/sql-error.ts'
import { shardIndexOf } from '../../key/shard-ranges.ts'
import type { RoutedColumn } from '../../plan/routing.ts'
import type { LoadFile } from '../../plan/write-primitives.ts'
import { toUtf8 } from '../../values/to-utf8.ts'
import { nullValue, type Value } from '../../values/value.ts'
import { domainOf } from '../../vindex/domain.ts'
import type { Shards } from '../shard-set.ts'
import { implicitDefault, storedForm } from '../stored-form.ts'
import { fieldValue } from './field-value.ts'
import type { LineFormat } from './line-format.ts'
import type { Line } from './line-reader.ts'

type Placing = NonNullable<LoadFile['placing']>

export interface PlaceOptions {
  readonly format: LineFormat
  readonly charset: string
  readonly shards: Shards
}

/** A number that a line has drawn from the sequence, for the field at `offset`. */
export interface DrawnField {
  readonly offset: number
  readonly id: bigint
}

/**
 * Position of the shard on which a line's row has its place. What is wrong with a field is no error of LOAD DATA LOCAL: it goes
 * where the value is that will be stored. Throws ER_BAD_NULL_ERROR for a row without a place, 1235 where it cannot be told.
 */
export function placeLine(
  placing: Placing,
  line: Line,
  drawn: DrawnField | undefined,
  { format, charset, shards }: PlaceOptions,
): number {
  const { vindex, vindexColumns } = placing
  const values = vindexColumns.map(({ column, offset, routed }, i): Value => {
    const isDrawn = drawn !== undefined && drawn.offset === offset
    const text = isDrawn ? Buffer.from(drawn.id.toString()) : fieldValue(line, offset, format)
    const value = text === undefined || text === null ? defaultOf(routed) : textValue(text, charset)
    return storedForm(domainOf(vindex, i), routed, value, column)
  })
  if (vindex.kind === 'lookup') throw notSupported('LOAD DATA by a lookup vindex')
  const destination = vindex.kind === 'single' ? vindex.map(values[0]!) : vindex.map(values)
  if (destination.kind === 'KeyspaceId') return shardIndexOf(shards, destination.id)
  const empty = vindexColumns.find((_, i) => values[i]!.type === 'NULL') ?? vindexColumns[0]!
  throw new SqlError('ER_BAD_NULL_ERROR', `Column '${empty.column}' cannot be null`)
}

function textValue(bytes: Buffer, charset: string): Value {
  return { type: 'VARCHAR', bytes: toUtf8(bytes, charset) }
}

/** What LOAD DATA makes of NULL, and of a field that is not there. */
function defaultOf(column: RoutedColumn | undefined): Value {
  return (column?.notNull === true ? implicitDefault(column) : undefined) ?? nullValue
}
