import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseKeyspaceId } from '../../../src/key/keyspace-id.ts'
import { parseValueType, type Value, value } from '../../../src/values/value.ts'
import { RootCollation } from '../../../src/vindex/collation.ts'
import { type MapAnswer, mapLine } from '../../../src/vindex/map-lines.ts'
import { createVindex, vindexTypes } from '../../../src/vindex/registry.ts'
import type { Vindex } from '../../../src/vindex/vindex.ts'

// vitess-vectors.txt: what Vitess 24's own vindexes answer. `> type [prefix] params` begins a vindex; then each line is
// TYPE:hex of each value, and =keyspace id, [range), none or error.
const regions = '{"US": 1, "FR": 2, "IN": 258, "ß": 70000, "": 9, "nul": null}'
const deps = { readFile: () => Buffer.from(regions) }

function parseValues(text: string): Value[] {
  return text.split(',').map((part) => {
    const [type, hex] = part.split(':')
    return value(parseValueType(type) ?? 'NULL', parseKeyspaceId(hex))
  })
}

function answerOf(vindex: Vindex, values: readonly Value[]): string {
  const columns = values.map(({ type, bytes }) => ({ type, hex: Buffer.from(bytes).toString('hex') }))
  const answer = JSON.parse(mapLine(vindex, JSON.stringify({ in: columns }))) as MapAnswer
  if ('ksid' in answer) return `=${answer.ksid}`
  if ('range' in answer) return `[${answer.range})`
  return 'none' in answer ? 'none' : 'error'
}

describe('Vitess answers alike', () => {
  const file = readFileSync(new URL('vitess-vectors.txt', import.meta.url), 'utf8')
  const groups = file.split(/^> /m).slice(1)

  test('for every functional type there is', () => {
    const covered = new Set(groups.map((group) => group.slice(0, group.indexOf(' '))))
    const functional = vindexTypes.filter((type) => !/lookup/.test(type))
    expect([...covered].sort()).toEqual(functional)
  })

  for (const group of groups) {
    const [head, ...lines] = group.trimEnd().split('\n')
    const [type, ...rest] = head.split(' ')
    const isPrefix = rest[0] === 'prefix'
    const params = JSON.parse(rest.slice(isPrefix ? 1 : 0).join(' ')) as Record<string, string>
    test(`${head}: ${lines.length} values`, () => {
      const whole = createVindex(type, 'v', params, deps)
      const vindex =
        isPrefix && whole.kind === 'single' && whole.prefix ? { ...whole, map: whole.prefix.map } : whole
      const answers = lines.map((line) => {
        const [values] = line.split(' ')
        return `${values} ${answerOf(vindex, parseValues(values))}`
      })
      expect(answers).toEqual(lines)
    })
  }
})

test('primary weights are those of golang.org/x/text/collate', () => {
  // root-collation.txt: text and key in hex, written by scripts/collation/vectors.
  const collation = new RootCollation()
  const lines = readFileSync(new URL('root-collation.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  const valid = lines.filter((line) => !line.endsWith(' error'))
  const own = valid.map((line) => {
    const [hex] = line.split(' ')
    const text = Buffer.from(hex, 'hex')
    const end = text.findLastIndex((byte) => byte !== 0x20) + 1
    return `${hex} ${Buffer.from(collation.key(text.subarray(0, end))).toString('hex')}`
  })
  expect(valid.length).toBeGreaterThan(2000)
  expect(own).toEqual(valid)
})

test('text that the collation module cannot take is an error', () => {
  const lines = readFileSync(new URL('root-collation.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  const vindex = createVindex('unicode_loose_md5', 'v', {}, deps)
  const wrong = lines
    .filter((line) => line.endsWith(' error'))
    .map((line) => line.slice(0, line.indexOf(' ')))
  expect(wrong.length).toBeGreaterThan(10)
  for (const hex of wrong) {
    expect(answerOf(vindex, [value('VARCHAR', Buffer.from(hex, 'hex'))]), hex).toBe('error')
  }
})
