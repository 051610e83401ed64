import type { Case } from './cases.ts'
import { compareAnswers, type Difference, type Strictness } from './compare-answers.ts'
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
      return { difference, isDetermined: own === undefined }
    }
    return { isDetermined: true }
  }

  close(): void {
    for (const session of this.#sessions) session.close()
  }
}
