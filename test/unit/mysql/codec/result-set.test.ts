import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBinaryRow, encodeBinaryRow } from '../../../../src/mysql/codec/binary-row.ts'
import { type ColumnDef, decodeColumnDef, encodeColumnDef } from '../../../../src/mysql/codec/column-def.ts'
import { printTemporal } from '../../../../src/mysql/codec/temporal.ts'
import { decodeTextRow, encodeTextRow } from '../../../../src/mysql/codec/text-row.ts'
import { fieldTypes } from '../../../../src/values/types.ts'

const payloadHex = (packet: Buffer): string => packet.subarray(4).toString('hex')

describe('column definitions', () => {
  /** `select id, name n, d from t`, captured from MySQL 9.7. */
  const id = '0364656603636170017401740269640269640c3f0014000000082342000000'
  const n = '036465660363617001740174016e046e616d650c2d0050000000fd8000000000'

  test('of a key column', () => {
    const expected: ColumnDef = {
      catalog: 'def',
      schema: 'cap',
      table: 't',
      orgTable: 't',
      name: 'id',
      orgName: 'id',
      collationId: 63,
      columnLength: 20,
      type: fieldTypes.longLong,
      flags: 0x4223,
      decimals: 0,
    }
    expect(decodeColumnDef(Buffer.from(id, 'hex'))).toEqual(expected)
    expect(payloadHex(encodeColumnDef(expected, 2))).toBe(id)
  })

  test('decode and encode keep every byte', () => {
    expect(payloadHex(encodeColumnDef(decodeColumnDef(Buffer.from(n, 'hex')), 3))).toBe(n)
  })

  test('with names that are no UTF-8 keep every byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (name) => {
        const column = { ...decodeColumnDef(Buffer.from(n, 'hex')), name: Buffer.from(name).latin1Slice() }
        return decodeColumnDef(encodeColumnDef(column, 0).subarray(4)).name === column.name
      }),
    )
  })

  test('cut short are malformed at every length', () => {
    const whole = Buffer.from(id, 'hex')
    for (let length = 0; length < whole.length - 2; length++) {
      expect(() => decodeColumnDef(whole.subarray(0, length)), `${length} bytes`).toThrow(/Malformed/)
    }
  })

  test('of COM_FIELD_LIST end with the default', () => {
    const column = decodeColumnDef(Buffer.from(id, 'hex'))
    expect(payloadHex(encodeColumnDef(column, 1, Buffer.from('7')))).toBe(`${id}0137`)
    expect(payloadHex(encodeColumnDef(column, 1, null))).toBe(`${id}fb`)
  })
})

describe('text rows', () => {
  /** Captured from MySQL 9.7. */
  const row = '0131016217323032342d30322d32392031323a33343a35362e373839'

  test('as MySQL writes them', () => {
    expect(payloadHex(encodeTextRow(['1', 'b', Buffer.from('2024-02-29 12:34:56.789')], 4))).toBe(row)
    expect(payloadHex(encodeTextRow(['2', null, null], 4))).toBe('0132fbfb')
    expect(decodeTextRow(Buffer.from(row, 'hex'), 3).map(String)).toEqual([
      '1',
      'b',
      '2024-02-29 12:34:56.789',
    ])
    expect(decodeTextRow(Buffer.from('0132fbfb', 'hex'), 3).slice(1)).toEqual([null, null])
  })

  test('read back as written', () => {
    const cell = fc.option(fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)))
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 20 }), (cells) => {
        expect(decodeTextRow(encodeTextRow(cells, 0).subarray(4), cells.length)).toEqual(cells)
      }),
    )
  })

  test('with too few or too many cells are malformed', () => {
    expect(() => decodeTextRow(Buffer.from('0132fb', 'hex'), 3)).toThrow(/Malformed/)
    expect(() => decodeTextRow(Buffer.from('0132fbfbfb', 'hex'), 3)).toThrow(/Malformed/)
  })

  test('of 16 MB and more are split', () => {
    const packet = encodeTextRow([Buffer.alloc(0xff_ffff, 0x61)], 3)
    expect(packet.subarray(0, 8).toString('hex')).toBe('ffffff03fdffffff')
    expect(packet.subarray(0xff_ffff + 4, 0xff_ffff + 8).toString('hex')).toBe('04000004')
  })
})

describe('binary rows', () => {
  /** The same values by both protocols of MySQL 9.7; types in the order of the cells. */
  const types = [8, 8, 10, 12, 12, 11, 11, 11, 5, 4, 246, 6, 253, 13, 253, 12, 245, 253, 5].map((type) => ({
    type,
  }))
  const decimals = [0, 0, 0, 0, 3, 1, 0, 6]
  const cells = [
    '-1',
    '18446744073709551615',
    '2024-02-29',
    '2024-02-29 12:34:56',
    '2024-02-29 12:34:56.789',
    '-838:59:59.0',
    '00:00:00',
    '01:02:03.000004',
    '1.5',
    '0.1',
    '1.50',
    null,
    'text',
    '2024',
    '0000-00-00',
    '2024-02-29 00:00:00',
    '{"a": 1}',
    '\x05',
    '1e20',
  ]
  const row =
    '00002000' +
    'ffffffffffffffffffffffffffffffff' +
    '04e807021d07e807021d0c22380be807021d0c2238080a0c00' +
    '080122000000163b3b000c00000000000102030400' +
    '0000000000000000f83fcdcccc3d04312e35300474657874e807' +
    '0a303030302d30302d303004e807021d087b2261223a20317d010540' +
    '8cb5781daf1544'

  test('are made from text as MySQL makes them', () => {
    expect(payloadHex(encodeBinaryRow(types, cells, 7))).toBe(row)
  })

  test('give their temporal values back as text', () => {
    const values = decodeBinaryRow(Buffer.from(row, 'hex'), types)
    for (let i = 2; i < 8; i++) expect(printTemporal(types[i]!.type, values[i]!, decimals[i]!)).toBe(cells[i])
    expect(values[11]).toBeNull()
    expect(String(values[10])).toBe('1.50')
  })

  test('cut short are malformed at every length', () => {
    const whole = Buffer.from(row, 'hex')
    for (let length = 1; length < whole.length; length++) {
      expect(() => decodeBinaryRow(whole.subarray(0, length), types), `${length} bytes`).toThrow(/Malformed/)
    }
  })

  test('refuse what is no value of the type', () => {
    expect(() => encodeBinaryRow([{ type: fieldTypes.long }], ['x'], 0)).toThrow(SyntaxError)
    expect(() => encodeBinaryRow([{ type: fieldTypes.tiny }], ['256'], 0)).toThrow(RangeError)
    expect(() => encodeBinaryRow([{ type: fieldTypes.date }], ['yesterday'], 0)).toThrow(SyntaxError)
    expect(() => encodeBinaryRow([{ type: fieldTypes.double }], ['x'], 0)).toThrow(RangeError)
  })
})
