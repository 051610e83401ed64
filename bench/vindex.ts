/** Time of one `map` call of the functional vindexes, on values as a point query brings them. */
import { integerValue, type Value, varcharValue } from '../src/values/value.ts'
import { createVindex } from '../src/vindex/registry.ts'

const deps = { readFile: () => new Uint8Array(0) }
const integers = Array.from({ length: 1024 }, (_, i) => integerValue(BigInt(i) * 9_973_571n))
const names = Array.from({ length: 1024 }, (_, i) => varcharValue(`user-${i}@example.com`))
const accents = Array.from({ length: 1024 }, (_, i) => varcharValue(`Zoë Łukasz ${i} Ünïcödé`))

const cases: readonly { type: string; what: string; values: readonly Value[] }[] = [
  { type: 'numeric', what: 'integers', values: integers },
  { type: 'hash', what: 'integers', values: integers },
  { type: 'xxhash', what: 'integers', values: integers },
  { type: 'xxhash', what: '20-character names', values: names },
  { type: 'reverse_bits', what: 'integers', values: integers },
  { type: 'binary_md5', what: '20-character names', values: names },
  { type: 'unicode_loose_xxhash', what: '20-character names', values: names },
  { type: 'unicode_loose_xxhash', what: 'accented names', values: accents },
  { type: 'unicode_loose_md5', what: '20-character names', values: names },
]

for (const { type, what, values } of cases) {
  const nanoseconds = measure(type, values)
  console.log(`${type.padEnd(22)} ${what.padEnd(20)} ${nanoseconds.toFixed(0).padStart(6)} ns/op`)
}

/** The best of five rounds of half a second: the one least disturbed by other load. */
function measure(type: string, values: readonly Value[]): number {
  const vindex = createVindex(type, type, {}, deps)
  if (vindex.kind !== 'single') throw new Error(`${type} takes one column`)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint()
    let mapped = 0
    let elapsed = 0
    while (elapsed < 5e8) {
      for (const value of values) vindex.map(value)
      mapped += values.length
      elapsed = Number(process.hrtime.bigint() - start)
    }
    best = Math.min(best, elapsed / mapped)
  }
  return best
}
