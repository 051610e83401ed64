import { constants, createHash, publicEncrypt } from 'node:crypto'
import { RawClient } from './wire.ts'

/**
 * A client that shows everything an answer says: column definitions field by field, rows as bytes, the numbers and the
 * text of OK, EOF and ERR packets. It shares no code with the proxy.
 * Source: MySQL client/server protocol, classic EOF packets.
 */
export interface ProtocolClientOptions {
  readonly host?: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database?: string
  /** CLIENT_FOUND_ROWS. */
  readonly foundRows?: boolean
  /** CLIENT_MULTI_STATEMENTS; default true. */
  readonly multiStatements?: boolean
  /** CLIENT_MULTI_RESULTS; default true. */
  readonly multiResults?: boolean
  /** CLIENT_LOCAL_FILES. */
  readonly localFiles?: boolean
  /** CLIENT_SESSION_TRACK. */
  readonly sessionTrack?: boolean
  /** Default 45, utf8mb4_general_ci, which every server has. */
  readonly collationId?: number
}

export interface ColumnInfo {
  readonly schema: string
  readonly table: string
  readonly orgTable: string
  readonly name: string
  readonly orgName: string
  readonly collationId: number
  readonly length: number
  readonly type: number
  readonly flags: number
  readonly decimals: number
}

export type Result =
  | {
      readonly kind: 'ok'
      readonly affectedRows: number
      readonly lastInsertId: bigint
      readonly status: number
      readonly warnings: number
      readonly info: string
      /** SESSION_STATE_CHANGED: `[type, text, …]` of each entry. */
      readonly stateChanges?: readonly (readonly [number, ...string[]])[]
    }
  | { readonly kind: 'error'; readonly errno: number; readonly sqlState: string; readonly message: string }
  | {
      readonly kind: 'rows'
      readonly columns: readonly ColumnInfo[]
      /** Row payloads, text or binary protocol. */
      readonly rows: readonly Buffer[]
      /** Of the last EOF. */
      readonly status: number
      readonly warnings: number
      /** An ERR packet that ended the rows. */
      readonly error?: Extract<Result, { kind: 'error' }>
    }

export type Rows = Extract<Result, { kind: 'rows' }>

export type ErrorResult = Extract<Result, { kind: 'error' }>

export interface PreparedInfo {
  readonly kind: 'prepared'
  readonly id: number
  readonly params: readonly ColumnInfo[]
  readonly columns: readonly ColumnInfo[]
  readonly warnings: number
}

/** A value for a `?`, with the type that the client says it has. */
export type Param = null | {
  readonly type: 'bigint' | 'double' | 'string' | 'blob' | 'datetime' | 'date' | 'time'
  readonly bytes: Buffer
}

const MORE_RESULTS = 0x0008
const CAPABILITIES = 0x000ba205 // LONG_PASSWORD, LONG_FLAG, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, MULTI_*, PLUGIN_AUTH
const MULTI_STATEMENTS = 0x0001_0000
const MULTI_RESULTS = 0x0002_0000
const PS_MULTI_RESULTS = 0x0004_0000
const FOUND_ROWS = 0x0002
const CONNECT_WITH_DB = 0x0008
const LOCAL_FILES = 0x0080
const SESSION_TRACK = 0x0080_0000
const SESSION_STATE_CHANGED = 0x4000

export class ProtocolClient {
  readonly #client: RawClient
  /** Announced by the server. */
  readonly serverVersion: string
  readonly connectionId: number
  /** The OK that ended the login. */
  readonly login: Result

  private constructor(client: RawClient, greeting: Greeting, login: Result) {
    this.#client = client
    this.login = login
    this.serverVersion = greeting.version
    this.connectionId = greeting.connectionId
  }

  /** Rejects with the server's error, `1045 Access denied …`. */
  static async connect(options: ProtocolClientOptions): Promise<ProtocolClient> {
    const client = await RawClient.connect({ port: options.port })
    client.socket.setNoDelay(true)
    const greeting = readGreeting((await client.read())!.payload)
    client.send(handshakeResponse(greeting, options), 1)
    const login = await finishLogin(client, options.password, greeting.nonce)
    return new ProtocolClient(client, greeting, login)
  }

  /** The socket and its packets, for tests that go below commands. */
  get raw(): RawClient {
    return this.#client
  }

