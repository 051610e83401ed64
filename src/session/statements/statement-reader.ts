import { SQL_MODE } from '../../tablet/settings.ts'
import { Reading, type ReadingContext } from './reading.ts'

/** How the session reads texts now. */
export class StatementReader {
  readonly #context: ReadingContext
  #current: Reading | undefined

  constructor(context: ReadingContext) {
    this.#context = context
  }

  /** The same object as long as nothing has changed. */
  get current(): Reading {
    const { target, sqlMode, charset, settings } = this.#context.state
    const known = this.#current
    if (known?.target === target && known.sqlMode === sqlMode && known.charset === charset) return known
    this.#current = new Reading(this.#context, {
      target,
      sqlMode,
      sqlModeItem: settings.items.get(SQL_MODE),
      charset,
    })
    return this.#current
  }
}
