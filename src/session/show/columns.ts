import type { ColumnDef } from '../../mysql/codec/column-def.ts'
import { collationByName } from '../../values/charsets.ts'
import { columnFlags, fieldTypes } from '../../values/types.ts'

/** Known to MySQL and MariaDB alike. */
const UTF8MB4 = collationByName('utf8mb4_general_ci')!

export function textColumn(name: string, characters = 64): ColumnDef {
  return {
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name: Buffer.from(name).latin1Slice(),
    orgName: '',
    collationId: UTF8MB4.id,
    columnLength: characters * 4,
    type: fieldTypes.varString,
    flags: 0,
    decimals: 31,
  }
}

export function numberColumn(name: string): ColumnDef {
  return {
    ...textColumn(name),
    collationId: 63,
    columnLength: 21,
    type: fieldTypes.longLong,
    flags: columnFlags.binary | columnFlags.unsigned,
    decimals: 0,
  }
}
