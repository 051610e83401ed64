import type { Condition } from '../../errors/condition.ts'
import { notSupported, SqlError } from '../../errors/sql-error.ts'
import type { LoadFile } from '../../plan/write-primitives.ts'
import {
  charsetByName,
  clientCharsetProblem,
  collationByName,
  defaultCollation,
} from '../../values/charsets.ts'
import { bindTemplate } from '../bind.ts'
import { drawsNumber } from '../brought-ids.ts'
import { drawIds, IdSteps } from '../drawn-ids.ts'
import { storedInteger } from '../integer-value.ts'
import type { OkOutcome } from '../outcome.ts'
import { bindRowCount, bindValue, rowCountNumber } from '../plan-value.ts'
import { RowLayout } from '../row-format.ts'
import type { RunContext } from '../run-context.ts'
import { fieldValue } from './field-value.ts'
import { type LineFormat, lineFormat } from './line-format.ts'
import { type Line, LineReader } from './line-reader.ts'
import { LoadRounds, type SentLine } from './load-rounds.ts'
import { type DrawnField, placeLine } from './place-line.ts'
import { runStagedLoad } from './staged-load.ts'

/**
 * Runs LOAD DATA LOCAL on several shards: lines of the client's file, as they come, go to the shards of their rows. In the
 * transaction that the caller has begun: when it throws, what the shards have loaded is to be undone.
 *
 * A shard has accepted the statement before the client is asked for the file, and the client has sent all of it before this
 * settles, for only then it hears an answer.
 */
export async function runLoadFile(load: LoadFile, context: RunContext): Promise<OkOutcome> {
  const { bindings, port, shards } = context
  const { collation, charset } = await charsetOf(load, context)
  const format = lineFormat(load.format, bindings, shards)
  if (format === undefined || clientCharsetProblem(charset) !== undefined) return runStaged(load, context)
  const query = bindTemplate(load.query, bindings)
  const { keyspace, placing } = load
  const replicated = placing === undefined
  const rounds = new LoadRounds({ keyspace, query, format, port, replicated })
  const run = new FileLoad(load, context, { format, charset: charset.name, rounds })
  try {
    await rounds.begin(FIRST_SHARD)
    const file = port.askForFile(bindValue(load.file, bindings).bytes)
    try {
      for (let chunk = await file.next(); chunk !== undefined; chunk = await file.next())
        await run.take(chunk)
      await run.finish()
    } finally {
      await file.close()
    }
  } catch (error) {
    await rounds.abandon()
    throw error
  }
  port.leave({ variables: run.lastVariables(), collation, insertId: run.firstId })
  return rounds.outcome
}

/** Where lines end, or fields, only a server can tell. */
function runStaged(
  { staged, format: { charset }, table }: LoadFile,
  context: RunContext,
): Promise<OkOutcome> {
  if (staged !== undefined) return runStagedLoad(staged, context)
  throw notSupported(
    `LOAD DATA into table '${table}' of rows of a fixed size, or in character set ${charset}`,
  )
}

/** The one that is asked whether the statement is right, and that answers where the file has no lines. */
const FIRST_SHARD = 0

async function charsetOf(load: LoadFile, context: RunContext) {
  const { charset: named } = load.format
  const { isMariadb } = context.bindings
  const known = named === undefined ? undefined : charsetByName(named)
  // The servers have the word on a name that nobody knows.
  const collation =
    known === undefined
      ? collationByName(await askedCollation(load, context))
      : defaultCollation(known, isMariadb ? 'mariadb' : 'mysql')
  const charset = collation?.charset ?? charsetByName('utf8mb4')!
  return { collation: collation?.name ?? charset.defaultCollation, charset }
}

/** That of the default database, which the file has where the statement does not tell. */
async function askedCollation({ keyspace }: LoadFile, { port }: RunContext): Promise<string> {
  const query = { kind: 'Text', sql: 'SELECT @@collation_database LIMIT 1', params: [] } as const
  const [stream] = await port.openStreams({ keyspace, shards: [FIRST_SHARD], query, asText: true })
  try {
    const [row] = (await stream!.next()) ?? []
    if (row === undefined) return ''
    const cells = new Int32Array(2)
    new RowLayout(stream!.format, stream!.columns).locate(row, 1, cells)
    return row.latin1Slice(cells[0], cells[1])
  } finally {
    await stream!.close()
  }
}

interface LoadTools {
  readonly format: LineFormat
  readonly charset: string
  readonly rounds: LoadRounds
}

/** The file on its way through: lines, numbers for those that want one, shards. */
class FileLoad {
  readonly #load: LoadFile
  readonly #context: RunContext
  readonly #tools: LoadTools
  readonly #reader: LineReader
  #lineCount = 0
  #lastLine: Line | undefined
  /** Of the sequence; undefined while no line has drawn one. */
  firstId: bigint | undefined

  constructor(load: LoadFile, context: RunContext, tools: LoadTools) {
    this.#load = load
    this.#context = context
    this.#tools = tools
    const { skippedLines } = load
    const skipped =
      skippedLines === undefined ? 0 : rowCountNumber(bindRowCount(skippedLines, context.bindings))
    this.#reader = new LineReader(tools.format, Math.max(load.fields.length, 1), skipped)
  }

