import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowChunks } from '../../../src/base/chunk-pool.ts'
import { Gather } from '../../../src/engine/gather.ts'
import { MergeSort } from '../../../src/engine/merge-sort.ts'
import { framedRows, nextPackets, rowsOf } from '../../../src/engine/packet-rows.ts'
import type { Row, RowPackets, RowStream } from '../../../src/engine/row-stream.ts'
import type { SortKey } from '../../../src/plan/primitives.ts'
import { ArrayStream, type Cell, column, decodeRow, encodeRow, readAll, streamOf } from './rows.ts'

const columns = [column('long', { name: 'n' }), column('varString', { name: 's' })]
const byN: SortKey[] = [{ column: 0, descending: false }]
const longest = 0xff_ffff

/** A shard's rows: they come as packets, several to a chunk. */
class PacketStream extends ArrayStream {
  async nextPackets(): Promise<RowPackets | undefined> {
    const batch = await this.next()
    return batch && framedRows(batch)
  }
}

/** Every third number from the first on, in chunks of the pool of all rows: what was given back is overwritten. */
class PooledStream extends PacketStream {
  constructor(first: number) {
    const rows = Array.from({ length: 2_000 }, (_, i) =>
      encodeRow('text', columns, [String(first + 3 * i), 'x'.repeat(200)]),
    )
    super(columns, 'text', rows, 250)
  }

  override async nextPackets(): Promise<RowPackets | undefined> {
    this.overwriteFree()
    const packets = await super.nextPackets()
    return packets && { ...packets, chunks: packets.chunks.map(inPool) }
  }

  overwriteFree(): void {
    const free = Array.from({ length: 40 }, () => rowChunks.take(rowChunks.bytesMax).fill(0xee))
    rowChunks.give(free)
  }
}

function inPool(chunk: Buffer): Buffer {
  const pooled = rowChunks.take(chunk.length)
  chunk.copy(pooled)
  return pooled
}

/** The payloads that a client puts together from packets, without regard to how they lie in chunks. */
function payloads({ chunks }: RowPackets): Buffer[] {
  const bytes = Buffer.concat(chunks)
  const found: Buffer[] = []
  let parts: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUIntLE(at, 3)
    parts.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
    if (length === longest) continue
    found.push(Buffer.concat(parts))
    parts = []
  }
  expect(parts).toEqual([])
  return found
}

async function allPackets(stream: RowStream): Promise<Row[]> {
  const rows: Row[] = []
  for (let each = await nextPackets(stream); each !== undefined; each = await nextPackets(stream)) {
    const found = payloads(each)
    expect(found.length).toBe(each.rows)
    rows.push(...found)
  }
  await stream.close()
  return rows
}

const cells = fc.tuple(
  fc.oneof(
    fc.constant(null),
    fc.integer({ min: -5, max: 5 }).map((n) => String(n)),
  ),
  fc.oneof(fc.constant(null), fc.string({ unit: 'binary-ascii', maxLength: 300 })),
)
const inputs = fc.array(fc.array(cells, { maxLength: 20 }), { minLength: 1, maxLength: 4 })
const format = fc.constantFrom('text' as const, 'binary' as const)

/** Every other input has packets of its own. */
function streams(all: readonly (readonly (readonly Cell[])[])[], how: 'text' | 'binary'): RowStream[] {
  return all.map((rows, i) =>
    i % 2 === 0
      ? new PacketStream(
          columns,
          how,
          rows.map((row) => encodeRow(how, columns, row)),
        )
      : streamOf(columns, how, rows),
  )
}

function sorted(rows: readonly (readonly Cell[])[]): (readonly Cell[])[] {
  return [...rows].sort(([a], [b]) => Number(a ?? -99) - Number(b ?? -99))
}

describe('rows as packets', () => {
  test('framing and taking apart again is identity', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50_000 }), { minLength: 1 }), (rows) => {
        const batch = rows.map((row) => Buffer.from(row))
        const framed = framedRows(batch)
        expect(rowsOf(framed)).toEqual(batch)
        expect(payloads(framed)).toEqual(batch)
      }),
    )
  })

  for (const bytes of [longest - 1, longest, longest + 1, 2 * longest]) {
    test(`a row of ${bytes} bytes among short ones`, async () => {
      const long = Buffer.alloc(bytes, 7)
      const batch = [Buffer.from([1]), long, Buffer.from([2])]
      const framed = framedRows(batch)
      for (const rows of [rowsOf(framed), payloads(framed)])
        expect(rows.map((row, i) => row.equals(batch[i]))).toEqual([true, true, true])
    })
  }

  test('gathered as packets are the rows of all inputs', () =>
    fc.assert(
      fc.asyncProperty(inputs, format, async (all, how) => {
        const rows = await allPackets(new Gather(streams(all, how)))
        const decoded = rows.map((row) => JSON.stringify(decodeRow(how, columns, row)))
        expect(decoded.sort()).toEqual(
          all
            .flat()
            .map((row) => JSON.stringify(row))
            .sort(),
        )
      }),
    ))

  test('merged as packets are the rows that merging gives one by one', () =>
    fc.assert(
      fc.asyncProperty(inputs, format, async (all, how) => {
        const each = all.map(sorted)
        const asRows = await readAll(new MergeSort(streams(each, how), byN))
        const asPackets = await allPackets(new MergeSort(streams(each, how), byN))
        expect(asPackets.map((row) => decodeRow(how, columns, row))).toEqual(asRows)
      }),
    ))

  test('a merge gives back the memory of rows that it has copied, and of no others', async () => {
    const make = () => [0, 1, 2].map((first) => new PooledStream(first))
    const ids = (rows: readonly Row[]) => rows.map((row) => Number(decodeRow('text', columns, row)[0]))
    const all = Array.from({ length: 6_000 }, (_, i) => i)
    expect(ids(await allPackets(new MergeSort(make(), byN)))).toEqual(all)
    const inputs = make()
    const merge = new MergeSort(inputs, byN)
    const rows: Row[] = []
    for (let batch = await merge.next(); batch !== undefined; batch = await merge.next()) rows.push(...batch)
    for (const input of inputs) input.overwriteFree()
    expect(ids(rows)).toEqual(all)
  })

  test('a row of several packets keeps its place in a merge', async () => {
    const text = [column('varString', { name: 's', collation: 63 })]
    const row = (first: string, bytes: number) => {
      const head = Buffer.from([0xfd, 0, 0, 0])
      head.writeUIntLE(bytes, 1, 3)
      return Buffer.concat([head, Buffer.alloc(bytes, first)])
    }
    const make = () => [
      new PacketStream(text, 'text', [row('a', 300), row('c', longest), row('e', 300)]),
      new PacketStream(text, 'text', [row('b', 300), row('d', 300), row('f', longest - 4)]),
    ]
    const first = (rows: readonly Row[]) =>
      rows.map((each) => `${String.fromCharCode(each[4])}${each.length}`)
    const expected = ['a304', 'b304', `c${longest + 4}`, 'd304', 'e304', `f${longest}`]
    expect(first(await allPackets(new MergeSort(make(), byN)))).toEqual(expected)
    const merge = new MergeSort(make(), byN)
    const rows: Row[] = []
    for (let batch = await merge.next(); batch !== undefined; batch = await merge.next()) rows.push(...batch)
    expect(first(rows)).toEqual(expected)
  })
})
