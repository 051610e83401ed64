import type { Row, RowBatch, RowPackets, RowStream } from './row-stream.ts'

/** int<3> payload length, int<1> sequence id. Source: MySQL client/server protocol, "MySQL Packets". */
export const headerBytes = 4
/** Of a packet; one of this size is continued by the next. Source: ibid., "Sending More Than 16Mb". */
const payloadBytesMax = 0xff_ffff
/** Rows are framed into chunks of about this size. */
const chunkBytes = 64 * 1024

/** The stream's next rows as packets, made here where they are no shard's. */
export function nextPackets(stream: RowStream): Promise<RowPackets | undefined> {
  return stream.nextPackets?.() ?? stream.next().then(framedIfAny)
}

function framedIfAny(batch: RowBatch | undefined): RowPackets | undefined {
  return batch && framedRows(batch)
}

/** Payload that the header at `at` announces. */
export function payloadBytes(chunk: Buffer, at: number): number {
  return chunk[at] | (chunk[at + 1] << 8) | (chunk[at + 2] << 16)
}

/** The row goes on in the next packet of its chunk, which it has to itself. */
export function isCut(payload: number): boolean {
  return payload === payloadBytesMax
}

export function rowsOf({ chunks, rows }: RowPackets): RowBatch {
  const batch: Row[] = new Array(rows)
  let n = 0
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const length = payloadBytes(chunk, at)
      if (isCut(length)) {
        batch[n++] = joinedRow(chunk)
        break
      }
      const start = at + headerBytes
      at = start + length
      batch[n++] = chunk.subarray(start, at)
    }
  }
  return batch
}

/** The row that the packets of a chunk make together. */
export function joinedRow(chunk: Buffer): Row {
  const parts: Buffer[] = []
  for (let at = 0; at < chunk.length; ) {
    const start = at + headerBytes
    at = start + payloadBytes(chunk, at)
    parts.push(chunk.subarray(start, at))
  }
  return Buffer.concat(parts)
}

export function framedRows(batch: RowBatch): RowPackets {
  const chunks: Buffer[] = []
  for (let from = 0; from < batch.length; ) {
    let to = from
    let bytes = 0
    do bytes += framedBytes(batch[to++])
    while (to < batch.length && bytes < chunkBytes && !isLong(batch[to - 1]) && !isLong(batch[to]))
    const chunk = Buffer.allocUnsafe(bytes)
    let at = 0
    for (; from < to; from++) at = frame(batch[from], chunk, at)
    chunks.push(chunk)
  }
  return { chunks, rows: batch.length }
}

function isLong(row: Row): boolean {
  return row.length >= payloadBytesMax
}

function framedBytes(row: Row): number {
  return row.length + headerBytes * (Math.floor(row.length / payloadBytesMax) + 1)
}

/** A row of an exact multiple of the largest payload ends with an empty packet. */
function frame(row: Row, into: Buffer, at: number): number {
  let from = 0
  for (;;) {
    const length = Math.min(row.length - from, payloadBytesMax)
    into.writeUIntLE(length, at, 3)
    into[at + 3] = 0
    row.copy(into, at + headerBytes, from, from + length)
    at += headerBytes + length
    from += length
    if (length < payloadBytesMax) return at
  }
}
