import assert from 'node:assert/strict'
import { describe, it } from 'vitest'
import type { DatabaseColumn } from '../../../src/tablet/schema-reader.ts'
import { storedColumn } from '../../../src/tablet/stored-column.ts'

const column: DatabaseColumn = {
  table: 't',
  name: 'b',
  dataType: 'binary',
  columnType: 'binary(1)',
  characterSet: null,
  collation: null,
  nullable: false,
  default: null,
  extra: '',
  expression: '',
  srsId: null,
  key: '',
  isMariadb: false,
}

describe('storedColumn', () => {
  it('gives a binary default as it was, also one of no bytes', () => {
    const definitionOf = (value: string) =>
      storedColumn({ ...column, default: value }, { parts: [], primary: undefined }).definition
    assert.equal(definitionOf('0x'), "`b` binary(1) NOT NULL DEFAULT ''")
    assert.equal(definitionOf('0x6100'), '`b` binary(1) NOT NULL DEFAULT 0x6100')
  })

  it('tells what a column is generated of, on both servers', () => {
    for (const isMariadb of [false, true]) {
      const stored = storedColumn(
        { ...column, isMariadb, expression: 'concat(`a`,`c``d`)' },
        { parts: [], primary: undefined },
      )
      assert.deepEqual(stored.computedOf, ['a', 'c`d'])
      assert.equal(stored.generated === undefined, isMariadb)
    }
  })
})
