import { SqlError } from '../../src/errors/sql-error.ts'
import type { ColumnDef } from '../../src/mysql/codec/column-def.ts'
import { Command, Status } from '../../src/mysql/codec/constants.ts'
import { encodePrepareOk } from '../../src/mysql/codec/stmt-prepare.ts'
import type { TextCell } from '../../src/mysql/codec/text-row.ts'
import type { ClientConnection, SessionHandler } from '../../src/mysql/server/session-handler.ts'
import { fieldTypes } from '../../src/values/types.ts'

/** A session without a database: it answers from a few rules and records what it is told. */
export class MemorySession implements SessionHandler {
  readonly client: ClientConnection
  readonly calls: string[] = []
  readonly commands: { payload: Buffer; packet: Buffer }[] = []
  statusFlags: number = Status.AUTOCOMMIT
  warningCount = 0
  /** Commands for which this is true are recorded and left unanswered: the test answers. */
  hold: (payload: Buffer) => boolean = () => false
  readonly #gone: Promise<void>
  #goneNow: () => void = () => {}
  #waiting: (() => void)[] = []

  constructor(client: ClientConnection) {
    this.client = client
    this.#gone = new Promise((resolve) => {
      this.#goneNow = resolve
    })
  }

  /** Resolves when the front end says that the client is gone. */
  get gone(): Promise<void> {
    return this.#gone
  }

  /** Resolves at the next command. */
  nextCommand(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  onConnect(): void {
    this.calls.push('connect')
    const { database } = this.client.identity
    if (database !== 'missing') {
      this.client.sendOk({ status: this.statusFlags })
      return
    }
    this.client.close(new SqlError('ER_BAD_DB_ERROR', `Unknown database '${database}'`))
  }

  onCommand(payload: Buffer, packet: Buffer): void {
    this.commands.push({ payload, packet })
    for (const resolve of this.#waiting.splice(0)) resolve()
    if (this.hold(payload)) return
    switch (payload[0]) {
      case Command.QUERY:
        this.#query(payload.subarray(1).toString())
        break
      case Command.STMT_PREPARE:
        this.client.finish(
          encodePrepareOk({ statementId: 1, columns: 0, params: 0, warnings: 0 }, this.client.nextSequenceId),
        )
        break
      case Command.STMT_CLOSE:
        this.client.commandDone()
        break
      default:
        this.client.sendOk({ status: this.statusFlags })
    }
  }

  onPing(): void {}

  onChangeUser(): void {
    this.calls.push(`change-user ${this.client.identity.user}/${this.client.identity.database}`)
    this.client.sendOk({ status: this.statusFlags })
  }

  onResetConnection(): void {
    this.calls.push('reset')
    this.client.sendOk({ status: this.statusFlags })
  }

  onClientGone(): void {
    this.calls.push('gone')
    this.#goneNow()
  }

  onDrain(): void {
    this.calls.push('drain')
  }

  #query(text: string): void {
    const sql = text.trim().toLowerCase()
    if (sql === 'begin') this.statusFlags |= Status.IN_TRANS
    if (sql === 'commit') this.statusFlags &= ~Status.IN_TRANS
    if (sql === 'boom') throw new Error('a bug')
    // The mysql client of 9.x asks `select $$` to learn whether dollar quoting is known.
    if (sql === 'fail' || sql === 'select $$')
      this.client.sendError(new SqlError('ER_PARSE_ERROR', 'as asked'))
    else if (sql.startsWith('select user()')) this.#row(this.client.identity.user)
    else if (sql.startsWith('select length')) this.#row(String(text.length))
    else if (sql.startsWith('select @@max_allowed_packet')) this.#row('67108864', 'UTC', '+00:00', '28800')
    else if (sql.startsWith('select')) this.#row(text)
    else this.client.sendOk({ status: this.statusFlags })
  }

  #row(...cells: TextCell[]): void {
    const columns = cells.map((_, i) => textColumn(`c${i}`))
    this.client.sendResultSet({ columns, rows: [cells], status: this.statusFlags })
  }
}

export function textColumn(name: string): ColumnDef {
  return {
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: '',
    collationId: 45,
    columnLength: 1024,
    type: fieldTypes.varString,
    flags: 0,
    decimals: 31,
  }
}
