import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseProxyHeader } from '../../../../src/mysql/server/proxy-protocol.ts'

const v1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const SIGNATURE = '0d0a0d0a000d0a515549540a'
const v2 = (hex: string): Buffer => Buffer.from(SIGNATURE + hex.replaceAll(' ', ''), 'hex')

describe('complete headers', () => {
  const cases = [
    { header: v1('PROXY TCP4 1.2.3.4 5.6.7.8 65535 0\r\n'), source: { address: '1.2.3.4', port: 65535 } },
    { header: v1('PROXY TCP6 ::1 fe80::2 1 2\r\n'), source: { address: '::1', port: 1 } },
    { header: v1('PROXY UNKNOWN\r\n'), source: undefined },
    { header: v1('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), source: undefined },
    { header: v2('21 11 000c 01020304 05060708 ffff 0000'), source: { address: '1.2.3.4', port: 65535 } },
    { header: v2('21 12 000c 01020304 05060708 0001 0002'), source: { address: '1.2.3.4', port: 1 } },
    {
      header: v2(`21 21 0024 20010db8000000000000000000000001 ${'00'.repeat(16)} 0001 0002`),
      source: { address: '2001:db8:0:0:0:0:0:1', port: 1 },
    },
    {
      header: v2('21 11 0010 01020304 05060708 0001 0002 040001ff'),
      source: { address: '1.2.3.4', port: 1 },
    },
    { header: v2('20 00 0000'), source: undefined },
    { header: v2('20 11 000c 01020304 05060708 0001 0002'), source: undefined },
    { header: v2(`21 31 00d8 ${'00'.repeat(216)}`), source: undefined },
  ]
  for (const { header, source } of cases) {
    test(header.toString('latin1').trim().slice(0, 60), () => {
      const behind = Buffer.concat([header, Buffer.from('next')])
      expect(parseProxyHeader(behind)).toEqual({ kind: 'complete', bytes: header.length, source })
      for (let length = 0; length < header.length; length++) {
        expect(parseProxyHeader(header.subarray(0, length)), `${length} bytes`).toEqual({
          kind: 'incomplete',
        })
      }
    })
  }
})

describe('invalid headers', () => {
  for (const header of [
    v1('GET / HTTP/1.1\r\n'),
    v1('PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n'),
    v1('PROXY TCP4 ::1 ::2 1 2\r\n'),
    v1('PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n'),
    v1('PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n'),
    v1('PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n'),
    v1('PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n'),
    v1('PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n'),
    v1('PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n'),
    v1(`PROXY ${'x'.repeat(101)}`),
    v2('11 11 000c'),
    v2('22 11 000c'),
    v2('21 11 ffff'),
    v2('21 11 0004 01020304'),
  ]) {
    test(header.toString('latin1').trim().slice(0, 60), () => {
      expect(parseProxyHeader(header).kind).toBe('invalid')
    })
  }

  test('random bytes are told as soon as they cannot become a header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const { kind } = parseProxyHeader(Buffer.from(bytes))
        return kind === 'invalid' || 'P\r'.includes(String.fromCharCode(bytes[0]!))
      }),
    )
  })
})
