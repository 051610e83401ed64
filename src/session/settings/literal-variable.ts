import type { Expr, Literal } from '../../sql/ast.ts'
import { literalValue } from '../../sql/literal-value.ts'
import { charsetByName, collationByName } from '../../values/charsets.ts'
import type { SessionState } from './session-state.ts'
import {
  connectionCollation,
  FIRST_NULL,
  numberValue,
  textValue,
  type VariableValue,
} from './variable-value.ts'

/** What a user variable becomes that is set to a literal, or to another variable; undefined for what a server must compute. */
export function variableOf(
  expr: Expr,
  state: SessionState,
  { isMariadb }: { readonly isMariadb: boolean },
): VariableValue | undefined {
  switch (expr.kind) {
    case 'UserVariable': {
      const unset = isMariadb ? FIRST_NULL : { ...FIRST_NULL, collation: connectionCollation(state.settings) }
      return state.userVariables.get(expr.name.toLowerCase()) ?? unset
    }
    case 'Literal':
      return ofLiteral(expr, state)
    case 'Unary': {
      const { op, operand } = expr
      const isNumber = operand.kind === 'Literal' && NUMBERS.has(operand.type)
      return op === '-' && isNumber ? ofLiteral({ ...operand, text: `-${operand.text}` }, state) : undefined
    }
    default:
      return undefined
  }
}

const NUMBERS: ReadonlySet<Literal['type']> = new Set(['Int', 'Decimal', 'Float'])

/** A text that begins with an introducer, or whose character set is not the connection's, is for a server. */
function ofLiteral({ type, text }: Literal, state: SessionState): VariableValue | undefined {
  if (/^[_n]/i.test(text) && type !== 'Null') return undefined
  const value = literalValue(text, { type, start: 0, end: text.length }, state.sqlMode)
  const number = (kind: 'signed' | 'unsigned' | 'decimal' | 'double') =>
    numberValue(kind, Buffer.from(value.bytes).latin1Slice(), collation)
  const collation = connectionCollation(state.settings)
  switch (value.type) {
    case 'NULL':
      return FIRST_NULL
    case 'INT64':
      return number('signed')
    case 'UINT64':
      return number('unsigned')
    case 'DECIMAL':
      return number('decimal')
    case 'FLOAT64':
      return number('double')
    case 'VARBINARY':
      return textValue(Buffer.from(value.bytes), 'binary')
    case 'VARCHAR': {
      const isOwn = collationByName(collation)?.charset === charsetByName(state.charset)
      return isOwn ? textValue(Buffer.from(value.bytes), collation) : undefined
    }
    default:
      return undefined
  }
}
