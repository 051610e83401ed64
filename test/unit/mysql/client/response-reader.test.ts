import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { ChunkPool } from '../../../../src/base/chunk-pool.ts'
import { ResponseReader, type ResponseShape } from '../../../../src/mysql/client/response-reader.ts'
import { rawPacket } from '../../../support/wire.ts'

/** Writes down what the reader saw. */
class Recorder extends ResponseReader {
  readonly seen: string[] = []
  relayed = ''

  constructor(shape: ResponseShape, wholeRows: boolean) {
    super({ wholeRows })
    this.reset(shape)
  }

  protected override onColumnCount(count: number): void {
    this.seen.push(`count ${count}`)
  }
  protected override onColumn(buf: Buffer, start: number, end: number): void {
    this.seen.push(`column ${buf.toString('hex', start, end)}`)
  }
  protected override onColumnsEnd(): void {
    this.seen.push('columns end')
  }
  protected override onRow(buf: Buffer, start: number, end: number, continues: boolean, more: boolean): void {
    this.seen.push(`row ${buf.toString('hex', start, Math.min(end, start + 8))} ${continues} ${more}`)
  }
  protected override onErr(buf: Buffer, start: number, end: number): void {
    this.seen.push(`err ${buf.toString('latin1', start + 9, end)}`)
  }
  protected override onOk(): void {
    this.seen.push('ok')
  }
  protected override onPrepareOk(_buf: Buffer, _start: number, columns: number, params: number): void {
    this.seen.push(`prepared ${columns} ${params}`)
  }
  protected override onResultEnd(): void {
    this.seen.push('result end')
  }
  protected override onBytes(buf: Buffer, start: number, end: number): void {
    this.relayed += buf.toString('hex', start, end)
  }
  override onDone(): void {}
  override onLost(): void {}
}

const column = '0364656600000001610c3f000100000008810000000000'
const answers: { name: string; shape: ResponseShape; packets: string[]; seen: string[] }[] = [
  { name: 'OK', shape: 'results', packets: ['00030702000100'], seen: ['ok', 'result end'] },
  { name: 'ERR', shape: 'results', packets: ['ff2804233432303030627573'], seen: ['err bus'] },
  {
    name: 'a result set with a NULL and an empty text',
    shape: 'results',
    packets: ['01', column, 'fe00000200', '0131', 'fb', '00', 'fe00002200'],
    seen: [
      'count 1',
      `column ${column}`,
      'columns end',
      'row 0131 false false',
      'row fb false false',
      'row 00 false false',
      'result end',
    ],
  },
  {
    name: 'an error in the middle of the rows',
    shape: 'results',
    packets: ['01', column, 'fe00000200', '0131', 'ff25052337303130306b696c6c6564'],
    seen: ['count 1', `column ${column}`, 'columns end', 'row 0131 false false', 'err killed'],
  },
  {
    name: 'two results',
    shape: 'results',
    packets: ['01', column, 'fe00000a00', 'fe00000a00', '00000002000000'],
    seen: ['count 1', `column ${column}`, 'columns end', 'result end', 'ok', 'result end'],
  },
  {
    name: 'OUT parameters whose row set ends without MORE_RESULTS_EXISTS (MySQL 9.7)',
    shape: 'results',
    packets: ['01', column, 'fe00000a10', '000001', 'fe00000200', '00000002000000'],
    seen: [
      'count 1',
      `column ${column}`,
      'columns end',
      'row 000001 false false',
      'result end',
      'ok',
      'result end',
    ],
  },
  {
    name: 'a prepared statement',
    shape: 'prepare',
    packets: ['000100000001000100000000', column, 'fe00000200', column, 'fe00000200'],
    seen: ['prepared 1 1', `column ${column}`, 'columns end', `column ${column}`, 'columns end'],
  },
  {
    name: 'a prepared statement without params or columns',
    shape: 'prepare',
    packets: ['000100000000000000000000'],
    seen: ['prepared 0 0'],
  },
  {
    name: 'an open cursor',
    shape: 'results',
    packets: ['01', column, 'fe00004200'],
    seen: ['count 1', `column ${column}`, 'columns end'],
  },
  {
    name: 'fetched rows',
    shape: 'rows',
    packets: ['000001', 'fe00008200'],
    seen: ['row 000001 false false', 'result end'],
  },
  {
    name: 'a field list',
    shape: 'fields',
    packets: [column, column, 'fe00000200'],
    seen: [`column ${column}`, `column ${column}`, 'columns end'],
  },
]

