import { boundParams, type ExecuteValues } from '../../mysql/codec/execute-values.ts'
import { valueLiteral } from '../../values/sql-literal.ts'
import type { Value } from '../../values/value.ts'
import { inUtf8, StatementBindings, type StatementText } from '../statements/statement-bindings.ts'
import { integerParam } from './integer-param.ts'
import { paramValue } from './param-value.ts'

/** Bindings whose params are decoded when the first of them is asked for: a plan may need none. */
export class ParamBindings extends StatementBindings {
  readonly #values: ExecuteValues
  readonly #charset: string
  #decoded: readonly Value[] | undefined

  constructor(text: StatementText, sessionText: (name: string) => string, values: ExecuteValues) {
    super(text, sessionText)
    this.#values = values
    this.#charset = text.charset
  }

  override paramValue(param: number): Value {
    if (this.#decoded === undefined) {
      const integer = integerParam(this.#values, param)
      if (integer !== undefined) return integer
    }
    this.#decoded ??= boundParams(this.#values).map((bound) => inUtf8(paramValue(bound), this.#charset))
    return this.#decoded[param]!
  }

  override get statementBytes(): number {
    const { payload, longData } = this.#values
    let bytes = super.statementBytes + payload.length
    for (const pieces of longData.values()) for (const piece of pieces) bytes += piece.length
    return bytes
  }

  override paramText(param: number): string {
    return valueLiteral(paramValue(boundParams(this.#values)[param]!), this.#charset)
  }
}
