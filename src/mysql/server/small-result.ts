import { encodeBinaryRow } from '../codec/binary-row.ts'
import { encodeColumnDef } from '../codec/column-def.ts'
import { PacketWriter } from '../codec/packet-writer.ts'
import { encodeEof } from '../codec/responses.ts'
import { encodeTextRow } from '../codec/text-row.ts'
import type { SmallResultSet } from './session-handler.ts'

/** All packets of a small result set, in one buffer: column count, definitions, EOF, rows, EOF. */
export function encodeResultSet(resultSet: SmallResultSet, sequenceId: number): Buffer {
  const { columns, rows, status, warnings = 0, binary = false } = resultSet
  let next = sequenceId
  const packets = [new PacketWriter().lenencInt(columns.length).finish(next++)]
  for (const column of columns) packets.push(encodeColumnDef(column, next++))
  packets.push(encodeEof({ status, warnings }, next++))
  for (const row of rows) {
    packets.push(binary ? encodeBinaryRow(columns, row, next++) : encodeTextRow(row, next++))
  }
  packets.push(encodeEof({ status, warnings }, next))
  return Buffer.concat(packets)
}