  /** One text: a result for each of its statements. */
  async query(sql: string): Promise<readonly Result[]> {
    this.#client.send(Buffer.concat([Buffer.from([0x03]), Buffer.from(sql)]))
    return await this.#results()
  }

  /**
   * LOAD DATA LOCAL: the answers, or the file's name, which `sendFile` is to follow. `first`: of the answer's packets, where
   * statements ahead of it have been answered.
   */
  async load(
    sql: string,
  ): Promise<{ readonly name: string; readonly sequenceId: number } | readonly Result[]> {
    this.#client.send(Buffer.concat([Buffer.from([0x03]), Buffer.from(sql)]))
    const reply = (await this.#client.read())!
    if (reply.payload[0] === 0xff) return [readErr(reply.payload)]
    return { name: reply.payload.subarray(1).toString(), sequenceId: reply.sequenceId }
  }

  /** A part of the file, with the id of its packet; an empty one ends it. */
  sendFile(part: Buffer | string, sequenceId: number): void {
    this.#client.send(typeof part === 'string' ? Buffer.from(part) : part, sequenceId)
  }

  /** The answer behind a file, and of statements behind it. */
  loaded(): Promise<readonly Result[]> {
    return this.#results()
  }

  async initDb(name: string): Promise<Result> {
    this.#client.send(Buffer.concat([Buffer.from([0x02]), Buffer.from(name)]))
    return (await this.#results())[0]!
  }

  /** COM_FIELD_LIST: definitions followed by defaults, ended by an EOF. */
  async fieldList(table: string): Promise<Result> {
    this.#client.send(Buffer.concat([Buffer.from([0x04]), Buffer.from(`${table}\0`)]))
    const columns: ColumnInfo[] = []
    for (;;) {
      const payload = await this.#payload()
      if (payload[0] === 0xff) return readErr(payload)
      if (isEof(payload)) return { kind: 'rows', columns, rows: [], ...readEof(payload) }
      columns.push(readColumn(payload))
    }
  }

  async prepare(sql: string): Promise<PreparedInfo | ErrorResult> {
    this.#client.send(Buffer.concat([Buffer.from([0x16]), Buffer.from(sql)]))
    const head = await this.#payload()
    if (head[0] === 0xff) return readErr(head)
    const columnCount = head.readUInt16LE(5)
    const paramCount = head.readUInt16LE(7)
    const params = await this.#definitions(paramCount)
    const columns = await this.#definitions(columnCount)
    return { kind: 'prepared', id: head.readUInt32LE(1), params, columns, warnings: head.readUInt16LE(10) }
  }

  async execute(id: number, params: readonly Param[] = []): Promise<readonly Result[]> {
    this.#client.send(executePayload(id, params))
    return await this.#results()
  }

  /** COM_STMT_EXECUTE for a cursor: the answer has columns, and the rows come by `fetch`. */
  async openCursor(id: number, params: readonly Param[] = []): Promise<Result> {
    const payload = executePayload(id, params)
    payload[5] = 1 // CURSOR_TYPE_READ_ONLY
    this.#client.send(payload)
    const head = await this.#payload()
    if (head[0] === 0xff) return readErr(head)
    const columns: ColumnInfo[] = []
    for (let left = new Cursor(head).lenencInt(); left > 0; left--) {
      columns.push(readColumn(await this.#payload()))
    }
    return { kind: 'rows', columns, rows: [], ...readEof(await this.#payload()) }
  }

  /** COM_STMT_FETCH: at most `count` rows of an open cursor. */
  async fetch(id: number, count: number): Promise<Result> {
    const payload = Buffer.alloc(9)
    payload[0] = 0x1c
    payload.writeUInt32LE(id, 1)
    payload.writeUInt32LE(count, 5)
    this.#client.send(payload)
    const rows: Buffer[] = []
    for (;;) {
      const reply = await this.#payload()
      if (reply[0] === 0xff) return readErr(reply)
      if (isEof(reply)) return { kind: 'rows', columns: [], rows, ...readEof(reply) }
      rows.push(reply)
    }
  }

  async resetStatement(id: number): Promise<Result> {
    const payload = Buffer.alloc(5)
    payload[0] = 0x1a
    payload.writeUInt32LE(id, 1)
    this.#client.send(payload)
    return (await this.#results())[0]!
  }

  /** COM_STMT_SEND_LONG_DATA: has no answer. */
  sendLongData(id: number, param: number, data: Buffer): void {
    const head = Buffer.alloc(7)
    head[0] = 0x18
    head.writeUInt32LE(id, 1)
    head.writeUInt16LE(param, 5)
    this.#client.send(Buffer.concat([head, data]))
  }

  /** Has no answer. */
  closeStatement(id: number): void {
    const payload = Buffer.alloc(5)
    payload[0] = 0x19
    payload.writeUInt32LE(id, 1)
    this.#client.send(payload)
  }

  close(): void {
    this.#client.send('01')
    this.#client.socket.end()
  }

  destroy(): void {
    this.#client.destroy()
  }

  async #results(): Promise<readonly Result[]> {
    const results: Result[] = []
    for (;;) {
      const result = await this.#result()
      results.push(result)
      if (result.kind === 'error' || (result.kind === 'rows' && result.error !== undefined)) return results
      if ((result.status & MORE_RESULTS) === 0) return results
    }
  }

  async #result(): Promise<Result> {
    const head = await this.#payload()
    if (head[0] === 0xff) return readErr(head)
    if (head[0] === 0x00) return readOk(head)
    const columns = await this.#definitions(new Cursor(head).lenencInt())
    const rows: Buffer[] = []
    for (;;) {
      const payload = await this.#payload()
      if (isEof(payload)) return { kind: 'rows', columns, rows, ...readEof(payload) }
      if (payload[0] === 0xff) {
        return { kind: 'rows', columns, rows, status: 0, warnings: 0, error: readErr(payload) }
      }
      rows.push(payload)
    }
  }

  async #definitions(count: number): Promise<readonly ColumnInfo[]> {
    const columns: ColumnInfo[] = []
    for (let i = 0; i < count; i++) columns.push(readColumn(await this.#payload()))
    if (count > 0) await this.#payload() // EOF
    return columns
  }

  /** A whole payload, of however many packets. */
  async #payload(): Promise<Buffer> {
    const parts: Buffer[] = []
    for (;;) {
      const reply = await this.#client.read()
      if (reply === undefined) throw new Error('the server closed the connection')
      parts.push(reply.payload)
      if (reply.payload.length < 0xff_ffff) return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    }
  }
}

/** Cells of a text-protocol row; null for NULL. */
export function textRow(row: Buffer): (string | null)[] {
  const cursor = new Cursor(row)
  const cells: (string | null)[] = []
  while (cursor.at < row.length) cells.push(cursor.nullableText())
  return cells
}

export function bigintParam(value: bigint | number): Param {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(value))
  return { type: 'bigint', bytes }
}

export function doubleParam(value: number): Param {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return { type: 'double', bytes }
}

export function stringParam(value: string | Buffer): Param {
  return { type: 'string', bytes: lenenc(Buffer.from(value as string)) }
}

export function blobParam(value: Buffer): Param {
  return { type: 'blob', bytes: lenenc(value) }
}

/** `YYYY-MM-DD hh:mm:ss.ffffff`; shorter forms leave parts out. */
export function datetimeParam(text: string): Param {
  const [year, month, day, hour = 0, minute = 0, second = 0, micros = 0] = text.split(/[- :.]/).map(Number)
  const bytes = Buffer.alloc(12)
  bytes[0] = 11
  bytes.writeUInt16LE(year!, 1)
  for (const [i, part] of [month!, day!, hour, minute, second].entries()) bytes[3 + i] = part
  bytes.writeUInt32LE(micros, 8)
  return { type: 'datetime', bytes }
}

interface Greeting {
  readonly version: string
  readonly connectionId: number
  readonly nonce: Buffer
  readonly plugin: string
}

function readGreeting(payload: Buffer): Greeting {
  if (payload[0] === 0xff) throw new Error(printError(readErr(payload)))
  const versionEnd = payload.indexOf(0, 1)
  const version = payload.toString('latin1', 1, versionEnd)
  const connectionId = payload.readUInt32LE(versionEnd + 1)
  const first = payload.subarray(versionEnd + 5, versionEnd + 13)
  const second = payload.subarray(versionEnd + 32, versionEnd + 44)
  const pluginStart = versionEnd + 45
  const plugin = payload.toString('latin1', pluginStart, payload.indexOf(0, pluginStart))
  return { version, connectionId, nonce: Buffer.concat([first, second]), plugin }
}

function handshakeResponse(greeting: Greeting, options: ProtocolClientOptions): Buffer {
  const {
    database,
    foundRows = false,
    multiStatements = true,
    multiResults = true,
    localFiles = false,
    sessionTrack = false,
    collationId = 45,
  } = options
  let capabilities = CAPABILITIES | PS_MULTI_RESULTS
  capabilities = multiStatements ? capabilities | MULTI_STATEMENTS : capabilities & ~MULTI_STATEMENTS
  if (foundRows) capabilities |= FOUND_ROWS
  if (!multiResults) capabilities &= ~MULTI_RESULTS
  if (localFiles) capabilities |= LOCAL_FILES
  if (sessionTrack) capabilities |= SESSION_TRACK
  if (database !== undefined) capabilities |= CONNECT_WITH_DB
  const fixed = Buffer.alloc(32)
  fixed.writeUInt32LE(capabilities, 0)
  fixed.writeUInt32LE(1 << 30, 4)
  fixed[8] = collationId
  const answer = answerTo(greeting.plugin, options.password, greeting.nonce)
  return Buffer.concat([
    fixed,
    Buffer.from(`${options.user}\0`),
    Buffer.from([answer.length]),
    answer,
    Buffer.from(database === undefined ? '' : `${database}\0`),
    Buffer.from(`${greeting.plugin}\0`),
  ])
}

async function finishLogin(client: RawClient, password: string, firstNonce: Buffer): Promise<Result> {
  let nonce = firstNonce
  for (;;) {
    const reply = await client.read()
    if (reply === undefined) throw new Error('the server closed the connection during the login')
    const { payload, sequenceId } = reply
    if (payload[0] === 0x00) return readOk(payload)
    if (payload[0] === 0xff) throw new Error(printError(readErr(payload)))
    if (payload[0] === 0xfe) {
      const pluginEnd = payload.indexOf(0, 1)
      nonce = payload.subarray(pluginEnd + 1, pluginEnd + 21)
      client.send(answerTo(payload.toString('latin1', 1, pluginEnd), password, nonce), sequenceId + 1)
    } else if (payload[1] === 0x04) {
      // caching_sha2_password without a cached entry: the password, encrypted with the server's key.
      client.send('02', sequenceId + 1)
      const key = (await client.read())!
      const pem = key.payload.toString('latin1', 1)
      client.send(encryptPassword(password, nonce, pem), key.sequenceId + 1)
    }
  }
}

function answerTo(plugin: string, password: string, nonce: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0)
  if (plugin === 'mysql_native_password') {
    const once = digest('sha1', Buffer.from(password))
    return xor(once, digest('sha1', nonce, digest('sha1', once)))
  }
  if (plugin === 'caching_sha2_password') {
    const once = digest('sha256', Buffer.from(password))
    return xor(once, digest('sha256', digest('sha256', once), nonce))
  }
  throw new Error(`no way to log in with ${plugin}`)
}

function encryptPassword(password: string, nonce: Buffer, key: string): Buffer {
  const clear = Buffer.from(`${password}\0`)
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return publicEncrypt({ key, padding }, xor(clear, nonce))
}

function digest(algorithm: string, ...parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** `right` is repeated when it is shorter. */
function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, i) => byte ^ right[i % right.length]!))
}

