const TELL_MS = 1_000

/** Tells on stderr how far a long work is and how fast it goes, once a second, and at its end if it has told before. */
export class Progress {
  readonly #what: string
  readonly #startMs = Date.now()
  #toldMs = Date.now()
  #first: number | undefined
  #count = 0
  #hasTold = false

  constructor(what: string) {
    this.#what = what
  }

  /** `count`: of all that is done, with what was done in earlier runs. */
  tell(count: number): void {
    this.#first ??= count
    this.#count = count
    if (Date.now() - this.#toldMs >= TELL_MS) this.#write()
  }

  end(): void {
    if (this.#hasTold) this.#write()
  }

  #write(): void {
    this.#toldMs = Date.now()
    this.#hasTold = true
    const seconds = (this.#toldMs - this.#startMs) / 1000
    const rate = Math.round((this.#count - (this.#first ?? 0)) / seconds)
    process.stderr.write(`${this.#count} ${this.#what}, ${rate} a second\n`)
  }
}
