import { describe, expect, test } from 'vitest'
import { SqlError } from '../../../../src/errors/sql-error.ts'
import { Status } from '../../../../src/mysql/codec/constants.ts'
import {
  decodeEof,
  decodeErr,
  decodeOk,
  encodeEarlyErr,
  encodeEof,
  encodeErr,
  encodeOk,
  isEof,
} from '../../../../src/mysql/codec/responses.ts'

const payloadHex = (packet: Buffer): string => packet.subarray(4).toString('hex')

/** Captured from MySQL 9.7. */
const insertOk =
  '00020102000000265265636f7264733a203220204475706c6963617465733a203020205761726e696e67733a2030'
const err1045 =
  'ff150423323830303041636365737320' +
  '64656e69656420666f722075736572202773686127402731' +
  '302e302e302e31272028' +
  '7573696e672070617373776f72643a204e4f29'

describe('OK', () => {
  test('of an INSERT, as MySQL writes it', () => {
    const ok = {
      affectedRows: 2,
      lastInsertId: 1,
      status: Status.AUTOCOMMIT,
      warnings: 0,
      info: 'Records: 2  Duplicates: 0  Warnings: 0',
    }
    expect(payloadHex(encodeOk(ok, 1))).toBe(insertOk)
    expect(decodeOk(Buffer.from(insertOk, 'hex'))).toEqual(ok)
  })

  test('without anything to say is 7 bytes', () => {
    expect(payloadHex(encodeOk({ status: 2 }, 1))).toBe('00000002000000')
  })

  test('keeps 64-bit insert ids', () => {
    const packet = encodeOk({ lastInsertId: 2n ** 64n - 1n, status: 2 }, 1)
    expect(payloadHex(packet)).toBe('0000feffffffffffffffff02000000')
    expect(decodeOk(packet.subarray(4)).lastInsertId).toBe(2n ** 64n - 1n)
  })

  test('counts no more warnings than its field holds', () => {
    expect(payloadHex(encodeOk({ warnings: 70_000 }, 1))).toBe('0000000000ffff')
  })
})

describe('ERR', () => {
  const denied = new SqlError(
    'ER_ACCESS_DENIED_ERROR',
    "Access denied for user 'sha'@'10.0.0.1' (using password: NO)",
  )
  test('carries errno, SQLSTATE and text', () => {
    expect(payloadHex(encodeErr(denied, 2))).toBe(err1045)
    expect(decodeErr(Buffer.from(err1045, 'hex'))).toEqual({
      errno: 1045,
      sqlState: '28000',
      message: denied.message,
    })
  })

  test('has no SQLSTATE before the handshake', () => {
    const full = { errno: 1040, sqlState: '08004', message: 'Too many connections' }
    const packet = encodeEarlyErr(full, 0)
    expect(packet.toString('hex')).toBe('17000000ff1004546f6f206d616e7920636f6e6e656374696f6e73')
    expect(decodeErr(packet.subarray(4))).toEqual({ ...full, sqlState: 'HY000' })
  })

  test('is cut at 511 bytes, never within a character', () => {
    const text = new SqlError('ER_UNKNOWN_ERROR', `x${'é'.repeat(400)}`)
    const { message } = decodeErr(encodeErr(text, 1).subarray(4))
    expect(message).toBe(`x${'é'.repeat(255)}`)
    const even = new SqlError('ER_UNKNOWN_ERROR', 'é'.repeat(400))
    expect(decodeErr(encodeErr(even, 1).subarray(4)).message).toBe('é'.repeat(255))
  })
})

describe('EOF', () => {
  test('as MySQL writes it', () => {
    expect(encodeEof({ status: 0x22 }, 5).toString('hex')).toBe('05000005fe00002200')
    expect(decodeEof(Buffer.from('fe01002200', 'hex'))).toEqual({ warnings: 1, status: 0x22 })
  })

  test('is told from a row that begins with an eight-byte length', () => {
    expect(isEof(Buffer.from('fe00000200', 'hex'))).toBe(true)
    expect(isEof(Buffer.from('fe0000000100000000', 'hex'))).toBe(false)
  })
})
