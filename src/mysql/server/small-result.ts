import { encodeBinaryRow } from '../codec/binary-row.ts'
import { encodeColumnDef } from '../codec/column-def.ts'
import { framedPacketCount } from '../codec/framing.ts'
import { PacketWriter } from '../codec/packet-writer.ts'
import { encodeEof } from '../codec/responses.ts'
import { encodeTextRow } from '../codec/text-row.ts'
import type { SmallResultSet } from './session-handler.ts'

/** All packets of a small result set, in one buffer: column count, definitions, EOF, rows, EOF. */
export function encodeResultSet(resultSet: SmallResultSet, sequenceId: number): Buffer {
  const { columns, rows, status, warnings = 0, binary = false } = resultSet
  const packets: Buffer[] = []
  let next = sequenceId
  const add = (encode: (sequenceId: number) => Buffer): void => {
    const packet = encode(next)
    next += framedPacketCount(packet.length)
    packets.push(packet)
  }
  add((id) => new PacketWriter().lenencInt(columns.length).finish(id))
  for (const column of columns) add((id) => encodeColumnDef(column, id))
  add((id) => encodeEof({ status, warnings }, id))
  for (const row of rows) add((id) => (binary ? encodeBinaryRow(columns, row, id) : encodeTextRow(row, id)))
  add((id) => encodeEof({ status, warnings }, id))
  return Buffer.concat(packets)
}
