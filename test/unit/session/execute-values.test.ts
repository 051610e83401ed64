import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { boundParams, reorderParams, splitExecute } from '../../../src/mysql/codec/execute-values.ts'
import { type BoundParam, encodeStmtExecute } from '../../../src/mysql/codec/stmt-execute.ts'
import { integerParam } from '../../../src/session/prepared/integer-param.ts'
import { paramValue } from '../../../src/session/prepared/param-value.ts'
import { fieldTypes } from '../../../src/values/types.ts'

const UNSIGNED = 0x80
const NO_LONG_DATA = new Map<number, Buffer[]>()

function int(bytes: number) {
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b))
}

const param: fc.Arbitrary<BoundParam> = fc
  .oneof(
    fc.record({ type: fc.constant(fieldTypes.tiny), bytes: int(1) }),
    fc.record({ type: fc.constant(fieldTypes.short), bytes: int(2) }),
    fc.record({ type: fc.constant(fieldTypes.long), bytes: int(4) }),
    fc.record({ type: fc.constant(fieldTypes.longLong), bytes: int(8) }),
    fc.record({ type: fc.constant(fieldTypes.double), bytes: int(8) }),
    fc.record({ type: fc.constant(fieldTypes.varString), bytes: int(5) }),
    fc.record({ type: fc.constant(fieldTypes.long), bytes: fc.constant(null) }),
  )
  .chain((p) => fc.constantFrom(0, UNSIGNED).map((flags) => ({ ...p, flags, long: false })))

function execute(params: readonly BoundParam[]) {
  const payload = encodeStmtExecute({ statementId: 7, cursorFlags: 0, params })
  return splitExecute(payload, { paramCount: params.length, types: undefined, longData: NO_LONG_DATA })
}

describe('params of COM_STMT_EXECUTE', () => {
  test('an integer read where it lies is the one that decoding all of them finds', () => {
    fc.assert(
      fc.property(fc.array(param, { minLength: 1, maxLength: 12 }), (params) => {
        const values = execute(params)
        for (const [i, bound] of boundParams(values).entries()) {
          const direct = integerParam(values, i)
          if (direct === undefined) continue
          const decoded = paramValue(bound)
          assert.deepEqual(
            [direct.type, Buffer.from(direct.bytes).toString()],
            [decoded.type, Buffer.from(decoded.bytes).toString()],
          )
        }
      }),
    )
  })

  test('plain integers are read where they lie', () => {
    const long = (n: number): BoundParam => {
      const bytes = Buffer.alloc(4)
      bytes.writeInt32LE(n)
      return { type: fieldTypes.long, flags: 0, bytes, long: false }
    }
    assert.equal(Buffer.from(integerParam(execute([long(3), long(-12)]), 1)!.bytes).toString(), '-12')
  })

  test('reordered params keep their types and values', () => {
    fc.assert(
      fc.property(
        fc.array(param, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(5), { maxLength: 8 }),
        (params, picks) => {
          const order = picks.map((i) => i % params.length)
          const reordered = boundParams(reorderParams(execute(params), order))
          assert.deepEqual(
            reordered.map(({ type, bytes }) => [type, bytes?.toString('hex')]),
            order.map((i) => [params[i]!.type, params[i]!.bytes?.toString('hex')]),
          )
        },
      ),
    )
  })

  test('types hold for the next execute, which sends none', () => {
    const first = execute([{ type: fieldTypes.tiny, flags: 0, bytes: Buffer.from([5]), long: false }])
    const second = Buffer.from('1707000000000100000000' + '00' + '09', 'hex')
    const values = splitExecute(second, { paramCount: 1, types: first.types, longData: NO_LONG_DATA })
    assert.equal(Buffer.from(paramValue(boundParams(values)[0]!).bytes).toString(), '9')
    assert.equal(Buffer.from(integerParam(values, 0)!.bytes).toString(), '9')
  })

  test('a block that ends early is malformed', () => {
    const { payload } = execute([{ type: fieldTypes.long, flags: 0, bytes: Buffer.alloc(4), long: false }])
    for (let length = 1; length < 14; length++) {
      assert.throws(
        () =>
          splitExecute(payload.subarray(0, length), {
            paramCount: 1,
            types: undefined,
            longData: NO_LONG_DATA,
          }),
        { code: 'ER_MALFORMED_PACKET' },
      )
    }
  })
})
