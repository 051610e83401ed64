import { SqlError } from '../errors/sql-error.ts'
import type { Destination } from '../key/destination.ts'
import { printKeyRange } from '../key/key-range.ts'
import { parseKeyspaceId, printKeyspaceId } from '../key/keyspace-id.ts'
import { parseValueType, type Value, value } from '../values/value.ts'
import { invalid } from './value-bytes.ts'
import type { Vindex } from './vindex.ts'

/** Where values live, as one line of `shardgate ctl vindex map --stdin` says it. */
export type MapAnswer =
  /** Keyspace id in hex. */
  | { readonly ksid: string }
  /** No row can have these values. */
  | { readonly none: true }
  /** Key range in hex: the first columns of a multi-column vindex were given; `-` is the whole space. */
  | { readonly range: string }
  | { readonly error: string }

/**
 * Maps one JSON line to one JSON line. A line is `{"in": [{"type": "INT64", "hex": "3132"}, …]}`, one member of `in` for
 * each column of the vindex, `hex` being the value's text bytes (none for NULL). Never throws for bad input.
 */
export function mapLine(vindex: Vindex, line: string): string {
  return JSON.stringify(answer(() => mapValues(vindex, parseLine(line))))
}

/** Where the values live. Throws `SqlError` for values that the vindex cannot take. */
export function mapValues(vindex: Vindex, values: readonly Value[]): MapAnswer {
  switch (vindex.kind) {
    case 'single':
      if (values.length !== 1) {
        throw invalid(`vindex ${vindex.name} maps one column: ${values.length} values were given`)
      }
      return describe(vindex.map(values[0]))
    case 'multi':
      if (values.length === 0) throw invalid(`vindex ${vindex.name} maps one value or more`)
      return describe(vindex.map(values))
    case 'lookup':
      throw invalid(`vindex ${vindex.name} is kept in a table: only a running cluster can map with it`)
  }
}

function answer(map: () => MapAnswer): MapAnswer {
  try {
    return map()
  } catch (error) {
    if (error instanceof SqlError) return { error: error.message }
    throw error
  }
}

function describe(destination: Destination): MapAnswer {
  switch (destination.kind) {
    case 'KeyspaceId':
      return { ksid: printKeyspaceId(destination.id) }
    case 'KeyRange':
      return { range: printKeyRange(destination.range) }
    case 'AllShards':
      return { range: '-' }
    case 'None':
      return { none: true }
    default:
      throw new Error(`assertion failed: a functional vindex maps to ${destination.kind}`)
  }
}

function parseLine(line: string): Value[] {
  const parsed = parseJson(line)
  const list = isObject(parsed) ? parsed['in'] : undefined
  if (!Array.isArray(list)) throw invalid('a line is {"in": [{"type": …, "hex": …}, …]}')
  return list.map(parseColumn)
}

function parseColumn(column: unknown): Value {
  const { type: name, hex = '' } = isObject(column) ? column : {}
  if (typeof name !== 'string' || typeof hex !== 'string') {
    throw invalid('a value is {"type": "…", "hex": "…"}')
  }
  const type = parseValueType(name)
  if (type === undefined) throw invalid(`unknown type ${JSON.stringify(name)}`)
  return value(type, parseKeyspaceId(hex))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid(`not JSON: ${(cause as Error).message}`)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
