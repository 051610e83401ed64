import { literalValue } from '../../sql/literal-value.ts'
import type { SlotItem } from '../../sql/scan.ts'
import { DEFAULT_SQL_MODE } from '../../sql/sql-mode.ts'
import type { Value } from '../../values/value.ts'
import { FIRST_NULL, type VariableValue } from '../settings/variable-value.ts'
import { StatementBindings, type StatementText } from '../statements/statement-bindings.ts'

/** Bindings whose params are user variables: undefined for one that has never been set. */
export class VariableBindings extends StatementBindings {
  readonly #variables: readonly (VariableValue | undefined)[]

  constructor(
    text: StatementText,
    sessionText: (name: string) => string,
    variables: readonly (VariableValue | undefined)[],
  ) {
    super(text, sessionText)
    this.#variables = variables
  }

  override paramValue(param: number): Value {
    const variable = this.#variables[param] ?? FIRST_NULL
    const { text } = variable
    return literalValue(text, { type: literalType(variable), start: 0, end: text.length }, DEFAULT_SQL_MODE)
  }

  override get statementBytes(): number {
    return this.#variables.reduce((sum, variable) => sum + (variable?.text.length ?? 0), super.statementBytes)
  }

  override paramText(param: number): string {
    return this.#variables[param]?.text ?? FIRST_NULL.text
  }
}

function literalType({ kind, text }: VariableValue): SlotItem['type'] {
  if (text === FIRST_NULL.text) return 'Null'
  switch (kind) {
    case 'signed':
    case 'unsigned':
      return 'Int'
    case 'decimal':
      return 'Decimal'
    case 'double':
      return 'Float'
    case 'text':
      return /^(?:_\w+ )?0x|^_binary x'/.test(text) ? 'Hex' : 'String'
  }
}
