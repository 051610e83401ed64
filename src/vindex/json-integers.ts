import { invalid } from './value-bytes.ts'

const max = 0xffff_ffff_ffff_ffffn

/**
 * Reads a JSON object whose members are unsigned 64-bit integers, as Go's `json.Unmarshal` reads a
 * `map[string]uint64`: whole numbers without fraction or exponent; null counts as 0. Throws for anything else.
 */
export function parseJsonIntegers(bytes: Uint8Array): ReadonlyMap<string, bigint> {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const plain = parse(text)
  if (plain === null) return new Map()
  if (typeof plain !== 'object' || Array.isArray(plain)) throw notAnInteger(plain, 'map[string]uint64')
  for (const member of Object.values(plain)) {
    if (member !== null && typeof member !== 'number') throw notAnInteger(member, 'uint64')
  }
  // JSON.parse rounds above 2^53: read again with every number as a string of its digits.
  const digits = parse(text.replace(/"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*/g, quoteNumber)) as object
  return new Map(Object.entries(digits).map(([key, number]) => [key, parseInteger(number)]))
}

/** Reads a JSON array of integers; undefined for anything else. */
export function parseJsonIntegerList(text: string): readonly number[] | undefined {
  if (/[.eE"]/.test(text)) return undefined
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every((n) => Number.isSafeInteger(n)) ? list : undefined
  } catch {
    return undefined // the caller words the error, with the text in it
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid(`invalid JSON: ${(cause as Error).message}`)
  }
}

function quoteNumber(token: string): string {
  return token.startsWith('"') ? token : `"${token}"`
}

function parseInteger(digits: string | null): bigint {
  if (digits === null) return 0n
  const n = /^[0-9]+$/.test(digits) ? BigInt(digits) : -1n
  if (n < 0n || n > max) throw invalid(`json: cannot unmarshal number ${digits} into Go value of type uint64`)
  return n
}

function notAnInteger(found: unknown, wanted: string) {
  const kind = Array.isArray(found) ? 'array' : typeof found === 'boolean' ? 'bool' : typeof found
  return invalid(`json: cannot unmarshal ${kind} into Go value of type ${wanted}`)
}
