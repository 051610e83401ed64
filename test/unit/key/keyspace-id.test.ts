import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SqlError } from '../../../src/errors/sql-error.ts'
import {
  compareKeyspaceIds,
  isLowest,
  parseKeyspaceId,
  printKeyspaceId,
} from '../../../src/key/keyspace-id.ts'

const ids = fc.uint8Array({ maxLength: 6 })

describe('keyspace ids', () => {
  const cases = [
    { a: '80', b: '8000', order: 0, why: 'trailing zero bytes do not count' },
    { a: '', b: '00', order: 0, why: 'zero is the lowest id' },
    { a: '7f', b: '80', order: -1, why: 'bytes are unsigned' },
    { a: '80', b: '8001', order: -1, why: 'a prefix comes first' },
    { a: 'ff', b: 'feff', order: 1, why: 'the first byte decides' },
  ]
  for (const { a, b, order, why } of cases) {
    test(`${a || 'empty'} against ${b}: ${why}`, () => {
      expect(Math.sign(compareKeyspaceIds(parseKeyspaceId(a), parseKeyspaceId(b)))).toBe(order)
      expect(Math.sign(compareKeyspaceIds(parseKeyspaceId(b), parseKeyspaceId(a)))).toBe(0 - order)
    })
  }

  test('compare as their numbers do when padded to one length', () => {
    const padded = (id: Uint8Array) => BigInt(`0x0${printKeyspaceId(id).padEnd(12, '0')}`)
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        const order = padded(a) < padded(b) ? -1 : padded(a) > padded(b) ? 1 : 0
        expect(Math.sign(compareKeyspaceIds(a, b))).toBe(order)
      }),
    )
  })

  test('print and parse back', () => {
    fc.assert(
      fc.property(ids, (id) => {
        expect([...parseKeyspaceId(printKeyspaceId(id))]).toEqual([...id])
      }),
    )
    expect(printKeyspaceId(parseKeyspaceId('00AbFF'))).toBe('00abff')
  })

  test('are not read from an odd number of digits or other characters', () => {
    for (const hex of ['8', '8g', 'g8', '0x', ' 80 ']) expect(() => parseKeyspaceId(hex)).toThrow(SqlError)
  })

  test('without a set bit are the lowest', () => {
    expect(isLowest(parseKeyspaceId(''))).toBe(true)
    expect(isLowest(parseKeyspaceId('0000'))).toBe(true)
    expect(isLowest(parseKeyspaceId('0001'))).toBe(false)
  })
})