function isEof(payload: Buffer): boolean {
  return payload[0] === 0xfe && payload.length < 9
}

function readEof(payload: Buffer): { warnings: number; status: number } {
  return { warnings: payload.readUInt16LE(1), status: payload.readUInt16LE(3) }
}

function readErr(payload: Buffer): ErrorResult {
  const hasState = payload[3] === 0x23
  return {
    kind: 'error',
    errno: payload.readUInt16LE(1),
    sqlState: hasState ? payload.toString('latin1', 4, 9) : '',
    message: payload.toString('utf8', hasState ? 9 : 3),
  }
}

export function printError(error: ErrorResult): string {
  return `${error.errno} (${error.sqlState}) ${error.message}`
}

function readOk(payload: Buffer): Result {
  const cursor = new Cursor(payload, 1)
  const affectedRows = cursor.lenencInt()
  const lastInsertId = cursor.lenencBigInt()
  const status = payload.readUInt16LE(cursor.at)
  const warnings = payload.readUInt16LE(cursor.at + 2)
  const info = new Cursor(payload, cursor.at + 4)
  if ((status & SESSION_STATE_CHANGED) !== 0) {
    const told = info.text()
    return {
      kind: 'ok',
      affectedRows,
      lastInsertId,
      status,
      warnings,
      info: told,
      stateChanges: readChanges(info),
    }
  }
  const text = info.at < payload.length ? (info.isLenencTo(payload.length) ? info.text() : info.rest()) : ''
  return { kind: 'ok', affectedRows, lastInsertId, status, warnings, info: text }
}

