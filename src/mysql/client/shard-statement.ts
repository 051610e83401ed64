import { Command, HEADER_BYTES, MAX_PACKET_PAYLOAD } from '../codec/constants.ts'
import { type ExecuteValues, NULL_BITMAP_AT, nullBitmapBytes, splitExecute } from '../codec/execute-values.ts'
import { framePayload, writeHeader } from '../codec/framing.ts'
import { encodeStmtExecute } from '../codec/stmt-execute.ts'
import type { BackendConnection, BackendStatement } from './backend-connection.ts'
import { ResponseReader } from './response-reader.ts'
import { queryPacket } from './simple-command.ts'

/** A statement ready to run on any backend connection. */
export interface ShardStatement {
  /** Format of the rows it answers. */
  readonly format: 'text' | 'binary'
  send(connection: BackendConnection, reader: ResponseReader): void
}

/** COM_QUERY. The packet is shared by all shards: nobody writes to it. */
export class TextStatement implements ShardStatement {
  readonly format = 'text'
  readonly #packet: Buffer

  constructor(packet: Buffer) {
    this.#packet = packet
  }

  static ofSql(sql: string): TextStatement {
    return new TextStatement(queryPacket(sql))
  }

  send(connection: BackendConnection, reader: ResponseReader): void {
    connection.send(this.#packet, reader)
  }
}

const NO_VALUES: ExecuteValues = splitExecute(
  encodeStmtExecute({ statementId: 0, cursorFlags: 0, params: [] }),
  { paramCount: 0, types: undefined, longData: new Map() },
)

/** Bound of the statements one backend connection keeps prepared (max_prepared_stmt_count is one limit a server). */
const STATEMENTS_PER_CONNECTION_MAX = 64
/** Bytes of their texts; a statement that is longer stays alone. */
const STATEMENT_TEXTS_BYTES_MAX = 256 * 1024

/** Bound of the statements of one text, for values of other types each. */
const VARIANTS_MAX = 8

/**
 * COM_STMT_EXECUTE of a text that each connection prepares once and keeps, least recently used first to go. Only the
 * statement id differs between connections.
 *
 * Clients share these, but not for values of different types: MySQL keeps what the first values have made of a param that the
 * text does not tell the type of, and reads later ones by it where it can (of `SELECT ?`, executed with a TIME before, a
 * string is answered as a TIME). Source: "PREPARE Statement" in MySQL's manual, on derived types.
 */
export class PreparedStatement implements ShardStatement {
  readonly format = 'binary'
  readonly #sql: string
  readonly #values: ExecuteValues

  constructor(sql: string, values: ExecuteValues) {
    this.#sql = sql
    this.#values = values
  }

