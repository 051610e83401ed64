import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { parseTarget, printTarget } from '../../../../src/session/settings/target.ts'

describe('targets', () => {
  for (const [text, expected] of [
    ['shop', { keyspace: 'shop', tabletType: 'PRIMARY' }],
    ['shop@replica', { keyspace: 'shop', tabletType: 'REPLICA' }],
    ['shop@master', { keyspace: 'shop', tabletType: 'PRIMARY' }],
    ['shop:-80', { keyspace: 'shop', shard: '-80', tabletType: 'PRIMARY' }],
    ['shop/80-', { keyspace: 'shop', shard: '80-', tabletType: 'PRIMARY' }],
    ['shop:40-80@rdonly', { keyspace: 'shop', shard: '40-80', tabletType: 'RDONLY' }],
    ['', { keyspace: '', tabletType: 'PRIMARY' }],
  ] as const) {
    test(`'${text}'`, () => assert.deepEqual(parseTarget(text), expected))
  }

  test('a tablet type alone keeps the keyspace and shard', () => {
    const current = parseTarget('shop:-80')
    assert.deepEqual(parseTarget('@replica', current), { ...current, tabletType: 'REPLICA' })
  })

  test('an unknown tablet type is named', () => {
    assert.throws(() => parseTarget('shop@spare'), { code: 'ER_BAD_DB_ERROR', message: /'spare'/ })
    assert.throws(() => parseTarget('shop@constructor'), { code: 'ER_BAD_DB_ERROR' })
  })

  test('printing gives the text again', () => {
    for (const text of ['shop', 'shop@replica', 'shop:-80', 'shop:80-@rdonly']) {
      assert.equal(printTarget(parseTarget(text)), text)
    }
  })
})
