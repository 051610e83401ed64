import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'
import { rowsOf } from '../../../src/engine/packet-rows.ts'
import type { Row } from '../../../src/engine/row-stream.ts'
import { type RowsSource, ShardRows } from '../../../src/session/statements/shard-rows.ts'
import { rawPacket } from '../../support/wire.ts'

const longest = 0xff_ffff

/** A definition of a text column in `schema`, written by hand. */
function definition(schema: string, name: string): Buffer {
  const text = (s: string) => Buffer.concat([Buffer.from([s.length]), Buffer.from(s)])
  const fixed = Buffer.from('0c3f00ff000000fd0000000000', 'hex')
  return Buffer.concat([...['def', schema, 't', 't', name, name].map(text), fixed])
}

/** Every row's packets, `rows` payloads in all. */
function answer(schema: string, rows: readonly Buffer[]): Buffer {
  const packets = [Buffer.from([2]), definition(schema, 'a'), definition(schema, 'b')]
  packets.push(Buffer.from('fe00000200', 'hex'))
  for (const row of rows) {
    for (let at = 0; at <= row.length; at += longest) packets.push(row.subarray(at, at + longest))
  }
  packets.push(Buffer.from('fe00000200', 'hex'))
  return Buffer.concat(packets.map((payload, i) => rawPacket(payload, (i + 1) & 0xff)))
}

interface Tablet {
  readonly database: string
  readonly record: { readonly keyspace: string }
}

function reading(tablet: Tablet) {
  const noted = { paused: 0, resumed: 0, released: 0 }
  const source = {
    connection: { pause: () => noted.paused++, resume: () => noted.resumed++ },
    tablet,
    memory: new ByteBudget(1 << 20),
    release: () => noted.released++,
  } as unknown as RowsSource
  return { noted, rows: new ShardRows(source, 'text') }
}

/** Feeds the chunks one after the other, and reads whatever there is behind each. */
async function readFed(rows: ShardRows, chunks: readonly Buffer[]): Promise<Row[]> {
  const found: Row[] = []
  for (const chunk of chunks) {
    if (rows.feed(chunk) >= 0) rows.onDone()
  }
  await rows.opened()
  for (let each = await rows.nextPackets(); each !== undefined; each = await rows.nextPackets())
    found.push(...rowsOf(each))
  return found
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length)).filter((c) => c.length > 0)
}

const tablet: Tablet = { database: 'ks', record: { keyspace: 'ks' } }

describe('the rows of a shard', () => {
  test('are the same however its answer is cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40, max: 0xfa }), { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (payloads, places) => {
          const sent = payloads.map((row) => Buffer.from(row))
          expect(await readFed(reading(tablet).rows, cut(answer('ks', sent), places))).toEqual(sent)
        },
      ),
    ))

  for (const bytes of [longest - 1, longest, longest + 1]) {
    test(`a row of ${bytes} bytes comes whole, in chunks of any size`, async () => {
      const sent = [Buffer.from([1, 2]), Buffer.alloc(bytes, 1), Buffer.from([1, 3])]
      const whole = answer('ks', sent)
      const places = Array.from({ length: 300 }, (_, i) => i * 65_536 + 7)
      const found = await readFed(reading(tablet).rows, cut(whole, places))
      expect(found.map((row, i) => row.equals(sent[i]!))).toEqual([true, true, true])
    })
  }

  test('hold their shard back when nobody reads them, and take it up again when somebody does', async () => {
    const { rows, noted } = reading(tablet)
    const sent = Array.from({ length: 4000 }, () => Buffer.alloc(100, 1))
    const bytes = answer('ks', sent)
    for (const chunk of cut(bytes, [100_000, 200_000, 300_000])) rows.feed(chunk)
    expect(noted).toEqual({ paused: 1, resumed: 0, released: 0 })
    await rows.nextPackets()
    expect(noted.resumed).toBe(1)
  })

  test('have the same columns as those of another shard that names its database otherwise', async () => {
    const shards = ['ks_low', 'ks_high'].map((database) => ({ database, record: { keyspace: 'ks' } }))
    const all = await Promise.all(
      [...shards, ...shards].map(async (each) => {
        const { rows } = reading(each)
        await readFed(rows, [answer(each.database, [])])
        return rows.columns
      }),
    )
    expect(new Set(all).size).toBe(1)
    expect(all[0]!.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(all[0]![0]!.definition.includes('ks_')).toBe(false)
  })
})
