import type { Answer } from './answers.ts'
import type { Case } from './cases.ts'
import { compareAnswers, type Difference, isToldSo, type Strictness } from './compare-answers.ts'
import type { TableRows } from './rows.ts'
import { type Changes, Session, type Way } from './sessions.ts'
import type { Side, TestBed } from './test-bed.ts'

/** A case and all that its answers hang on. */
export interface Situation {
  readonly asked: Case
  readonly changes: Changes
  readonly rows: readonly TableRows[]
}

export interface Judgement {
  readonly difference?: Difference
  readonly isDetermined: boolean
}

/** Whether a side still differs from the plain server, asked again and again with less and less. */
export class Reproducer {
  readonly #bed: TestBed
  /** Of the plain server, of the side that is judged and, unless it is that, of the plain server's twin. */
  readonly #sessions: readonly Session[]
  /** The plain server, where every result passes through a temporary table. */
  readonly #buffered: Session
  readonly #strictness: Strictness
  #rows: readonly TableRows[]

  constructor(
    bed: TestBed,
    judged: Side,
    { rows, way }: { readonly rows: readonly TableRows[]; readonly way: Way },
    strictness: Strictness,
  ) {
    this.#bed = bed
    this.#rows = rows
    this.#strictness = strictness
    const sides = judged.name === bed.twin.name ? [bed.reference, judged] : [bed.reference, judged, bed.twin]
    this.#sessions = sides.map((side) => new Session(side, way))
    this.#buffered = new Session(bed.reference, way, ['SET sql_buffer_result = 1'])
  }

  /** The difference, if there still is one, and whether plain servers agree with each other about the answer. */
  async differs({ asked, changes, rows }: Situation): Promise<Judgement> {
    if (rows !== this.#rows) {
      await this.#bed.fill(rows)
      this.#rows = rows
    }
    const runs = await Promise.all(this.#sessions.map((session) => session.run([asked], changes)))
    const [expected, got, twin] = runs.map(({ answers }) => answers[0]!)
    for (const [i, step] of asked.steps.entries()) {
      const difference = compareAnswers(expected![i]!, got![i]!, step, this.#strictness)
      if (difference === undefined) continue
      const own =
        twin && compareAnswers(expected![i]!, twin[i]!, step, { ...this.#strictness, hasOtherKeys: true })
      const isDetermined =
        own === undefined &&
        !(
          difference.kind.startsWith('column.') &&
          (await this.#isOfAPlan({ asked, changes, rows }, i, got![i]!))
        )
      return { difference, isDetermined }
    }
    return { isDetermined: true }
  }

  /** The plain server tells the columns so, too: in another plan, or before it has made one. */
  async #isOfAPlan({ asked, changes }: Situation, step: number, { result }: Answer): Promise<boolean> {
    if (result.kind !== 'rows') return false
    const plain = this.#sessions[0]!
    const [prepared, executed, buffered] = [
      await plain.run([{ ...asked, isPrepared: true }], changes),
      await plain.run([{ ...asked, isPrepared: false }], changes),
      await this.#buffered.run([{ ...asked, isPrepared: false }], changes),
    ]
    const descriptions = [prepared!.answers[0]![step]!.prepared]
    for (const run of [executed!, buffered!]) {
      const told = run.answers[0]![step]!.result
      if (told.kind === 'rows') descriptions.push(told.columns)
    }
    return isToldSo(
      result.columns,
      descriptions.filter((each) => each !== undefined),
    )
  }

  close(): void {
    for (const session of [...this.#sessions, this.#buffered]) session.close()
  }
}
