import { type ColumnDef, encodeColumnDef } from '../mysql/codec/column-def.ts'
import { FieldFlag, FieldType, HEADER_BYTES } from '../mysql/codec/constants.ts'
import { BINARY_COLLATION_ID } from '../values/charsets.ts'

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
  type: FieldType.VAR_STRING,
  flags: FieldFlag.BINARY,
  decimals: 0,
}

export const paramDefinition: Buffer = encodeColumnDef(definition, 0).subarray(HEADER_BYTES)