  async take(chunk: Buffer): Promise<void> {
    const reader = this.#reader
    const held = reader.heldBytes
    if (!this.#context.memory.hasRoom(held + chunk.length)) throw lineTooLong()
    reader.push(chunk)
    await this.#sendLines()
  }

  async finish(): Promise<void> {
    this.#reader.finish()
    await this.#sendLines()
    await this.#tools.rounds.end()
  }

  /** What the user variables in the list hold in the end: what the last line has. */
  lastVariables(): ReadonlyMap<string, Buffer | null> {
    const line = this.#lastLine
    const variables = new Map<string, Buffer | null>()
    if (line === undefined) return variables
    for (const [i, field] of this.#load.fields.entries()) {
      if (!field.startsWith('@')) continue
      variables.set(field.slice(1), fieldValue(line, i, this.#tools.format) ?? null)
    }
    return variables
  }

  async #sendLines(): Promise<void> {
    const { rounds } = this.#tools
    const lines: Line[] = []
    for (let line = this.#reader.next(); line !== undefined; line = this.#reader.next()) lines.push(line)
    if (lines.length === 0) return
    const numbers = await this.#drawnNumbers(lines)
    const parts = new Map<number, SentLine[]>()
    for (const [i, line] of lines.entries()) {
      const number = ++this.#lineCount
      const drawn = numbers[i]
      const sent = { line, number, bytes: drawn === undefined ? line.bytes : this.#withNumber(line, drawn) }
      for (const shard of this.#shardsOf(line, drawn)) {
        const part = parts.get(shard)
        if (part === undefined) parts.set(shard, [sent])
        else part.push(sent)
      }
    }
    this.#lastLine = lines.at(-1)
    for (const [shard, part] of parts) await rounds.send(shard, part)
    if (rounds.isFull) await rounds.end()
  }

  #shardsOf(line: Line, drawn: DrawnField | undefined): readonly number[] {
    const { placing, keyspace } = this.#load
    const shards = this.#context.shards.shardsOf(keyspace)
    if (placing === undefined) return shards.map((_, i) => i)
    return [placeLine(placing, line, drawn, { ...this.#tools, shards })]
  }

  /** For each line the number that it draws from the sequence. */
  async #drawnNumbers(lines: readonly Line[]): Promise<readonly (DrawnField | undefined)[]> {
    const auto = this.#load.autoIncrement
    if (auto === undefined) return []
    const wanted = new IdSteps()
    const draws = lines.map((line, i) => this.#draws(line, this.#lineCount + i + 1, wanted))
    const ids = await drawIds(wanted.steps, auto, this.#context.port)
    this.firstId ??= ids[0]
    let drawn = 0
    return draws.map((isDrawing) => (isDrawing ? { offset: auto.offset, id: ids[drawn++]! } : undefined))
  }

  #draws(line: Line, number: number, wanted: IdSteps): boolean {
    const brought = this.#broughtId(line, number)
    if (brought === undefined) wanted.draw()
    else wanted.bring(brought)
    return brought === undefined
  }

  /** Undefined where the line draws a number. */
  #broughtId(line: Line, number: number): bigint | undefined {
    const { autoIncrement, table } = this.#load
    const { appended, offset, column } = autoIncrement!
    if (appended) return undefined
    const text = fieldValue(line, offset, this.#tools.format)
    if (text === undefined)
      throw notSupported(`a line without a field for column '${column}' (row ${number} of the file)`)
    if (text === null) return undefined
    const value = { type: 'VARCHAR', bytes: text } as const
    if (!drawsNumber(value, this.#context.shards.insertMode)) return storedInteger(value) ?? 0n
    if (!/^\s*[+-]?\d/.test(text.latin1Slice()))
      this.#tools.rounds.find(number, this.#notInteger(text, table))
    return undefined
  }

  /** What a server says of text that it takes for 0. */
  #notInteger(text: Buffer, table: string): Condition {
    const { keyspace, autoIncrement } = this.#load
    const { column } = autoIncrement!
    const name = this.#context.bindings.isMariadb
      ? `\`${keyspace}\`.\`${table}\`.\`${column}\``
      : `'${column}'`
    const message = `Incorrect integer value: '${text.toString()}' for column ${name} at row 1`
    return { level: 'Warning', code: 1366, message }
  }

  /** The line with its number: in front of its fields, or in place of one. */
  #withNumber({ bytes, fields, fieldsAt }: Line, { id, offset }: DrawnField): Buffer {
    const text = Buffer.from(id.toString())
    if (this.#load.autoIncrement!.appended)
      return Buffer.concat([
        bytes.subarray(0, fieldsAt),
        text,
        this.#tools.format.fieldEnd,
        bytes.subarray(fieldsAt),
      ])
    return Buffer.concat([
      bytes.subarray(0, fields[2 * offset]),
      text,
      bytes.subarray(fields[2 * offset + 1]),
    ])
  }
}

function lineTooLong(): SqlError {
  return new SqlError(
    'ER_CAPACITY_EXCEEDED',
    'A line of the file is longer than connection_memory_limit lets a session hold: its LINES TERMINATED BY may not be what the file has',
  )
}
