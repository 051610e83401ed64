import { Random } from '../random.ts'
import type { Flavor } from '../select/column-types.ts'
import { type Fragment, list, print, sql } from '../select/fragment.ts'
import type { Grammar } from '../select/grammar.ts'
import { grammarFor } from '../select/queries.ts'
import { tableName } from '../select/rows.ts'
import { allTables, type Schema, type Table } from '../select/schema.ts'
import { change } from '../select/writes.ts'
import { changeByKey, insert, rowAhead } from './inserts.ts'
import type { How, Script, Step } from './script.ts'
import { ask, setMode, setVariable } from './session-steps.ts'

const STEPS = { least: 8, more: 14 } as const
/** Numbers that a step may draw. */
const NUMBERS_A_STEP = 20

export interface ScriptAt {
  readonly seed: number
  /** Which script of its schema. */
  readonly number: number
}

/** A random script; the same for the same seed, number and schema. */
export function randomScript(flavor: Flavor, schema: Schema, { seed, number }: ScriptAt): Script {
  const random = new Random(seed * 1_000_003 + number)
  return new ScriptWriter(flavor, schema, random, number).write()
}

class ScriptWriter {
  readonly #flavor: Flavor
  readonly #schema: Schema
  readonly #random: Random
  readonly #steps: Step[] = []
  readonly #savepoints: string[] = []
  #isAutocommit = true
  #isBegun = false
  #isReadOnly = false
  #nextNumber: number

  constructor(flavor: Flavor, schema: Schema, random: Random, number: number) {
    this.#flavor = flavor
    this.#schema = schema
    this.#random = random
    this.#nextNumber = 2000 + number * NUMBERS_A_STEP * (STEPS.least + STEPS.more)
  }

