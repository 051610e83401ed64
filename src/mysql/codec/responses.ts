import type { SqlError } from '../../errors/sql-error.ts'
import { Status } from './constants.ts'
import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/** First payload byte of the generic responses. */
export const ResponseHeader = { OK: 0x00, LOCAL_INFILE: 0xfb, EOF: 0xfe, ERR: 0xff } as const

export interface OkPacket {
  readonly affectedRows: number | bigint
  readonly lastInsertId: number | bigint
  /** `Status` flags. */
  readonly status: number
  readonly warnings: number
  /** Human-readable, e.g. `Rows matched: 1  Changed: 1  Warnings: 0`; UTF-8. */
  readonly info: string
  /** For a client that negotiated CLIENT_SESSION_TRACK: what changed of its session, entries of `encodeStateChange`. */
  readonly stateChanges?: Buffer
}

/** What a state change is about. Source: enum_session_state_type of MySQL. */
export const StateChange = { SYSTEM_VARIABLES: 0, SCHEMA: 1 } as const

/** The parts of an ERR packet; `errno` is any server's, so it need not be in our catalogue. */
export interface ErrPacket {
  readonly errno: number
  readonly sqlState: string
  readonly message: string
}

/**
 * OK packet.
 *
 * The manual calls the text `string<EOF>`; servers have always written it length-encoded, or not at all when it is
 * empty, and clients read it so. Source: "OK_Packet"; net_send_ok() and read_ok_ex() of MySQL.
 */
export function encodeOk(ok: Partial<OkPacket>, sequenceId: number): Buffer {
  const { info = '', stateChanges } = ok
  const writer = new PacketWriter()
    .uint1(ResponseHeader.OK)
    .lenencInt(ok.affectedRows ?? 0)
    .lenencInt(ok.lastInsertId ?? 0)
    .uint2((ok.status ?? 0) | (stateChanges === undefined ? 0 : Status.SESSION_STATE_CHANGED))
    .uint2(Math.min(ok.warnings ?? 0, 0xffff))
  if (info !== '' || stateChanges !== undefined) writer.lenencUtf8(info)
  if (stateChanges !== undefined) writer.lenencBytes(stateChanges)
  return writer.finish(sequenceId)
}

/** One entry of an OK packet's state changes: its type and its data, each text of which has a length before it. */
export function encodeStateChange(type: number, texts: readonly string[]): Buffer {
  const data = new PacketWriter()
  for (const text of texts) data.lenencUtf8(text)
  return new PacketWriter().uint1(type).lenencBytes(data.finishPayload()).finishPayload()
}

export function decodeOk(payload: Buffer): OkPacket {
  const reader = new PacketReader(payload, 1)
  return {
    affectedRows: reader.lenencBigInt(),
    lastInsertId: reader.lenencBigInt(),
    status: reader.uint2(),
    warnings: reader.uint2(),
    info: reader.remaining > 0 ? reader.lenencBytes().toString() : '',
  }
}

/** Longest message text that MySQL sends (MYSQL_ERRMSG_SIZE less its NUL), in bytes. */
const ERROR_MESSAGE_BYTES_MAX = 511

/** ERR packet of protocol 4.1. The message is UTF-8 and cut, at a character, where MySQL cuts it. */
export function encodeErr(error: SqlError | ErrPacket, sequenceId: number): Buffer {
  return new PacketWriter()
    .uint1(ResponseHeader.ERR)
    .uint2(error.errno)
    .binary(`#${error.sqlState}`)
    .bytes(cutUtf8(error.message, ERROR_MESSAGE_BYTES_MAX))
    .finish(sequenceId)
}

/** ERR packet of the time before capabilities are known: it has no SQLSTATE. */
export function encodeEarlyErr(error: ErrPacket, sequenceId: number): Buffer {
  return new PacketWriter()
    .uint1(ResponseHeader.ERR)
    .uint2(error.errno)
    .utf8(error.message)
    .finish(sequenceId)
}

export function decodeErr(payload: Buffer): ErrPacket {
  const reader = new PacketReader(payload, 1)
  const errno = reader.uint2()
  const text = reader.rest()
  if (text[0] !== 0x23 || text.length < 6) return { errno, sqlState: 'HY000', message: text.toString() }
  return { errno, sqlState: text.latin1Slice(1, 6), message: text.subarray(6).toString() }
}

export interface EofPacket {
  readonly status: number
  readonly warnings: number
}

export function encodeEof(eof: Partial<EofPacket>, sequenceId: number): Buffer {
  return new PacketWriter()
    .uint1(ResponseHeader.EOF)
    .uint2(Math.min(eof.warnings ?? 0, 0xffff))
    .uint2(eof.status ?? 0)
    .finish(sequenceId)
}

/** 0xfe also starts a row whose first cell has 2^24 bytes and more; only an EOF packet is shorter than 9 bytes. */
export function isEof(payload: Uint8Array): boolean {
  return payload[0] === ResponseHeader.EOF && payload.length < 9
}

export function decodeEof(payload: Buffer): EofPacket {
  const reader = new PacketReader(payload, 1)
  const warnings = reader.uint2()
  return { warnings, status: reader.uint2() }
}

function cutUtf8(text: string, bytesMax: number): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return bytes
  let end = bytesMax
  while ((bytes[end]! & 0xc0) === 0x80) end-- // never in the middle of a character
  return bytes.subarray(0, end)
}
