import { describe, expect, test } from 'vitest'
import { mapLine } from '../../../src/vindex/map-lines.ts'
import { createVindex } from '../../../src/vindex/registry.ts'

const deps = { readFile: () => new Uint8Array(0) }
const hash = createVindex('hash', 'h', {}, deps)
const region = createVindex('region_experimental', 'r', { region_bytes: '1' }, deps)
const lookup = createVindex('lookup', 'l', { table: 't' }, deps)

describe('a line of values', () => {
  const one = '{"type":"INT64","hex":"31"}'
  const cases = [
    { vindex: hash, line: `{"in":[${one}]}`, answer: { ksid: '166b40b44aba4bd6' } },
    { vindex: hash, line: '{"in":[{"type":"NULL","hex":""}]}', answer: { none: true } },
    { vindex: hash, line: '{"in":[{"type":"NULL_TYPE"}]}', answer: { none: true } },
    { vindex: region, line: `{"in":[${one},${one}]}`, answer: { ksid: '01166b40b44aba4bd6' } },
    { vindex: region, line: `{"in":[${one}]}`, answer: { range: '01-02' } },
    { vindex: hash, line: `{"in":[${one},${one}]}`, error: 'maps one column: 2 values' },
    { vindex: hash, line: '{"in":[]}', error: 'maps one column: 0 values' },
    { vindex: region, line: `{"in":[${one},${one},${one}]}`, answer: { none: true } },
    { vindex: region, line: '{"in":[]}', error: 'maps one value or more' },
    { vindex: lookup, line: `{"in":[${one}]}`, error: 'is kept in a table' },
    { vindex: hash, line: '{"in":[{"type":"INT65","hex":"31"}]}', error: 'unknown type "INT65"' },
    {
      vindex: hash,
      line: '{"in":[{"type":"INT64","hex":"3"}]}',
      error: "invalid hexadecimal keyspace id: '3'",
    },
    { vindex: hash, line: '{"in":[{"hex":"31"}]}', error: 'a value is {"type"' },
    { vindex: hash, line: '{"in":[7]}', error: 'a value is {"type"' },
    { vindex: hash, line: '{}', error: 'a line is {"in"' },
    { vindex: hash, line: 'null', error: 'a line is {"in"' },
    { vindex: hash, line: '{', error: 'not JSON' },
  ]
  for (const { vindex, line, answer, error } of cases) {
    test(`${vindex.type} ${line}`, () => {
      const got = JSON.parse(mapLine(vindex, line)) as { error?: string }
      if (error === undefined) expect(got).toEqual(answer)
      else expect(got.error).toContain(error)
    })
  }
})
