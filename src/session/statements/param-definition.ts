import { type ColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import { BINARY_COLLATION_ID } from '../../values/charsets.ts'
import { columnFlags, fieldTypes } from '../../values/types.ts'

/** How MySQL describes a `?`: the payload of a column definition named `?`. */
const definition: ColumnDef = {
  catalog: 'def',
  schema: '',
  table: '',
  orgTable: '',
  name: '?',
  orgName: '',
  collationId: BINARY_COLLATION_ID,
  columnLength: 0,
  type: fieldTypes.varString,
  flags: columnFlags.binary,
  decimals: 0,
}

export const paramDefinition: Buffer = encodeColumnDef(definition, 0).subarray(HEADER_BYTES)
