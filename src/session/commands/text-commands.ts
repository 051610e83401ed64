import { SqlError } from '../../errors/sql-error.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Scan } from '../../sql/scan.ts'
import { trimText } from '../../sql/trim-text.ts'
import type { Reading } from '../statements/reading.ts'
import { type RunContext, runStatement } from '../statements/run-statement.ts'
import { textExecution } from '../statements/text-execution.ts'
import { type StatementBeginsContext, statementBegins } from './statement-begins.ts'

export interface TextCommandsContext extends RunContext, StatementBeginsContext {
  readonly client: ClientConnection
}

/** COM_QUERY: one statement, or several, one after the other. */
export class TextCommands {
  readonly #context: TextCommandsContext
  /** What follows the current statement of a multi-statement text. */
  #rest = ''

  constructor(context: TextCommandsContext) {
    this.#context = context
    context.replies.nextStatement = (failed, lastBytes) => this.#goesOn(failed, lastBytes)
  }

  /** `packet`: the command as it came. */
  run(payload: Buffer, packet: Buffer): void {
    const { client, answer, reader } = this.#context
    const reading = reader.current
    const sql = reading.clientText(payload)
    const scan = reading.scan(sql)
    if (!client.multiStatements && scan.hasMore) reading.refuseSeveral(sql)
    // With several statements allowed, what follows a `;` is one of them, be it nothing but a comment.
    if (!client.multiStatements || scan.end === sql.length) return this.#statement(sql, scan, packet)
    this.#rest = sql.slice(scan.end)
    answer.moreResults = true
    this.#statement(sql.slice(0, scan.end), scan, undefined)
  }

  /** After a statement: whether another one of the text has begun. */
  #goesOn(failed: boolean, lastBytes: Buffer | undefined): boolean {
    const { client } = this.#context
    if (failed || client.closed) this.#rest = ''
    if (this.#rest === '') return false
    if (lastBytes !== undefined) client.write(lastBytes)
    this.#next()
    return true
  }

  #next(): void {
    const { answer, reader, replies } = this.#context
    const sql = trimText(this.#rest)
    this.#rest = ''
    try {
      const scan = reader.current.scan(sql)
      this.#rest = sql.slice(scan.end)
      answer.moreResults = this.#rest !== ''
      answer.started = false
      this.#statement(sql.slice(0, scan.end), scan, undefined)
    } catch (error) {
      replies.fail(error)
    }
  }

  #statement(sql: string, scan: Scan, packet: Buffer | undefined): void {
    const { reader } = this.#context
    const own = reader.current.ownText(sql)
    if (own === sql) this.#run(sql, scan, packet)
    else this.#run(own, reader.current.scan(own), undefined)
  }

  #run(sql: string, scan: Scan, packet: Buffer | undefined): void {
    const context = this.#context
    const reading = context.reader.current
    statementBegins(context, scan)
    const plan = this.#planOf(reading, sql, scan)
    runStatement(context, textExecution(reading, sql, { scan, plan, packet }))
  }

  /** A syntax error quotes the text to its end, the statements behind this one included. */
  #planOf(reading: Reading, sql: string, scan: Scan): Plan {
    try {
      if (scan.params > 0) reading.checkPlain(sql) // raises 1064 at the `?`
      return reading.planOf(sql, scan)
    } catch (error) {
      if (this.#rest === '' || !(error instanceof SqlError) || error.code !== 'ER_PARSE_ERROR') throw error
      reading.checkPlain(sql + this.#rest)
      throw error
    }
  }
}
