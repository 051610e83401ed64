import { SqlError } from '../errors/sql-error.ts'

/** Of all in a transaction: they are repeated on each of its shards. */
const NAMES_BYTES_MAX = 256 * 1024

/**
 * The savepoints of one transaction, oldest first, as quoted SQL names. They are set on all of its lanes and repeated on
 * those that are opened later, so that ROLLBACK TO means the same everywhere.
 */
export class Savepoints {
  #names: readonly string[] = []

  get names(): readonly string[] {
    return this.#names
  }

  /** Throws ER_CAPACITY_EXCEEDED where one more would be too much. */
  requireRoom(name: string): void {
    const bytes = this.#names.reduce((sum, other) => sum + other.length, name.length)
    if (bytes <= NAMES_BYTES_MAX) return
    throw new SqlError(
      'ER_CAPACITY_EXCEEDED',
      `Memory capacity of ${NAMES_BYTES_MAX} bytes for 'savepoint names' exceeded. Release some of the transaction's savepoints.`,
    )
  }

  /** A name that exists already moves to the end, as in MySQL. */
  add(name: string): void {
    this.#names = [...this.#names.filter((other) => !isSame(other, name)), name]
  }

  /** Throws ER_SP_DOES_NOT_EXIST. */
  check(name: string): void {
    if (!this.#names.some((other) => isSame(other, name))) {
      throw new SqlError('ER_SP_DOES_NOT_EXIST', `SAVEPOINT ${unquoted(name)} does not exist`)
    }
  }

  /** Forgets those behind `name`, and with `itself` that one, too. */
  cutBehind(name: string, { itself }: { readonly itself: boolean }): void {
    const at = this.#names.findIndex((other) => isSame(other, name))
    this.#names = this.#names.slice(0, itself ? at : at + 1)
  }

  clear(): void {
    this.#names = []
  }
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** The name between the backticks that the printer put round it. */
function unquoted(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name
}
