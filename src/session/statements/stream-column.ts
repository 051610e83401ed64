import type { StreamColumn } from '../../engine/row-stream.ts'
import { decodeColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import type { ServingTablet } from '../../tablet/serving-tablet.ts'

/** A column as a tablet defines it, with the keyspace's name in place of its database's. `payload` is kept. */
export function streamColumn(
  payload: Buffer,
  { database, record }: Pick<ServingTablet, 'database' | 'record'>,
): StreamColumn {
  const column = decodeColumnDef(payload)
  const { name, type, flags, decimals, collationId, columnLength } = column
  const foreign = database !== record.keyspace && column.schema === database
  const definition = foreign
    ? encodeColumnDef({ ...column, schema: record.keyspace }, 0).subarray(HEADER_BYTES)
    : payload
  return {
    name: Buffer.from(name, 'latin1').toString(),
    type,
    flags,
    decimals,
    collation: collationId,
    length: columnLength,
    definition,
  }
}
