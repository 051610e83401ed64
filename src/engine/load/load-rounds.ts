import { atRow, rowTold } from '../../errors/at-row.ts'
import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import type { BoundText } from '../bindings.ts'
import { conditionsOfRows } from '../insert-conditions.ts'
import { isOfTheText } from '../merge-conditions.ts'
import type { ShardLoad, ShardPort, WriteAnswer } from '../shard-port.ts'
import { sumInfo } from '../sum-info.ts'
import { fieldValue } from './field-value.ts'
import type { LineFormat } from './line-format.ts'
import type { Line } from './line-reader.ts'

/** What of a file is on its way in one round: its lines are held until the shards have said what is wrong with them. */
const ROUND_LINES_MAX = 16_384
const ROUND_BYTES_MAX = 4 * 1024 * 1024

/** As many conditions as max_error_count lets a server keep. */
const CONDITIONS_MAX = 65_535

export interface RoundsOptions {
  readonly keyspace: string
  readonly query: BoundText
  readonly format: LineFormat
  readonly port: Pick<ShardPort, 'openLoad'>
  /** Every shard gets all lines: the first one speaks for them. */
  readonly replicated: boolean
}

/** A line on its way: as the client sent it, what the shard gets of it, and its number in the file, from 1. */
export interface SentLine {
  readonly line: Line
  readonly bytes: Buffer
  readonly number: number
}

/**
 * The shards' LOAD DATA statements. They begin when a shard has its first line, and end with a round, so that neither the lines
 * that are held nor the numbers of rows grow with the file; the shards are one transaction all the while.
 */
export class LoadRounds {
  readonly #options: RoundsOptions
  readonly #parts = new Map<number, Part>()
  #lines = 0
  #bytes = 0
  readonly #infos: string[] = []
  #affectedRows = 0n
  #warnings = 0
  readonly #conditions: Condition[] = []
  /** Texts of conditions that are of the statement, and have been said. */
  readonly #said = new Set<string>()
  /** Of the proxy's own finding, with the line they are about. */
  #found: { readonly number: number; readonly condition: Condition }[] = []

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  /** Begins the statement on a shard. Throws what the server says against it. */
  async begin(shard: number): Promise<void> {
    await this.#part(shard)
  }

  get isFull(): boolean {
    return this.#lines >= ROUND_LINES_MAX || this.#bytes >= ROUND_BYTES_MAX
  }

  /** Something that the shard is not going to say of a line. */
  find(number: number, condition: Condition): void {
    this.#found.push({ number, condition })
  }

  /** Sends lines to a shard, which it may still be taking when this resolves. */
  async send(shard: number, lines: readonly SentLine[]): Promise<void> {
    const part = await this.#part(shard)
    for (const line of lines) part.lines.push(line)
    this.#lines += lines.length
    const bytes = Buffer.concat(lines.map(({ bytes }) => bytes))
    this.#bytes += bytes.length
    await part.load.write(bytes)
  }

  /** Ends the statements. Throws the error of the first line, as far as it can be told. */
  async end(): Promise<void> {
    const parts = [...this.#parts].sort(([a], [b]) => a - b).map(([, part]) => part)
    this.#forget()
    const settled = await Promise.allSettled(parts.map(({ load }) => load.end()))
    const failures = settled.flatMap((result, i) =>
      result.status === 'rejected' ? [inFile(result.reason, parts[i]!)] : [],
    )
    if (failures.length > 0) throw failures[0]
    const answers = settled.map((result) => (result as PromiseFulfilledResult<WriteAnswer>).value)
    this.#sum(this.#options.replicated ? parts.slice(0, 1) : parts, answers)
  }

  /** Ends the statements, whatever they say: what they have done is about to be undone. */
  async abandon(): Promise<void> {
    const parts = [...this.#parts.values()]
    this.#forget()
    await Promise.allSettled(parts.map(({ load }) => load.end()))
  }

  get outcome() {
    const info = sumInfo(this.#infos).replace(/Warnings: \d+$/, `Warnings: ${this.#warnings}`)
    return {
      affectedRows: this.#affectedRows,
      lastInsertId: 0,
      warnings: this.#warnings,
      info,
      conditions: this.#conditions,
      bringsIds: true,
    }
  }

  async #part(shard: number): Promise<Part> {
    const { keyspace, query, port } = this.#options
    const known = this.#parts.get(shard)
    if (known !== undefined) return known
    const part = { load: await port.openLoad({ keyspace, shard, query }), lines: [] }
    this.#parts.set(shard, part)
    return part
  }

  #forget(): void {
    this.#parts.clear()
    this.#lines = 0
    this.#bytes = 0
  }

  #sum(parts: readonly Part[], answers: readonly WriteAnswer[]): void {
    const answered = parts.map((part, i) => ({
      part: { rows: this.#rowsOf(part.lines) },
      answer: { ...answers[i]!, conditions: this.#unsaid(answers[i]!.conditions) },
    }))
    for (const { answer } of answered) {
      this.#affectedRows += BigInt(answer.affectedRows)
      this.#warnings += answer.warnings
      this.#infos.push(answer.info)
    }
    this.#warnings += this.#found.length
    const own = this.#found.map(({ number, condition }) => ({
      part: { rows: { numbers: [number], count: 1, cells: () => [] } },
      answer: { conditions: [condition] },
    }))
    this.#found = []
    const room = CONDITIONS_MAX - this.#conditions.length
    this.#conditions.push(...conditionsOfRows([...own, ...answered]).slice(0, room))
  }

  #rowsOf(lines: readonly SentLine[]) {
    const { format } = this.#options
    return {
      numbers: lines.map(({ number }) => number),
      count: lines.length,
      cells: (i: number) => cellsOf(lines[i]!.line, format),
    }
  }

  /** What is of the statement's text is said once, however many statements say it. */
  #unsaid(conditions: readonly Condition[]): readonly Condition[] {
    return conditions.filter(({ code, message }) => {
      if (!isOfTheText(code)) return true
      if (!this.#said.has(message)) {
        this.#said.add(message)
        return true
      }
      this.#warnings--
      return false
    })
  }
}

interface Part {
  readonly load: ShardLoad
  readonly lines: SentLine[]
}

function cellsOf(line: Line, format: LineFormat): readonly (string | null)[] {
  return Array.from({ length: line.fields.length / 2 }, (_, i) => {
    const value = fieldValue(line, i, format)
    return value === null || value === undefined ? null : value.toString()
  })
}

/** An error with the number that its row has in the file. */
function inFile(error: unknown, { lines }: Part): unknown {
  if (!(error instanceof ServerError)) return error
  const { errno, sqlState, message } = error
  const number = lines[(rowTold(error) ?? 0) - 1]?.number
  return number === undefined ? error : new ServerError({ errno, sqlState, message: atRow(message, number) })
}