/** Source: "OK_Packet", session state information. */
function readChanges(cursor: Cursor): readonly (readonly [number, ...string[]])[] {
  const changes: [number, ...string[]][] = []
  for (const end = cursor.lenencInt() + cursor.at; cursor.at < end; ) {
    const change: [number, ...string[]] = [cursor.lenencInt()]
    for (const changeEnd = cursor.lenencInt() + cursor.at; cursor.at < changeEnd; ) change.push(cursor.text())
    changes.push(change)
  }
  return changes
}

function readColumn(payload: Buffer): ColumnInfo {
  const cursor = new Cursor(payload)
  cursor.text() // catalog
  const [schema, table, orgTable, name, orgName] = Array.from({ length: 5 }, () => cursor.text()) as [
    string,
    string,
    string,
    string,
    string,
  ]
  cursor.lenencInt()
  const { at } = cursor
  return {
    schema,
    table,
    orgTable,
    name,
    orgName,
    collationId: payload.readUInt16LE(at),
    length: payload.readUInt32LE(at + 2),
    type: payload[at + 6]!,
    flags: payload.readUInt16LE(at + 7),
    decimals: payload[at + 9]!,
  }
}

const PARAM_TYPES = {
  bigint: 0x08,
  double: 0x05,
  string: 0xfd,
  blob: 0xfc,
  datetime: 0x0c,
  date: 0x0a,
  time: 0x0b,
} as const