describe('a response is read alike however it is cut', () => {
  for (const { name, shape, packets, seen } of answers) {
    const bytes = Buffer.concat(packets.map((payload, i) => rawPacket(payload, i + 1)))
    test(name, () => {
      fc.assert(
        fc.property(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 })), (cuts) => {
          const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
          const reader = new Recorder(shape, true)
          for (let i = 1; i < edges.length; i++) {
            const left = reader.feed(Buffer.from(bytes.subarray(edges[i - 1], edges[i])))
            assert.equal(left, i === edges.length - 1 ? 0 : -1)
          }
          assert.deepEqual(reader.seen, seen)
          assert.equal(reader.relayed, bytes.toString('hex'))
        }),
      )
    })
    test(`${name}, rows skipped: the same bytes pass`, () => {
      for (let cut = 1; cut < bytes.length; cut++) {
        const reader = new Recorder(shape, false)
        assert.equal(reader.feed(Buffer.from(bytes.subarray(0, cut))), -1)
        assert.equal(reader.feed(Buffer.from(bytes.subarray(cut))), 0)
        assert.equal(reader.relayed, bytes.toString('hex'))
      }
    })
  }
})

/** Has rows as long as the memory that they lie in is its own, which is until the next bytes come. */
class Borrower extends Recorder {
  readonly rows: Buffer[] = []
  readonly #pool = new ChunkPool()
  #chunks: Buffer[] = []

  protected override rowMemory(bytes: number): Buffer {
    const chunk = this.#pool.take(bytes)
    this.#chunks.push(chunk)
    return chunk
  }

  protected override onRow(buf: Buffer, start: number, end: number): void {
    this.rows.push(Buffer.from(buf.subarray(start, end)))
  }

  giveBack(): void {
    for (const chunk of this.#chunks) chunk.fill(0xee)
    this.#pool.give(this.#chunks)
    this.#chunks = []
  }
}

test('rows that land are whole, whatever becomes of the memory they lay in before', () => {
  const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(40_000), fc.nat(400_000)), {
    minLength: 1,
    maxLength: 20,
  })
  const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 131_072 })), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(sizes, pieces, fc.boolean(), (lengths, pieceSizes, isGivenBack) => {
      const rows = lengths.map((length, i) => Buffer.alloc(length + 1, i + 1))
      const head = ['01', column, 'fe00000200']
      const packets = [...head, ...rows, 'fe00000200'].map((payload, i) => rawPacket(payload, i + 1))
      const bytes = Buffer.concat(packets)
      const reader = new Borrower('results', true)
      const landing = Buffer.alloc(131_072)
      let left = -1
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const piece = bytes.subarray(at, at + (pieceSizes[i] ?? 131_072))
        piece.copy(landing)
        left = reader.land(landing.subarray(0, piece.length))
        landing.fill(0xff, 0, piece.length)
        if (isGivenBack) reader.giveBack()
        at += piece.length
      }
      assert.equal(left, 0)
      assert.ok(Buffer.concat(reader.rows).equals(Buffer.concat(rows)))
    }),
    { numRuns: 60 },
  )
})

test('what follows the end of a response that landed is left over', () => {
  const reader = new Recorder('rows', true)
  const landed = Buffer.concat([rawPacket('000001', 1), rawPacket('fe00000200', 2), Buffer.from('abc')])
  assert.equal(reader.land(landed.subarray(0, 5)), -1)
  assert.equal(reader.land(landed.subarray(5)), 3)
})

test('what follows the end of a response is left over', () => {
  const reader = new Recorder('results', false)
  assert.equal(reader.feed(Buffer.concat([rawPacket('00000002000000', 1), Buffer.from('abc')])), 3)
  assert.deepEqual(reader.seen, ['ok', 'result end'])
})

test('a row of 2^24 - 1 bytes goes on in the next packet, which may be empty', () => {
  const big = Buffer.alloc(0xff_ffff, 0x61)
  big[0] = 0xfe // a text cell of 2^24 bytes and more, not an EOF
  const parts = [
    ...['01', column, 'fe00000200'].map((payload, i) => rawPacket(payload, i + 1)),
    rawPacket(big, 4),
    rawPacket('', 5),
    rawPacket('fe00000200', 6),
  ]
  const reader = new Recorder('results', true)
  assert.equal(reader.feed(Buffer.concat(parts)), 0)
  assert.equal(reader.summary.rows, 1)
  assert.deepEqual(reader.seen.slice(3), ['row fe61616161616161 false true', 'row  true false', 'result end'])
})

test('counts and ids of an OK are kept, wide ones as bigint', () => {
  const reader = new Recorder('results', false)
  reader.feed(rawPacket('00fc2a01feffffffffffffffff020003000a', 1))
  const { affectedRows, lastInsertId, status, warnings } = reader.summary
  assert.deepEqual([affectedRows, lastInsertId, status, warnings], [298, 2n ** 64n - 1n, 2, 3])
})

describe('a packet that cannot be is an error, not a hang', () => {
  for (const [name, payloads] of [
    ['LOCAL INFILE, which is never negotiated', ['fb2f6574632f706173737764']],
    ['an OK that ends in its counts', ['00fc']],
    ['an empty packet', ['']],
    ['a column count of 0', ['fb']],
    ['an EOF without its status', ['01', column, 'fe00']],
  ] as const) {
    test(name, () => {
      const reader = new Recorder('results', false)
      assert.throws(
        () =>
          reader.feed(Buffer.concat(payloads.map((p, i) => rawPacket(p, i + 1)).concat(Buffer.from([0])))),
        {
          code: 'ER_MALFORMED_PACKET',
        },
      )
    })
  }
})
