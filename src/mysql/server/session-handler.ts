import type { SqlError } from '../../errors/sql-error.ts'
import type { ColumnDef } from '../codec/column-def.ts'
import type { OkPacket } from '../codec/responses.ts'
import type { TextCell } from '../codec/text-row.ts'
import type { Access } from './auth/access.ts'

/** Who a connection is after authentication. */
export interface Identity {
  readonly user: string
  /** As it was when the user logged in. */
  readonly access: Access
  /** Schema or target named on connecting; empty for none. Not checked yet: that is the session's business. */
  readonly database: string
  /** A known, permitted client collation. */
  readonly collationId: number
  readonly attributes: ReadonlyMap<string, string>
}

/** What TLS negotiated; `clientSubject` is the subject of a verified client certificate. */
export interface TlsInfo {
  readonly version: string
  readonly cipher: string
  readonly clientSubject: string | undefined
}

/**
 * What the session layer implements, one object a client connection.
 *
 * The front end calls one of the `on…` methods that begin a command (`onConnect`, `onCommand`, `onChangeUser`,
 * `onResetConnection`), then none of them until `client.commandDone()`. The answer begins with
 * `client.nextSequenceId`. An exception that escapes a method is a bug: it is logged and ends the connection with 1815.
 */
export interface SessionHandler {
  /** `Status` flags of the session as it is now, for the answers that the front end gives itself (COM_PING). */
  readonly statusFlags: number
  /** Warnings and errors that the last statement left, for the same answers. */
  readonly warningCount: number
  /** Authentication is done. Answers with OK, or with an error (say, an unknown database) and `client.close()`. */
  onConnect(): void
  /**
   * One complete command. `payload` starts with the command byte and has the length its command needs at least;
   * `packet` is the same with its headers, exactly as received. Both may be kept; nobody writes to them.
   */
  onCommand(payload: Buffer, packet: Buffer): void
  /** COM_PING, which the front end answers; to ROW_COUNT() it is a statement. */
  onPing(): void
  /** COM_CHANGE_USER was authenticated (`client.identity` is the new one): resets everything, then answers. */
  onChangeUser(): void
  /** COM_RESET_CONNECTION: resets everything but the identity, then answers. */
  onResetConnection(): void
  /**
   * The connection is over, whatever the reason: called exactly once, at any moment, also in mid-command. A client
   * that only closed its sending side still gets the answer to what it had sent, for a bounded time.
   */
  onClientGone(): void
  /** The client took what was written: a source that was stopped because `write` said false may go on. */
  onDrain(): void
}

/** Takes the file that a client has been asked for (LOCAL INFILE). */
export interface FileSink {
  /** The next bytes of it, which are the sink's from now on. False: no more until `resumeFile`. */
  data(bytes: Buffer): boolean
  /** It is complete; the answer goes on with this sequence id. */
  end(nextSequenceId: number): void
  /** The client has gone before its end. */
  gone(): void
}

/** What the session layer sees of a client connection. */
export interface ClientConnection {
  /** Thread id as MySQL means it: 32 bits, unique among the live connections of all workers. */
  readonly id: number
  readonly identity: Identity
  /** Capabilities that both sides have. */
  readonly capabilities: number
  /** CLIENT_MULTI_STATEMENTS as COM_SET_OPTION left it. */
  readonly multiStatements: boolean
  /** Undefined without TLS. */
  readonly tls: TlsInfo | undefined
  /** Host as MySQL would name it: an address, or `localhost` for a unix socket. */
  readonly remoteHost: string
  /** 0 for a unix socket. */
  readonly remotePort: number
  /** Milliseconds since the epoch. */
  readonly connectedAtMs: number
  /** Sequence id with which the answer to the current command begins: 1, more after a command of several packets. */
  readonly nextSequenceId: number
  /** True from the moment nothing can be written any more. */
  readonly closed: boolean

  /**
   * Queues framed packets, or any part of them; the connection owns `chunk` from now on. Chunks of one tick leave in
   * one system call. False: more than the high-water mark is queued; stop the source until `onDrain`. `written` is called
   * when the system has taken it, and never where the client goes before.
   */
  write(chunk: Buffer, written?: () => void): boolean
  /** Ends the current command, after its last `write`; what is queued leaves at once. The next command may follow. */
  commandDone(): void
  /** `write` and `commandDone` in one, the shortest way to the socket. */
  finish(lastChunk: Buffer): void

  /**
   * What the client sends is the file that it has been asked for, in packets numbered from `sequenceId` on, until its
   * last one; then it waits for the answer again. A client that goes before ends as any other does.
   */
  expectFile(sink: FileSink, sequenceId: number): void
  /** The sink can take more. */
  resumeFile(): void

  /** These answer the current command with one message that starts at `sequenceId`, and end it. */
  sendOk(ok: Partial<OkPacket>, sequenceId?: number): void
  sendEof(eof: { readonly status: number; readonly warnings?: number }, sequenceId?: number): void
  sendError(error: SqlError, sequenceId?: number): void
  sendResultSet(resultSet: SmallResultSet, sequenceId?: number): void

  /** How long it may be idle, in milliseconds. */
  readonly idleTimeoutMs: number
  /** Idle limit of this session (wait_timeout), in milliseconds; undefined, a reset or change of user take it back. */
  setIdleTimeout(timeoutMs: number | undefined): void
  /**
   * Ends the connection after what is queued, and after `error` if there is one. The error begins an answer unless
   * `sequenceId` says otherwise, and has id 0 when no command runs.
   */
  close(error?: SqlError, sequenceId?: number): void
}

/** A result set that is small and complete. Rows are in the text protocol, or in the binary one if `binary` is set. */
export interface SmallResultSet {
  readonly columns: readonly ColumnDef[]
  readonly rows: readonly (readonly TextCell[])[]
  readonly status: number
  readonly warnings?: number
  /** Answer to COM_STMT_EXECUTE: cells are still given as text and encoded by their column's type. */
  readonly binary?: boolean
}

/** Makes the session of an authenticated connection. Nothing may be written before `onConnect`. */
export type SessionFactory = (client: ClientConnection) => SessionHandler
