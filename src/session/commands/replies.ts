import { matchedRows } from '../../engine/sum-info.ts'
import { ServerError } from '../../errors/server-error.ts'
import type { ResponseSummary } from '../../mysql/client/response-reader.ts'
import { Status } from '../../mysql/codec/constants.ts'
import type { OkPacket } from '../../mysql/codec/responses.ts'
import type { ClientConnection, SmallResultSet } from '../../mysql/server/session-handler.ts'
import { NO_BACKSLASH_ESCAPES } from '../../sql/sql-mode.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { RowPlaces } from '../statements/row-places.ts'
import type { UserPlace } from '../statements/user-place.ts'
import type { Answer } from './answer.ts'
import type { Interruption } from './interruption.ts'
import type { KeptWarnings } from './kept-warnings.ts'
import type { OwnWordsContext } from './own-words.ts'
import { toldError } from './told-error.ts'

export interface RepliesContext {
  readonly client: ClientConnection
  readonly proxy: OwnWordsContext['proxy'] & Pick<ProxyContext, 'log' | 'isMariadb'>
  readonly state: SessionState
  readonly answer: Answer
  readonly transaction: Transaction
  readonly interruption: Interruption
  readonly warnings: KeptWarnings
  readonly rowPlaces: Pick<RowPlaces, 'statementEnds'>
  readonly userPlace: Pick<UserPlace, 'statementEnds'>
}

/**
 * How statements end: the client gets its answer, the session keeps what it will be asked for, and goes on. Every statement
 * ends here exactly once, by `ok`, `resultSet`, `fail` or `done`.
 */
export class Replies {
  readonly #context: RepliesContext
  /** Of the rows that the current statement answers. */
  format: 'text' | 'binary' = 'text'
  /** Begins the next statement of the same command; false when there is none. */
  nextStatement: (failed: boolean, lastBytes: Buffer | undefined) => boolean = () => false

  constructor(context: RepliesContext) {
    this.#context = context
  }

  get statusFlags(): number {
    const { state, transaction } = this.#context
    return (
      (transaction.autocommit ? Status.AUTOCOMMIT : 0) |
      (transaction.isOpen ? Status.IN_TRANS : 0) |
      (transaction.isReadOnly ? Status.IN_TRANS_READONLY : 0) |
      ((state.sqlMode & NO_BACKSLASH_ESCAPES) !== 0 ? Status.NO_BACKSLASH_ESCAPES : 0)
    )
  }

  /** `explicitId`: the id is one that the statement brought itself; LAST_INSERT_ID() stays as it was. */
  ok(ok: Partial<OkPacket>, explicitId = false): void {
    const { state, answer } = this.#context
    state.rowCount = ok.affectedRows ?? 0
    if (ok.info !== undefined) this.#noteMatched(matchedRows(ok.info))
    // Falsy both as a number and as a bigint.
    if (ok.lastInsertId && !explicitId) state.lastInsertId = ok.lastInsertId
    const stateChanges = state.tracker.take()
    const told = this.#withWarning(ok)
    answer.ok(stateChanges === undefined ? told : { ...told, stateChanges }, this.statusFlags)
    this.done(false)
  }

  /** What a commit has left undone, behind the statement's own warnings. */
  #withWarning(ok: Partial<OkPacket>): Partial<OkPacket> {
    const { state, transaction } = this.#context
    const warning = transaction.takeWarning()
    if (warning === undefined) return ok
    const warnings = (ok.warnings ?? 0) + 1
    state.keepWarnings([...(ok.warnings === undefined ? [] : state.warnings), warning], warnings)
    return { ...ok, warnings }
  }

  /** An OK of a statement that leaves ROW_COUNT() and the conditions as they are. */
  told(ok: Partial<OkPacket>): void {
    this.#context.answer.ok(ok, this.statusFlags)
    this.done(false)
  }

  /** `keepsFoundRows`: SHOW WARNINGS and SHOW ERRORS leave FOUND_ROWS() as it was. */
  resultSet(set: Omit<SmallResultSet, 'status'>, keepsFoundRows = false): void {
    const { state, answer } = this.#context
    if (!keepsFoundRows) state.foundRows = set.rows.length
    state.rowCount = -1
    answer.resultSet({ ...set, status: this.statusFlags, binary: this.format === 'binary' })
    this.done(false)
  }

  /** Ends the statement with an error packet. */
  fail(failure: unknown): void {
    const { client, state, answer, transaction, interruption, warnings } = this.#context
    if (client.closed) return
    const told = toldError(this.#context, interruption.told(failure))
    const commitWarning = transaction.takeWarning()
    warnings.drop()
    state.signal = undefined // whose error is relayed
    state.rowCount = -1
    state.warnings = [
      { level: 'Error', code: told.errno, message: told.message },
      ...(commitWarning === undefined ? [] : [commitWarning]),
    ]
    const end = () => {
      answer.error(told)
      this.done(true)
    }
    const rolledBack = told instanceof ServerError ? transaction.afterFailure(told.errno) : undefined
    if (rolledBack === undefined) end()
    else rolledBack.then(end).catch((error) => this.broken(error))
  }

  /** The statement's answer is complete but for `lastBytes`, which have not been written yet. */
  done(failed: boolean, lastBytes?: Buffer): void {
    const { client, interruption, transaction, rowPlaces, userPlace } = this.#context
    interruption.statementEnds()
    transaction.statementEnds(failed)
    rowPlaces.statementEnds()
    userPlace.statementEnds()
    if (transaction.lanes.size > 0) transaction.lanes.giveBackUnused()
    if (this.nextStatement(failed, lastBytes)) return
    interruption.commandEnds()
    const { endsConnection } = interruption
    if (lastBytes !== undefined && !endsConnection) return client.finish(lastBytes)
    if (lastBytes !== undefined) client.write(lastBytes)
    if (endsConnection) client.close()
    else client.commandDone()
  }

  /**
   * Keeps what FOUND_ROWS(), ROW_COUNT() and LAST_INSERT_ID() will be asked for. `explicitId`: as in `ok`; `matched`: the rows that
   * an UPDATE has found.
   */
  noteResult(
    summary: ResponseSummary,
    options: {
      readonly explicitId: boolean
      readonly errorMessage: string
      readonly matched: number | undefined
    },
  ): void {
    const { state } = this.#context
    if (summary.errno !== 0) {
      state.rowCount = -1
      state.warnings = [{ level: 'Error', code: summary.errno, message: options.errorMessage }]
      return
    }
    state.warnings = []
    state.warningCount = summary.warnings
    if (summary.hasRows) {
      state.rowCount = -1
      state.foundRows = summary.rows
      return
    }
    state.rowCount = summary.affectedRows
    this.#noteMatched(options.matched)
    if (summary.lastInsertId !== 0 && !options.explicitId) state.lastInsertId = summary.lastInsertId
  }

  #noteMatched(rows: number | undefined): void {
    const { state, proxy } = this.#context
    if (rows !== undefined && !proxy.isMariadb) state.foundRows = rows
  }

  /** Runs the slow part of a statement; whatever it throws is the statement's answer. */
  detached(work: () => Promise<void>): void {
    work()
      .catch((error) => this.fail(error))
      .catch((error) => this.broken(error))
  }

  /** A bug of ours left the session in a state that nobody knows: it ends, and no other with it. */
  broken(error: unknown): void {
    const { client, proxy, interruption } = this.#context
    proxy.log.error('session ended by a bug', { error, connection: client.id })
    interruption.relaying?.discard()
    client.close()
  }
}
