import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeStmtExecute, encodeStmtExecute } from '../../../../src/mysql/codec/stmt-execute.ts'
import { decodePrepareOk, encodePrepareOk } from '../../../../src/mysql/codec/stmt-prepare.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const none: ReadonlySet<number> = new Set()

describe('the answer to COM_STMT_PREPARE', () => {
  test('as MySQL 9.7 writes it for `select ?,?,?`, but with metadata of its own', () => {
    expect(decodePrepareOk(hex('00 02000000 0300 0300 00 0000'))).toEqual({
      statementId: 2,
      columns: 3,
      params: 3,
      warnings: 0,
    })
    expect(
      encodePrepareOk({ statementId: 2, columns: 3, params: 3, warnings: 0 }, 1).subarray(4).toString('hex'),
    ).toBe('000200000003000300000000')
  })
})

describe('COM_STMT_EXECUTE', () => {
  /** id 1, no cursor, one iteration, null bitmap 0b010, types bound: bigint, null as varchar, datetime. */
  const bound = hex('17 01000000 00 01000000 02 01 0800 fd00 0c00 2a00000000000000 07e807021d0c2238')

  test('gives each parameter its type and bytes', () => {
    const execute = decodeStmtExecute(bound, 3, undefined, none)
    expect(execute).toMatchObject({ statementId: 1, cursorFlags: 0, newParamsBound: true })
    expect(execute.params.map(({ type, bytes }) => [type, bytes?.toString('hex')])).toEqual([
      [8, '2a00000000000000'],
      [253, undefined],
      [12, 'e807021d0c2238'],
    ])
  })

  test('is written as it is read', () => {
    expect(encodeStmtExecute(decodeStmtExecute(bound, 3, undefined, none))).toEqual(bound)
  })

  test('without types uses those bound before', () => {
    const again = hex('17 01000000 00 01000000 00 00 05')
    const execute = decodeStmtExecute(again, 1, [{ type: 1, flags: 0x80 }], none)
    expect(execute.newParamsBound).toBe(false)
    expect(execute.params).toEqual([{ type: 1, flags: 0x80, bytes: Buffer.of(5), long: false }])
  })

  test('without types, and none bound before, is 1210', () => {
    const again = hex('17 01000000 00 01000000 00 00 05')
    expect(() => decodeStmtExecute(again, 1, undefined, none)).toThrow(
      expect.objectContaining({ errno: 1210 }),
    )
  })

  test('has no bytes for a parameter sent by COM_STMT_SEND_LONG_DATA', () => {
    const payload = hex('17 01000000 00 01000000 00 01 fc00 0100 07')
    const { params } = decodeStmtExecute(payload, 2, undefined, new Set([0]))
    expect(params.map(({ long, bytes }) => [long, bytes?.toString('hex')])).toEqual([
      [true, ''],
      [false, '07'],
    ])
  })

  test('of no parameters ends with its fixed part', () => {
    expect(decodeStmtExecute(hex('17 07000000 01 01000000'), 0, undefined, none)).toEqual({
      statementId: 7,
      cursorFlags: 1,
      newParamsBound: false,
      params: [],
    })
  })

  test('cut short is malformed at every length', () => {
    for (let length = 1; length < bound.length; length++) {
      expect(() => decodeStmtExecute(bound.subarray(0, length), 3, undefined, none), `${length}`).toThrow(
        expect.objectContaining({ errno: 1835 }),
      )
    }
  })

  test('of random bytes raises nothing but SqlError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(20), (bytes, count) => {
        try {
          decodeStmtExecute(Buffer.from([0x17, ...bytes]), count, undefined, none)
        } catch (error) {
          expect(error).toHaveProperty('sqlState')
        }
      }),
    )
  })
})
