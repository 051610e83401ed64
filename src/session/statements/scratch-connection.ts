import { assert } from '../../base/assert.ts'
import type { BoundQuery } from '../../engine/bindings.ts'
import { conformRows } from '../../engine/conform.ts'
import { isGenerated } from '../../engine/federate.ts'
import { closeOnFailure } from '../../engine/route.ts'
import type { RowStream, StreamColumn } from '../../engine/row-stream.ts'
import type { Scratch, WriteAnswer } from '../../engine/shard-port.ts'
import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import { readConditions } from '../../mysql/client/conditions.ts'
import { type Description, describeStatement } from '../../mysql/client/describe.ts'
import type { ResponseSummary } from '../../mysql/client/response-reader.ts'
import { queryPacket, runCommand, runQuery, textCells } from '../../mysql/client/simple-command.ts'
import { decodeTextRow } from '../../mysql/codec/text-row.ts'
import type { CopiesTold, OverGroups } from '../../plan/primitives.ts'
import type { Lease } from '../../tablet/lease.ts'
import { makeSettings, NAMES, READ_ONLY, type Settings, SQL_MODE } from '../../tablet/settings.ts'
import type { Lane } from '../../transaction/lane.ts'
import { settleAll } from '../../transaction/settle-all.ts'
import { collectAnswer } from '../../transaction/write-shards.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { SessionState } from '../settings/session-state.ts'
import {
  columnsOverGroups,
  conditionOfCopies,
  copiedColumns,
  copiedDefinition,
  ofCopiedTables,
} from './copied-columns.ts'
import { type Execution, statementFor } from './execution.ts'
import { ShardRows } from './shard-rows.ts'
import { streamColumn } from './stream-column.ts'
import { carriesAny, giveInsertId, takeVariables } from './user-variables.ts'

export interface ScratchContext {
  readonly state: SessionState
  readonly isMariadb: boolean
  readonly interruption: Interruption
  readonly memory: ConstructorParameters<typeof ShardRows>[0]['memory']
}

/** What the statement has left behind. */
export interface EndedCopies {
  readonly conditions: readonly Condition[]
  /** As counted by the server, which keeps no more than max_error_count of them as `conditions`. */
  readonly warnings: number
  /** As FOUND_ROWS() told. */
  readonly foundRows: number
  /** Of SELECT … INTO. */
  readonly affectedRows: number | bigint
}

/** Whose connection it is, and what becomes of it. */
export interface ScratchHost {
  readonly lease: Lease
  /** Before commands: no rows are on their way. */
  makeWay(): void
  /** The tables are gone. */
  release(): void
  /** Nobody knows what is there. */
  abandon(): void
}

/** A connection for this statement alone. */
export function ofLease(lease: Lease): ScratchHost {
  return { lease, makeWay() {}, release: () => lease.release(), abandon: () => lease.abandon() }
}

/** One that the session keeps. `lost`: it is told where the connection cannot be kept. */
export function ofLane(lane: Lane, lost: () => void): ScratchHost {
  return { lease: lane.lease, makeWay: () => lane.makeWay(), release() {}, abandon: lost }
}

/**
 * The temporary tables of one statement, on a connection that is used for nothing else meanwhile. They are dropped when the
 * statement's rows have ended; a connection of which that cannot be said is closed, which drops them, too.
 */
export class ScratchConnection implements Scratch {
  readonly #host: ScratchHost
  readonly #lease: Lease
  readonly #execution: Execution
  readonly #settings: Settings
  readonly #context: ScratchContext
  readonly #tables = new Set<string>()
  #isGone = false
  /** Resolves when the rows have ended and the connection has been given back; undefined before they have. */
  ended: Promise<EndedCopies> | undefined

  /** `settings`: the client's, for its own statement. */
  constructor(host: ScratchHost, execution: Execution, settings: Settings, context: ScratchContext) {
    const { lease } = host
    this.#host = host
    this.#lease = lease
    this.#execution = execution
    this.#settings = settings
    this.#context = context
    context.interruption.working.add(lease)
  }

  run(...statements: readonly (string | Buffer)[]): Promise<number> {
    return this.#run(copying(this.#settings), statements)
  }

  async make(...statements: readonly string[]): Promise<void> {
    await this.#run(defining(this.#settings), statements)
  }

