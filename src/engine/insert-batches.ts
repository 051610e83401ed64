import type { Condition } from '../errors/condition.ts'
import { isOfTheText } from './merge-conditions.ts'
import type { OkOutcome } from './outcome.ts'
import type { Row, RowStream } from './row-stream.ts'
import { sumInfo } from './sum-info.ts'

/**
 * What is on its way at once of an INSERT of more rows than are held. A value may take thrice as many bytes in a statement, which
 * is then far below any server's max_allowed_packet; a row that is longer goes alone.
 */
const BATCH_ROWS_MAX = 2000
const BATCH_BYTES_MAX = 512 * 1024

/** As many conditions as max_error_count lets a server keep. */
const CONDITIONS_MAX = 65_535

/** The rows of a stream, so many at a time. */
export async function* batchesOf(
  stream: RowStream,
  rowsMax = BATCH_ROWS_MAX,
): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = []
  let bytes = 0
  for (let rows = await stream.next(); rows !== undefined; rows = await stream.next()) {
    for (const row of rows) {
      if (batch.length === rowsMax || (batch.length > 0 && bytes + row.length > BATCH_BYTES_MAX)) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push(row)
      bytes += row.length
    }
  }
  if (batch.length > 0) yield batch
}

/** What the batches of one INSERT have done, as one server would put it of all. */
export class InsertSum {
  #affectedRows = 0n
  #warnings = 0
  readonly #infos: string[] = []
  readonly #conditions: Condition[] = []
  /** Texts of conditions that are of the statement, and have been said. */
  readonly #said = new Set<string>()
  #drawn: OkOutcome['lastInsertId'] = 0
  #brought: OkOutcome['lastInsertId'] = 0

  add({ affectedRows, warnings, info, conditions, lastInsertId, bringsIds }: OkOutcome): void {
    this.#affectedRows += BigInt(affectedRows)
    this.#infos.push(info)
    const unsaid = conditions.filter((condition) => this.#isUnsaid(condition))
    for (const { code, message } of unsaid) if (isOfTheText(code)) this.#said.add(message)
    this.#warnings += warnings - (conditions.length - unsaid.length)
    this.#conditions.push(...unsaid.slice(0, CONDITIONS_MAX - this.#conditions.length))
    if (lastInsertId === 0) return
    if (bringsIds) this.#brought = lastInsertId
    else if (this.#drawn === 0) this.#drawn = lastInsertId
  }

  /** The first number that was drawn, else the last that a row brought. */
  get outcome(): OkOutcome {
    const bringsIds = this.#drawn === 0
    return {
      affectedRows: this.#affectedRows,
      lastInsertId: bringsIds ? this.#brought : this.#drawn,
      warnings: this.#warnings,
      info: sumInfo(this.#infos).replace(/Warnings: \d+$/, `Warnings: ${this.#warnings}`),
      conditions: this.#conditions,
      bringsIds,
    }
  }

  #isUnsaid({ code, message }: Condition): boolean {
    return !isOfTheText(code) || !this.#said.has(message)
  }
}
