import { matchedRows } from '../../engine/sum-info.ts'
import type { SqlError } from '../../errors/sql-error.ts'
import { Relay, type RelaySink } from '../../mysql/client/relay.ts'
import type { ResponseSummary } from '../../mysql/client/response-reader.ts'
import { decodeColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeErr, encodeErr } from '../../mysql/codec/responses.ts'
import { columnInKeyspaceNames, type Renaming } from '../../tablet/keyspace-names.ts'
import type { ToldError } from './written-names.ts'

/** What the session does when a relayed answer is over. */
export interface RelayOwner extends RelaySink {
  relayDone(summary: ResponseSummary): void
  /** `nothingSent`: the client has seen no byte of the answer. */
  relayLost(error: Error, nothingSent: boolean): void
  /** Whether the client is not to be told of the error, which is the whole answer: its statement will be sent again. */
  withholds(error: ToldError): boolean
  /** The answer that has been withheld is over. */
  relayWithheld(error: ToldError): void
  /** The server waits for a file of the client's: the request is being relayed. Throws where the client has none to give. */
  fileAsked(): void
  /** Something was thrown that nobody expected. */
  broken(error: unknown): void
  /** What the client is told instead of the backend's 1317: why its statement was stopped. */
  readonly interruption: SqlError | undefined
  /** More rows than this are none of an answer: `tooManyRows` tells why. */
  readonly rowsMax: number
  tooManyRows(): ToldError
  /** Stops the statement, which answers too many. */
  stopRows(): void
  /** A server's error as the client may see it: the same object where it is so already. */
  inOwnWords(told: ToldError): ToldError
}

/** Errors with which a server takes leave of an idle connection: they answer nothing that was asked. */
const FAREWELLS: ReadonlySet<number> = new Set([1927, 4031])

const ER_QUERY_INTERRUPTED = 1317

/** The most bytes of an OK packet that has no text: two counts, status, warnings. */
const OK_WITHOUT_INFO = 23

/** The relay of one session, used again for every statement. */
export class SessionRelay extends Relay {
  readonly #owner: RelayOwner
  /** Set when the database on the shard has another name than the keyspace: names in the answer are translated. */
  #rename: Renaming | undefined
  /** COM_STMT_PREPARE: the statement id that the client gets. */
  #statementId = 0
  /** The answer has more rows than it may have. */
  #hasTooMany = false
  /** An error that the client is not told of. */
  #withheld: ToldError | undefined

  /** Text of the ERR packet that ended the answer. */
  errorMessage = ''
  /** Of UPDATE: what MySQL's FOUND_ROWS() is then. */
  matchedRows: number | undefined
  /** COM_STMT_PREPARE: the backend's statement id and its number of params. */
  preparedId = 0
  preparedParams = 0

  constructor(owner: RelayOwner) {
    super(owner)
    this.#owner = owner
  }

  /** Before `begin`: how names are translated and which statement id a prepare announces. */
  translate(database: string, keyspace: string, statementId = 0): void {
    this.#rename = database === keyspace ? undefined : { database, keyspace }
    this.#statementId = statementId
    this.#withheld = undefined
    this.#hasTooMany = false
    this.matchedRows = undefined
  }

  protected override onPrepareOk(buf: Buffer, start: number, _columns: number, params: number): void {
    this.preparedId = buf.readUInt32LE(start + 1)
    this.preparedParams = params
    buf.writeUInt32LE(this.#statementId, start + 1)
  }

  protected override onColumn(buf: Buffer, start: number, end: number): void {
    if (this.#rename === undefined) return
    const column = decodeColumnDef(buf.subarray(start, end))
    const { database, keyspace } = this.#rename
    const names = {
      schema: column.schema === database ? keyspace : column.schema,
      name: columnInKeyspaceNames(column.name, [this.#rename]),
      orgName: columnInKeyspaceNames(column.orgName, [this.#rename]),
    }
    if (names.schema === column.schema && names.name === column.name) return
    const renamed = encodeColumnDef({ ...column, ...names }, 0)
    this.replacePacket(buf, start, end, renamed)
  }

  protected override onFileAsked(): void {
    this.#owner.fileAsked()
  }

  protected override onOk(buf: Buffer, start: number, end: number): void {
    if (end - start > OK_WITHOUT_INFO) this.matchedRows = matchedRows(buf.latin1Slice(start, end))
  }

  protected override onErr(buf: Buffer, start: number, end: number): void {
    const error = decodeErr(buf.subarray(start, end))
    if (this.bytesRelayed === 0 && (FAREWELLS.has(error.errno) || this.#owner.withholds(error))) {
      this.#withheld = error
      return
    }
    const { interruption } = this.#owner
    if (error.errno === ER_QUERY_INTERRUPTED && interruption !== undefined) {
      this.errorMessage = interruption.message
      this.summary.errno = interruption.errno
      this.replacePacket(buf, start, end, encodeErr(interruption, 0))
      return
    }
    const told = this.#owner.inOwnWords(error)
    this.errorMessage = told.message
    if (told === error) return
    this.summary.errno = told.errno
    this.replacePacket(buf, start, end, encodeErr(told, 0))
  }

  /** Rows that have come are with the client: the error ends them. */
  protected override onRowsDone(buf: Buffer, start: number, end: number): void {
    if (this.summary.rows <= this.#owner.rowsMax) return
    this.#hasTooMany = true
    const told = this.#owner.tooManyRows()
    this.errorMessage = told.message
    this.summary.errno = told.errno
    this.replacePacket(buf, start, end, encodeErr(told, 0))
  }

  protected override onBytes(buf: Buffer, start: number, end: number): void {
    if (this.summary.rows > this.#owner.rowsMax && !this.#hasTooMany) {
      this.#hasTooMany = true
      this.#owner.stopRows()
    }
    if (this.#withheld === undefined) super.onBytes(buf, start, end)
  }

  protected override onLastBytes(buf: Buffer, start: number, end: number): void {
    if (this.#withheld === undefined) super.onLastBytes(buf, start, end)
  }

  override onDone(): void {
    this.#guard(() => {
      const withheld = this.#withheld
      if (withheld === undefined) this.#owner.relayDone(this.summary)
      else if (FAREWELLS.has(withheld.errno))
        this.#owner.relayLost(new Error('the server closed the idle connection'), true)
      else this.#owner.relayWithheld(withheld)
    })
  }

  override onLost(error: Error): void {
    this.#guard(() => this.#owner.relayLost(error, this.bytesRelayed === 0))
  }

  /** Called from a socket's event: what escapes here would end the process and every session in it. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#owner.broken(error)
    }
  }
}
