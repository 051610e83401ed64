/**
 * An account of bytes that are held. What is taken is to be given back; `close` gives back all of it at once. A part of a
 * whole takes from that, too, so that neither its own bound nor that of all parts together is passed.
 */
export class ByteBudget {
  readonly bytesMax: number
  readonly #whole: ByteBudget | undefined
  #held = 0
  #isClosed = false

  constructor(bytesMax: number, whole?: ByteBudget) {
    this.bytesMax = bytesMax
    this.#whole = whole
  }

  get held(): number {
    return this.#held
  }

  /** False, and nothing taken, when there is no room for so much. */
  take(bytes: number): boolean {
    if (!this.hasRoom(bytes)) return false
    this.hold(bytes)
    return true
  }

  hasRoom(bytes: number): boolean {
    return this.#held + bytes <= this.bytesMax && this.#whole?.hasRoom(bytes) !== false
  }

  /** Takes what is held already, be there room or not. */
  hold(bytes: number): void {
    if (this.#isClosed) return
    this.#held += bytes
    this.#whole?.hold(bytes)
  }

  give(bytes: number): void {
    if (this.#isClosed) return
    this.#held -= bytes
    this.#whole?.give(bytes)
  }

  /** The end of whoever held it: everything goes back, and nothing counts any more. */
  close(): void {
    this.give(this.#held)
    this.#isClosed = true
  }
}