function executePayload(id: number, params: readonly Param[]): Buffer {
  const head = Buffer.alloc(10)
  head[0] = 0x17
  head.writeUInt32LE(id, 1)
  head.writeUInt32LE(1, 6)
  if (params.length === 0) return head
  const nulls = Buffer.alloc((params.length + 7) >> 3)
  const types = Buffer.alloc(params.length * 2)
  for (const [i, param] of params.entries()) {
    if (param === null) {
      nulls[i >> 3]! |= 1 << (i & 7)
      types[2 * i] = 0x06
    } else types[2 * i] = PARAM_TYPES[param.type]
  }
  const values = params.map((param) => param?.bytes ?? Buffer.alloc(0))
  return Buffer.concat([head, nulls, Buffer.from([1]), types, ...values])
}

function lenenc(bytes: Buffer): Buffer {
  if (bytes.length < 251) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const head = Buffer.alloc(bytes.length < 0x1_0000 ? 3 : bytes.length < 0x100_0000 ? 4 : 9)
  head[0] = head.length === 3 ? 0xfc : head.length === 4 ? 0xfd : 0xfe
  head.writeUIntLE(bytes.length, 1, Math.min(head.length - 1, 6))
  return Buffer.concat([head, bytes])
}

class Cursor {
  readonly #buf: Buffer
  at: number

  constructor(buf: Buffer, at = 0) {
    this.#buf = buf
    this.at = at
  }

  lenencInt(): number {
    return Number(this.lenencBigInt())
  }

  lenencBigInt(): bigint {
    const first = this.#buf[this.at++]!
    if (first < 0xfb) return BigInt(first)
    const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 8
    const value =
      bytes === 8 ? this.#buf.readBigUInt64LE(this.at) : BigInt(this.#buf.readUIntLE(this.at, bytes))
    this.at += bytes
    return value
  }

  text(): string {
    const length = this.lenencInt()
    this.at += length
    return this.#buf.toString('utf8', this.at - length, this.at)
  }

  nullableText(): string | null {
    if (this.#buf[this.at] !== 0xfb) return this.text()
    this.at++
    return null
  }

  /** The text of an OK packet has a length in MariaDB's form and none in MySQL's. */
  isLenencTo(end: number): boolean {
    const length = this.#buf[this.at]!
    return this.at + 1 + length === end
  }

  rest(): string {
    return this.#buf.toString('utf8', this.at)
  }
}
