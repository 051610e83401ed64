/**
 * What one client knows of its own rows in `users`: each row's `score` is the number of the last write and its `name` says
 * client, row and number. A write is fenced, `WHERE … AND score < number`, so that one whose answer was lost and which a
 * stopped server carries out much later cannot undo a newer one.
 */
export class Ledger {
  readonly client: number
  readonly ids: readonly number[]
  readonly #rows = new Map<number, { certain: number; readonly undetermined: Set<number> }>()
  #last = 0

  constructor(client: number, ids: readonly number[]) {
    this.client = client
    this.ids = ids
    for (const id of ids) this.#rows.set(id, { certain: 0, undetermined: new Set() })
  }

  /** A number no write has had. */
  nextNumber(): number {
    return ++this.#last
  }

  nameOf(id: number, number: number): string {
    return `c${this.client}:${id}:${number}`
  }

  /** The write was acknowledged. */
  written(id: number, number: number): void {
    const row = this.#rows.get(id)!
    if (number > row.certain) row.certain = number
    for (const other of row.undetermined) if (other <= number) row.undetermined.delete(other)
  }

  /** Its answer, or that of its commit, was lost or was an error: it may be there, now or later. */
  perhapsWritten(id: number, number: number): void {
    this.#rows.get(id)!.undetermined.add(number)
  }

  /** Throws when a row that was read is not what it may be. A number that was neither written nor perhaps was rolled back. */
  check(id: number, name: string | null, number: number): void {
    const row = this.#rows.get(id)
    if (row === undefined) throw new Error(`client ${this.client} was given a stranger's row ${id}, ${name}`)
    if (name !== this.nameOf(id, number)) throw new Error(`row ${id} has name ${name} and number ${number}`)
    if (number === row.certain) return
    if (!row.undetermined.has(number)) {
      const may = [row.certain, ...row.undetermined].join(', ')
      throw new Error(`row ${id} of client ${this.client} has write ${number}; it may have ${may}`)
    }
    this.written(id, number)
  }
}