  send(connection: BackendConnection, reader: ResponseReader): void {
    const { statements } = connection
    let key = this.#sql
    let prepared = statements.get(key)
    if (prepared !== undefined && !accepts(prepared, this.#values.types)) {
      key = this.#variant(connection)
      prepared = statements.get(key)
      if (prepared !== undefined && !accepts(prepared, this.#values.types)) {
        statements.delete(key)
        connection.sendUnanswered(idPacket(Command.STMT_CLOSE, prepared.id))
        prepared = undefined
      }
    }
    if (prepared !== undefined) {
      if (statements.size > STATEMENTS_PER_CONNECTION_MAX / 2) {
        // Refreshed in the order of use, once that may matter.
        statements.delete(key)
        statements.set(key, prepared)
      }
      this.#execute(connection, prepared, reader)
      return
    }
    connection.send(
      preparePacket(this.#sql),
      new PrepareReader(connection, key, reader, (statement) => this.#execute(connection, statement, reader)),
    )
  }

  /** Key of the text's statement for values of these types, of one yet to be prepared, or of the last that there may be. */
  #variant({ statements }: BackendConnection): string {
    let key = ''
    for (let n = 1; n < VARIANTS_MAX; n++) {
      key = `${this.#sql}\0${n}` // no statement ends like this
      const known = statements.get(key)
      if (known === undefined || accepts(known, this.#values.types)) return key
    }
    return key
  }

  #execute(connection: BackendConnection, statement: BackendStatement, reader: ResponseReader): void {
    const values = this.#values
    if (values.longData.size > 0) sendLongData(connection, statement.id, values.longData)
    const { types } = values
    const known = statement.boundTypes
    const sendTypes = known !== types && (known === undefined || !known.equals(types))
    if (sendTypes) noteTypes(statement, types)
    connection.send(executePacket(statement.id, values, sendTypes), reader)
  }
}

/** A query without params whose rows come in the binary format. */
export function selectAll(sql: string): PreparedStatement {
  return new PreparedStatement(sql, NO_VALUES)
}

/** Two bytes a param: MYSQL_TYPE_NULL tells nothing of it. */
const NULL_TYPE = 6

/** No value of these types would be read as one of another. */
function accepts({ boundTypes, metTypes }: BackendStatement, types: Buffer): boolean {
  if (boundTypes === types || metTypes === undefined || boundTypes?.equals(types)) return true
  for (let at = 0; at < types.length; at += 2) {
    if (metTypes[at] === NULL_TYPE || types[at] === NULL_TYPE) continue
    if (metTypes[at] !== types[at] || metTypes[at + 1] !== types[at + 1]) return false
  }
  return true
}

function noteTypes(statement: BackendStatement, types: Buffer): void {
  statement.boundTypes = types
  if (statement.metTypes === undefined) {
    statement.metTypes = Buffer.from(types)
    return
  }
  for (let at = 0; at < types.length; at += 2)
    if (types[at] !== NULL_TYPE) types.copy(statement.metTypes, at, at, at + 2)
}

/** In pieces of less than `bytesMax`. An empty one is a piece, too: its param is no NULL. */
function* cut(piece: Buffer, bytesMax: number): Generator<Buffer> {
  let at = 0
  do {
    const end = Math.min(piece.length, at + bytesMax - 1)
    yield piece.subarray(at, end)
    at = end
  } while (at < piece.length)
}

function sendLongData(
  connection: BackendConnection,
  id: number,
  longData: ReadonlyMap<number, readonly Buffer[]>,
): void {
  for (const [param, pieces] of longData) {
    for (const piece of pieces)
      for (const part of cut(piece, connection.packetBytesMax - LONG_DATA_HEAD_BYTES))
        connection.sendUnanswered(longDataPacket(id, param, part))
  }
}

/** Remembers a prepared statement on its connection, once for each text: the oldest ones or this one are closed for it. */
export function rememberStatement(connection: BackendConnection, sql: string, id: number): BackendStatement {
  const { statements } = connection
  const known = statements.get(sql)
  if (known !== undefined) {
    connection.sendUnanswered(idPacket(Command.STMT_CLOSE, id))
    return known
  }
  let textBytes = sql.length
  for (const text of statements.keys()) textBytes += text.length
  for (const [oldest, { id: oldestId }] of statements) {
    if (statements.size < STATEMENTS_PER_CONNECTION_MAX && textBytes <= STATEMENT_TEXTS_BYTES_MAX) break
    statements.delete(oldest)
    textBytes -= oldest.length
    connection.sendUnanswered(idPacket(Command.STMT_CLOSE, oldestId))
  }
  const statement: BackendStatement = { id, boundTypes: undefined, metTypes: undefined }
  statements.set(sql, statement)
  return statement
}

/** Closes all prepared statements of a connection. */
export function forgetStatements(connection: BackendConnection): void {
  for (const { id } of connection.statements.values())
    connection.sendUnanswered(idPacket(Command.STMT_CLOSE, id))
  connection.statements.clear()
}

/** Reads the answer of COM_STMT_PREPARE; an error is given to `next` as if it were the answer to the execute. */
class PrepareReader extends ResponseReader {
  readonly #connection: BackendConnection
  readonly #sql: string
  readonly #next: ResponseReader
  readonly #execute: (statement: BackendStatement) => void
  #id = 0
  #error: Buffer | undefined

  constructor(
    connection: BackendConnection,
    sql: string,
    next: ResponseReader,
    execute: (statement: BackendStatement) => void,
  ) {
    super({ wholeRows: false })
    this.reset('prepare')
    this.#connection = connection
    this.#sql = sql
    this.#next = next
    this.#execute = execute
  }

  protected override onPrepareOk(buf: Buffer, start: number): void {
    this.#id = buf.readUInt32LE(start + 1)
  }

  protected override onErr(buf: Buffer, start: number, end: number): void {
    this.#error = framePayload(buf.subarray(start, end), 1)
  }

  override onDone(): void {
    if (this.#error !== undefined) {
      this.#next.feed(this.#error)
      this.#next.onDone()
      return
    }
    this.#execute(rememberStatement(this.#connection, this.#sql, this.#id))
  }

  override onLost(error: Error): void {
    this.#next.onLost(error)
  }
}

export function preparePacket(sql: string): Buffer {
  return framePayload(Buffer.concat([Buffer.from([Command.STMT_PREPARE]), Buffer.from(sql, 'latin1')]), 0)
}

/** COM_STMT_CLOSE, COM_STMT_RESET: the command and a statement id. */
export function idPacket(command: number, id: number): Buffer {
  const payload = Buffer.allocUnsafe(5)
  payload[0] = command
  payload.writeUInt32LE(id, 1)
  return framePayload(payload, 0)
}

/** The command, the statement's id, the param. */
const LONG_DATA_HEAD_BYTES = 7

function longDataPacket(id: number, param: number, data: Buffer): Buffer {
  const head = Buffer.allocUnsafe(LONG_DATA_HEAD_BYTES)
  head[0] = Command.STMT_SEND_LONG_DATA
  head.writeUInt32LE(id, 1)
  head.writeUInt16LE(param, 5)
  return framePayload(Buffer.concat([head, data]), 0)
}

/** Source: MySQL client/server protocol, "COM_STMT_EXECUTE", without query attributes. */
function executePacket(id: number, values: ExecuteValues, sendTypes: boolean): Buffer {
  const { payload: sent, paramCount, types } = values
  if (sendTypes === values.typesSent && sent.length < MAX_PACKET_PAYLOAD) {
    // The client's own bytes will do, but for the id.
    const packet = Buffer.allocUnsafe(HEADER_BYTES + sent.length)
    sent.copy(packet, writeHeader(packet, 0, sent.length, 0))
    packet.writeUInt32LE(id, HEADER_BYTES + 1)
    packet[HEADER_BYTES + 5] = values.flags
    return packet
  }
  const bitmapEnd = NULL_BITMAP_AT + nullBitmapBytes(paramCount)
  const head = Buffer.from(sent.subarray(0, bitmapEnd))
  head.writeUInt32LE(id, 1)
  head[5] = values.flags
  const bound = Buffer.from(paramCount === 0 ? [] : [sendTypes ? 1 : 0])
  const parts = [head, bound, ...(sendTypes ? [types] : []), sent.subarray(values.valuesAt)]
  return framePayload(Buffer.concat(parts), 0)
}