  write(): Script {
    const mode = this.#random.pick(['multi', 'twopc'] as const)
    this.#push("SET @a = 5, @b = 'bee', @c = 2.5, @d = NULL")
    const count = STEPS.least + this.#random.int(STEPS.more)
    while (this.#steps.length < count) this.#step()
    if (this.#isOpen) this.#push(this.#random.oneIn(3) ? 'ROLLBACK' : 'COMMIT', { isEnd: true })
    return { mode, steps: this.#steps }
  }

  /** Locks may be held. */
  get #isOpen(): boolean {
    return this.#isBegun || !this.#isAutocommit
  }

  #step(): void {
    const kind = this.#random.int(100)
    if (kind < 58) this.#change()
    else if (kind < 72) this.#transaction()
    else if (kind < 78) this.#push(setVariable(this.#grammar()), { how: 'text' })
    else if (kind < 90) this.#ask()
    else if (kind < 93) this.#push(setMode(this.#random))
    else if (kind < 96) this.#push(this.#everythingOf(this.#table()))
    else if (this.#isOpen) this.#push(this.#everythingOf(this.#table(), 1), { session: 1 })
    else this.#push(changeByKey(this.#grammar(), this.#table()), { session: 1, isWrite: true, isEnd: true })
  }

  #change(): void {
    const table = this.#table()
    const form = this.#random.int(20)
    if (form < 9) this.#insert(table)
    else if (form < 15) this.#push(changeByKey(this.#grammar(), table), this.#written())
    // Copies of it are written elsewhere.
    else if (table.name === 'r1') this.#push(changeByKey(this.#grammar(), table), this.#written())
    else if (form < 19) this.#push(change(this.#grammar(), table), this.#written())
    else this.#several(table)
  }

  #insert(table: Table): void {
    const draws = table.isNumbered === true && this.#random.oneIn(2)
    if (draws) {
      this.#push(rowAhead(this.#grammar(), table, this.#nextNumber), {
        ...this.#written(),
        isNeeded: true,
        how: 'text',
      })
      this.#nextNumber += NUMBERS_A_STEP
    }
    this.#push(insert(this.#grammar(), table, draws), this.#written())
    if (draws && this.#random.oneIn(2)) this.#push('SELECT LAST_INSERT_ID()', { isAsking: true })
  }

  /** Directly behind a SELECT it is told how many rows there were; of other statements that is told by chance. */
  #ask(): void {
    const { sql: before = '' } = this.#steps.at(-1) ?? {}
    const isOfRows = /^SELECT (?!@)/.test(print(before, false).sql)
    this.#push(ask(this.#random, isOfRows), { how: 'text', isAsking: true })
  }

  /** Several statements in one text. */
  #several(table: Table): void {
    const statements = [changeByKey(this.#grammar(), table), changeByKey(this.#grammar(), this.#table())]
    const isAtomic = !this.#isOpen && this.#random.oneIn(2)
    const all = isAtomic ? ['BEGIN', ...statements, 'COMMIT'] : [...statements, 'SELECT ROW_COUNT()']
    const text = list(all, { separator: '; ', least: isAtomic ? 4 : 1 })
    this.#push(text, { ...this.#written(), how: 'text' })
    // An error leaves it open.
    if (isAtomic) this.#push('COMMIT', { isEnd: true })
  }

  #transaction(): void {
    // MySQL's BEGIN within a transaction that is READ ONLY begins another such one.
    if (!this.#isOpen || (!this.#isReadOnly && this.#random.oneIn(12))) return this.#begin()
    switch (this.#random.int(8)) {
      case 0:
      case 1:
        return this.#end(this.#random.pick(['COMMIT', 'COMMIT', 'COMMIT WORK', 'COMMIT AND CHAIN']))
      case 2:
        return this.#end(this.#random.pick(['ROLLBACK', 'ROLLBACK', 'ROLLBACK AND CHAIN']))
      case 3:
        if (!this.#isAutocommit) {
          this.#isAutocommit = true
          return this.#end('SET autocommit = 1')
        }
        return this.#savepoint()
      default:
        return this.#savepoint()
    }
  }

  #begin(): void {
    if (!this.#isOpen && this.#random.oneIn(4)) {
      this.#isAutocommit = false
      return this.#push('SET autocommit = 0')
    }
    const text = this.#random.pick([
      ...[
        'BEGIN',
        'BEGIN',
        'START TRANSACTION',
        'START TRANSACTION READ WRITE',
        'START TRANSACTION READ ONLY',
      ],
      'START TRANSACTION WITH CONSISTENT SNAPSHOT',
    ])
    this.#savepoints.length = 0
    this.#push(text, { isEnd: true })
    this.#isBegun = true
    this.#isReadOnly = text.endsWith('READ ONLY')
  }

  #end(text: string): void {
    this.#savepoints.length = 0
    this.#isBegun = text.endsWith('CHAIN')
    this.#push(text, { isEnd: !text.endsWith('CHAIN') })
  }

  #savepoint(): void {
    const known = this.#savepoints
    const name = known.length > 0 && !this.#random.oneIn(10) ? this.#random.pick(known) : 'nowhere'
    const form = this.#random.int(5)
    if (known.length === 0 || form < 2) {
      const made = this.#random.pick(['s1', 's2', 's3', 'S1'])
      known.push(made)
      return this.#push(`SAVEPOINT ${made}`)
    }
    if (form === 2) return this.#push(`RELEASE SAVEPOINT ${name}`)
    this.#push(`ROLLBACK TO ${this.#random.pick(['', 'SAVEPOINT '])}${name}`, { isWrite: true })
  }

  #everythingOf(table: Table, session: 0 | 1 = 0): Fragment {
    const columns = table.columns.map(({ name }) => name)
    const lock = session === 0 && this.#isOpen && this.#random.oneIn(3) ? ' FOR UPDATE' : ''
    return sql`SELECT ${columns.join(', ')} FROM ${tableName(table)} ORDER BY ${table.primaryKey.join(', ')}${lock}`
  }

  #table(): Table {
    const tables = allTables(this.#schema)
    return this.#random.pick([...tables, ...tables.filter(({ sharding }) => sharding !== undefined)])
  }

  #grammar(): Grammar {
    return grammarFor(this.#random, this.#flavor, this.#schema)
  }

  #written(): Pick<Step, 'isWrite' | 'isEnd'> {
    return { isWrite: true, isEnd: !this.#isOpen }
  }

  #push(text: Fragment, more: Partial<Step> = {}): void {
    const how: How = this.#random.pick(['text', 'text', 'text', 'text', 'binary', 'sql'])
    const isWords = typeof text === 'string' // about the session, most of which are not prepared
    // MySQL keeps the text of PREPARE in three bytes a sign.
    const isWide = /[\u{10000}-\u{10ffff}]/u.test(print(text, false).sql)
    this.#steps.push({
      session: 0,
      how: isWords || (isWide && how === 'sql') ? 'text' : how,
      sql: text,
      isWrite: false,
      isEnd: false,
      isNeeded: false,
      isAsking: false,
      ...more,
    })
  }
}
