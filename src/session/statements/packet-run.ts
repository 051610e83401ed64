const NOTHING = Buffer.alloc(0)

/** Packets that follow each other, as one run of bytes: a view of the chunk they lie in, joined where they lie in several. */
export class PacketRun {
  #buf: Buffer = NOTHING
  #start = 0
  #end = 0
  /** What lies in the chunks before. */
  #before: Buffer[] | undefined

  get isEmpty(): boolean {
    return this.#start === this.#end && this.#before === undefined
  }

  /** What begins at `at` would go on with the same view. */
  endsAt(buf: Buffer, at: number): boolean {
    return buf === this.#buf && at === this.#end
  }

  add(buf: Buffer, start: number, end: number): void {
    if (!this.endsAt(buf, start)) {
      if (this.#end > this.#start) this.#before = [...(this.#before ?? []), this.#view()]
      this.#buf = buf
      this.#start = start
    }
    this.#end = end
  }

  /** The run, which begins anew. */
  take(): Buffer {
    const last = this.#view()
    const run = this.#before === undefined ? last : Buffer.concat([...this.#before, last])
    this.#buf = NOTHING
    this.#start = 0
    this.#end = 0
    this.#before = undefined
    return run
  }

  #view(): Buffer {
    return this.#buf.subarray(this.#start, this.#end)
  }
}