  async #run(settings: Settings, statements: readonly (string | Buffer)[]): Promise<number> {
    await this.#apply(settings)
    for (const sql of statements) {
      const table = typeof sql === 'string' ? /^CREATE TEMPORARY TABLE (`\w+`)/.exec(sql) : null
      if (table !== null) this.#tables.add(table[1]!)
    }
    const { connection } = this.#lease
    const answers = await settleAll(statements.map((sql) => runCommand(connection, queryPacket(sql))))
    return answers.reduce((sum, { summary }) => sum + summary.warnings, 0)
  }

  async check(query: BoundQuery, node: CopiesTold): Promise<readonly StreamColumn[]> {
    const { columns } = await this.describe(query, node)
    return columns.map((payload) => streamColumn(payload, this.#lease.tablet))
  }

  /** Of the query's params and columns; these as of the tables that were copied. */
  async describe(query: BoundQuery, node: CopiesTold): Promise<Description> {
    const { columns, ...others } = await this.#describe(query, node)
    const { tablet } = this.#lease
    const { isMariadb } = this.#execution.bindings
    return {
      ...others,
      columns: columns.map((column) => copiedDefinition(column, node, tablet, isMariadb)),
    }
  }

  async #describe(query: BoundQuery, node: CopiesTold): Promise<Description> {
    await this.#apply(this.#settings)
    assert(query.kind === 'Text', 'a statement over copies names them')
    const { connection, tablet } = this.#lease
    try {
      return await describeStatement(query.sql, (statement, reader) => statement.send(connection, reader))
    } catch (error) {
      if (isSyntaxError(error)) await this.#inClientsWords()
      throw ofCopiedTables(error, node, tablet)
    }
  }

  async open(
    query: BoundQuery,
    node: CopiesTold & OverGroups,
    checked: readonly StreamColumn[],
  ): Promise<RowStream> {
    const { state, memory } = this.#context
    const { plan, format, sql } = this.#execution
    // What columns depend on has been looked at while some of them were generated.
    const mayDepend = node.copies.some(isGenerated) && !/sql_mode/i.test(sql)
    await this.#apply(mayDepend ? withoutModes(this.#settings, ['ONLY_FULL_GROUP_BY']) : this.#settings)
    const { connection, tablet } = this.#lease
    if (plan.setsInsertId === true) await runQuery(connection, giveInsertId(state))
    this.#context.interruption.throwIfKilled()
    const rows = new ShardRows(
      { connection, tablet, memory, release: (ended) => this.#rowsEnded(ended, node) },
      format,
    )
    statementFor(this.#execution, query).send(connection, rows)
    await rows.opened()
    const answer = copiedColumns(rows, node, connection.isMariadb)
    if (node.groups.length === 0) return answer
    const told = {
      isMariadb: connection.isMariadb,
      hasParams: query.kind === 'Text' && query.params.length > 0,
    }
    return closeOnFailure([answer], () =>
      conformRows(answer, columnsOverGroups(answer.columns, checked, node, told)),
    )
  }

  async write(query: BoundQuery, node: CopiesTold): Promise<WriteAnswer> {
    const { state, interruption } = this.#context
    const { plan } = this.#execution
    const { connection, tablet } = this.#lease
    await this.#apply(this.#settings)
    if (plan.setsInsertId === true) await runQuery(connection, giveInsertId(state))
    const statement = statementFor(this.#execution, query)
    try {
      const answer = await collectAnswer(this.#lease, interruption, (reader) =>
        statement.send(connection, reader),
      )
      if (carriesAny(plan)) await takeVariables(this.#lease, this.#context, plan)
      return { ...answer, conditions: answer.conditions.map((each) => conditionOfCopies(each, node, tablet)) }
    } catch (error) {
      if (isSyntaxError(error)) await this.#inClientsWords()
      throw ofCopiedTables(error, node, tablet)
    }
  }

  async define(query: BoundQuery, node: CopiesTold, table: string): Promise<string> {
    const name = quoteName(table)
    this.#tables.add(name)
    await this.write(query, node)
    const { rows, columns } = await runQuery(this.#lease.connection, `SHOW CREATE TABLE ${name}`)
    const text = decodeTextRow(rows[0]!, columns.length)[1]!.latin1Slice()
    return withoutOwnCharset(text.replace(/^CREATE TEMPORARY TABLE /, ''))
  }

  /** An error in the syntax quotes the statement: throws the one that the client's own text gives. */
  async #inClientsWords(): Promise<void> {
    const { connection } = this.#lease
    await describeStatement(this.#execution.sql, (statement, reader) => statement.send(connection, reader))
  }

  async close(): Promise<void> {
    if (this.#isGone) return
    if (this.#lease.connection.state !== 'idle') return this.#abandon()
    try {
      await this.#giveBack()
    } catch {
      this.#abandon() // with what went wrong there, which is nobody's statement
    }
  }

  #abandon(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#context.interruption.working.delete(this.#lease)
    this.#host.abandon()
  }

  async #giveBack(): Promise<void> {
    const names = [...this.#tables].join(', ')
    // A session of READ ONLY transactions may not drop a temporary table.
    if (isReadOnly(this.#settings)) await this.#lease.apply(copying(this.#settings))
    if (names !== '') await runQuery(this.#lease.connection, `DROP TEMPORARY TABLE IF EXISTS ${names}`)
    this.#isGone = true
    this.#context.interruption.working.delete(this.#lease)
    this.#host.release()
  }

  async #apply(settings: Settings): Promise<void> {
    const { interruption } = this.#context
    await this.#lease.killing
    interruption.throwIfKilled()
    interruption.working.add(this.#lease) // on a connection of the session's own, a pull that ends takes it out
    this.#host.makeWay()
    await this.#lease.apply(settings)
  }

  /** Left early, or lost: nobody knows what is on the connection. */
  #rowsEnded(rows: ShardRows, node: CopiesTold): void {
    if (this.#isGone) return
    if (!rows.isEnded || this.#lease.connection.state !== 'idle') return this.#abandon()
    this.ended = this.#end(rows.summary, node)
    this.ended.catch(() => this.#abandon()) // and whoever asks for it hears of it
  }

  async #end({ warnings, affectedRows }: ResponseSummary, node: CopiesTold): Promise<EndedCopies> {
    const { connection, tablet } = this.#lease
    const { plan } = this.#execution
    // Sent at once, in this order: each asks about the statement before.
    const asked = warnings > 0 ? readConditions(connection) : Promise.resolve([])
    const counted = runQuery(connection, 'SELECT FOUND_ROWS() LIMIT 1')
    const taken = carriesAny(plan) ? takeVariables(this.#lease, this.#context, plan) : Promise.resolve()
    await settleAll<unknown>([asked, counted, taken])
    await this.#giveBack()
    const conditions = (await asked).map((each) => conditionOfCopies(each, node, tablet))
    const found = await counted
    return { conditions, warnings, affectedRows, foundRows: Number(textCells(found.rows[0]!, 1)[0]) }
  }
}

/** Copies' columns name the character set that they have; one that has the table's anyway does not. */
function withoutOwnCharset(definition: string): string {
  const [, charset, collation] = /\) ENGINE=\w+ .*?DEFAULT CHARSET=(\w+) COLLATE=(\w+)/.exec(definition) ?? []
  const named = new RegExp(
    `^(  .\\w+. \\w+(?:\\(\\d+\\))?) CHARACTER SET ${charset} COLLATE ${collation}`,
    'gm',
  )
  return charset === undefined ? definition : definition.replace(named, '$1')
}

function isSyntaxError(error: unknown): boolean {
  return error instanceof ServerError && error.errno === 1064
}

function isReadOnly({ items }: Settings): boolean {
  return items.has(READ_ONLY.mysql) || items.has(READ_ONLY.mariadb)
}

/** Settings under which any value goes into a table as it is. */
export function copying({ kind, items: own }: Settings): Settings {
  const checks = own.get('foreign_key_checks')
  const items = new Map([
    ...(checks === undefined ? [] : [['foreign_key_checks', checks] as const]),
    [NAMES, "'utf8mb4'"],
    [SQL_MODE, "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"],
    ['time_zone', "'+00:00'"],
  ])
  return makeSettings(items, kind)
}

/** The client's settings, but that a column of dates may be one without a default. */
export function defining(settings: Settings): Settings {
  return withoutModes(settings, ['NO_ZERO_DATE', 'NO_ZERO_IN_DATE', 'TRADITIONAL'])
}

/** Its own mode, or where it has set none the server's. A word that is left empty means nothing. */
function withoutModes(settings: Settings, modes: readonly string[]): Settings {
  const { items, kind } = settings
  const text = modes.reduce(
    (mode, word) => `REPLACE(${mode}, '${word}', '')`,
    items.get(SQL_MODE) ?? '@@GLOBAL.sql_mode',
  )
  return { ...settings, ...makeSettings(new Map([...items, [SQL_MODE, text]]), kind) }
}
