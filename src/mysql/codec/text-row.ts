import { HEADER_BYTES, MAX_PACKET_PAYLOAD } from './constants.ts'
import { framePayload, writeHeader } from './framing.ts'
import { lenencSize, writeLenenc } from './lenenc.ts'
import { malformedPacket, PacketReader } from './packet-reader.ts'

/** A value of a text row: bytes, a binary string (one character a byte; plain for ASCII), or NULL. */
export type TextCell = Uint8Array | string | null

/** One row of the text protocol, framed. Sized once, written once. Source: "Text Resultset Row". */
export function encodeTextRow(cells: readonly TextCell[], sequenceId: number): Buffer {
  let length = 0
  for (const cell of cells) length += cell === null ? 1 : lenencSize(cell.length) + cell.length
  const packet = Buffer.allocUnsafe(HEADER_BYTES + length)
  let at = writeHeader(packet, 0, length, sequenceId)
  for (const cell of cells) at = writeCell(packet, at, cell)
  return length < MAX_PACKET_PAYLOAD ? packet : framePayload(packet.subarray(HEADER_BYTES), sequenceId)
}

/** The cells of a text row, as views of its payload. Raises ER_MALFORMED_PACKET unless exactly `columns` fill it. */
export function decodeTextRow(payload: Buffer, columns: number): (Buffer | null)[] {
  const reader = new PacketReader(payload)
  const cells: (Buffer | null)[] = []
  for (let i = 0; i < columns; i++) cells.push(reader.lenencBytesOrNull())
  if (reader.remaining > 0) throw malformedPacket()
  return cells
}

function writeCell(packet: Buffer, at: number, cell: TextCell): number {
  if (cell === null) {
    packet[at] = 0xfb
    return at + 1
  }
  const start = writeLenenc(packet, at, cell.length)
  if (typeof cell === 'string') packet.latin1Write(cell, start)
  else packet.set(cell, start)
  return start + cell.length
}
