import { noShard } from '../key/destination.ts'
import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'
import type { Value } from '../values/value.ts'
import { functionalInfo, idOrNone, prefixDestination, sameBytes } from './functional.ts'
import { parseGoInt } from './uint64.ts'
import { invalid } from './value-bytes.ts'
import type { SingleColumnVindex, VindexContext, VindexFactory } from './vindex.ts'

type Params = Readonly<Record<string, string>>
type Hashing = SingleColumnVindex & { readonly hash: NonNullable<SingleColumnVindex['hash']> }

const idBytes = 8

/**
 * `multicol` over 1 to 8 columns: the id is put together from the first `column_bytes` bytes of each column's id, made
 * by the vindex types of `column_vindex` (`hash` where not given). The first columns alone map to a key range.
 */
export const createMulticol: VindexFactory = (name, params, context) => {
  const columnCount = parseColumnCount(params)
  const widths = columnWidths(params, columnCount)
  const columns = columnVindexes(params, columnCount, context)
  return {
    kind: 'multi',
    ...functionalInfo('multicol', { name, cost: columns.reduce((sum, c) => sum + c.cost, 0), params: {} }),
    unknownParams: commonUnknown(columns),
    columnCount,
    partial: true,
    map(values) {
      const id = joinedId(columns, widths, values)
      if (id === undefined) return noShard
      return values.length < columnCount ? prefixDestination(id) : { kind: 'KeyspaceId', id }
    },
    verify(values, id) {
      const own = joinedId(columns, widths, values)
      return own !== undefined && sameBytes(own, id)
    },
  }
}

/** The id of the values, or the prefix that the first columns' values make; undefined if one of them has none. */
function joinedId(
  columns: readonly Hashing[],
  widths: readonly number[],
  values: readonly Value[],
): KeyspaceId | undefined {
  if (values.length > columns.length) return undefined
  const bytes: number[] = []
  let start = 0
  for (let i = 0; i < values.length; i++) {
    const id = idOrNone(columns[i].hash, values[i])
    if (id === undefined) return undefined
    while (bytes.length < start) bytes.push(0)
    bytes.push(...id.subarray(0, Math.max(0, widths[i])))
    start += widths[i]
  }
  return keyspaceId(Uint8Array.from(bytes))
}

function parseColumnCount(params: Params): number {
  const text = params['column_count']
  if (text === undefined) throw invalid("number of columns not provided in the parameter 'column_count'")
  const count = parseGoInt(text)
  if (count < 1 || count > 8) {
    throw invalid("number of columns should be between 1 and 8 in the parameter 'column_count'")
  }
  return count
}

/** Bytes of the id that each column fills: as given, the rest shared out evenly from left to right. */
function columnWidths(params: Params, columnCount: number): number[] {
  const given = params['column_bytes']?.split(',') ?? []
  if (given.length > columnCount) {
    throw invalid(
      "number of column bytes provided are more than column count in the parameter 'column_bytes'",
    )
  }
  const widths: (number | undefined)[] = Array.from({ length: columnCount }, (_, i) =>
    given[i] === undefined || given[i] === '' ? undefined : parseGoInt(given[i]),
  )
  let remaining = idBytes - widths.reduce<number>((sum, width) => sum + (width ?? 0), 0)
  let pending = widths.filter((width) => width === undefined).length
  if (pending > remaining) {
    throw invalid(
      'column bytes count exceeds the keyspace id length (total bytes count cannot exceed 8 bytes) ' +
        "in the parameter 'column_bytes'",
    )
  }
  return widths.map((width) => {
    if (width !== undefined) return width
    const share = Math.ceil(remaining / pending)
    remaining -= share
    pending--
    return share
  })
}

function columnVindexes(params: Params, columnCount: number, context: VindexContext): Hashing[] {
  const { column_count: _count, column_bytes: _bytes, column_vindex: types, ...columnParams } = params
  const given = types?.split(',') ?? []
  if (given.length > columnCount) {
    throw invalid(
      "number of vindex function provided are more than column count in the parameter 'column_vindex'",
    )
  }
  return Array.from({ length: columnCount }, (_, i) => {
    const type = given[i]?.trim() || 'hash'
    const vindex = context.create(type, type, columnParams)
    if (vindex.kind === 'single' && vindex.hash !== undefined) return vindex as Hashing
    throw invalid(
      'multicol vindex supports vindexes that exports hashing function, are unique and are non-lookup vindex, ' +
        `passed vindex '${type}' is invalid`,
    )
  })
}

function commonUnknown(columns: readonly Hashing[]): string[] {
  return columns[0].unknownParams.filter((name) => columns.every((c) => c.unknownParams.includes(name)))
}
