import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

interface Waiter {
  resolve(): void
}

/**
 * The rows of several shards in the order in which their batches arrive. One batch an input is read ahead of the
 * consumer: a client that stops reading stops the shards. The first failure is thrown at the next call, whatever else
 * has arrived; the inputs stay open until `close`.
 *
 * Arrived batches stand in a queue instead of a `Promise.race`: racing thousands of times against one slow shard would
 * hang thousands of reactions on its promise.
 */
export class Gather implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #inputs: readonly RowStream[]
  /** At most one batch an input. */
  readonly #arrived: { input: RowStream; batch: RowBatch }[] = []
  #reading = 0
  #started = false
  #failure: { error: unknown } | undefined
  #waiter: Waiter | undefined
  #closed = false

  constructor(inputs: readonly RowStream[]) {
    this.columns = inputs[0].columns
    this.format = inputs[0].format
    this.#inputs = inputs
  }

  async next(): Promise<RowBatch | undefined> {
    if (!this.#started) {
      this.#started = true
      for (const input of this.#inputs) this.#read(input)
    }
    while (!this.#closed && !this.#failure && this.#arrived.length === 0 && this.#reading > 0) {
      await new Promise<void>((resolve) => {
        this.#waiter = { resolve }
      })
    }
    if (this.#closed) return undefined
    if (this.#failure) throw this.#failure.error
    const first = this.#arrived.shift()
    if (first !== undefined) this.#read(first.input)
    return first?.batch
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#arrived.length = 0
    this.#wake()
    await Promise.allSettled(this.#inputs.map((input) => input.close()))
  }

  #read(input: RowStream): void {
    this.#reading++
    input.next().then(
      (batch) => {
        this.#reading--
        if (batch !== undefined && !this.#closed) this.#arrived.push({ input, batch })
        this.#wake()
      },
      (error: unknown) => {
        this.#reading--
        this.#failure ??= { error }
        this.#wake()
      },
    )
  }

  #wake(): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.resolve()
  }
}
