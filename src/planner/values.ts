import type { PlanList, PlanValue } from '../plan/values.ts'
import type { Expr, List, Literal } from '../sql/ast.ts'
import { integerValue, nullValue } from '../values/value.ts'
import { sessionFunctions, sessionIntegers, variableOfSession } from './session-names.ts'

/** The expression as a value that is known without MySQL: a literal or param, perhaps with a sign; else undefined. */
export function planValue(expr: Expr): PlanValue | undefined {
  switch (expr.kind) {
    case 'Param':
      return expr.index < 0 ? { kind: 'Cell', column: -1 - expr.index } : { kind: 'Param', param: expr.index }
    case 'Literal':
      return expr.slot === undefined ? constantOf(expr) : { kind: 'Slot', slot: expr.slot }
    case 'Function':
      return expr.args.length === 0 && expr.qualifier === undefined
        ? sessionInteger(sessionFunctions.get(expr.name))
        : undefined
    case 'SystemVariable':
      return sessionInteger(variableOfSession(expr))
    case 'Unary':
      return signedValue(expr.op, planValue(expr.operand))
    default:
      return undefined
  }
}

function sessionInteger(session: string | undefined): PlanValue | undefined {
  const isInteger = session !== undefined && (sessionIntegers.has(session) || session === 'autocommit')
  return isInteger ? { kind: 'Session', session } : undefined
}

/** Literals that stay in the statement's key, because they decide its plan. */
function constantOf(literal: Literal): PlanValue | undefined {
  switch (literal.type) {
    case 'Null':
      return { kind: 'Constant', value: nullValue }
    case 'True':
      return { kind: 'Constant', value: integerValue(1) }
    case 'False':
      return { kind: 'Constant', value: integerValue(0) }
    case 'Int':
      return integerConstant(BigInt(literal.text))
    default:
      return undefined
  }
}

function integerConstant(n: bigint): PlanValue | undefined {
  const isIn64Bits = n >= -(2n ** 63n) && n < 2n ** 64n
  return isIn64Bits ? { kind: 'Constant', value: integerValue(n) } : undefined
}

function signedValue(op: string, operand: PlanValue | undefined): PlanValue | undefined {
  if (operand === undefined) return undefined
  if (op === '+') return operand
  return op === '-' ? { kind: 'Negated', value: operand } : undefined
}

/** Two values with one key are equal in every execution. */
export function valueKey(value: PlanValue): string {
  if (value.kind === 'Negated') return `minus ${valueKey(value.value)}`
  const nullSafe = value.nullSafe === true ? ' or null' : ''
  switch (value.kind) {
    case 'Computed':
      return `computed ${JSON.stringify(value.text)}${nullSafe}`
    case 'Slot':
      return `slot ${value.slot}${nullSafe}`
    case 'Param':
      return `param ${value.param}${nullSafe}`
    case 'Session':
      return `session ${value.session}${nullSafe}`
    case 'Cell':
      return `cell ${value.column}${nullSafe}`
    case 'Constant':
      return `${value.value.type} ${Buffer.from(value.value.bytes).toString('hex')}${nullSafe}`
  }
}

export function isNullConstant(value: PlanValue): boolean {
  return value.kind === 'Constant' && value.value.type === 'NULL' && value.nullSafe !== true
}

/** The right side of IN as a list of values, however long; undefined when one of them is an expression. */
export function planList(list: List, read = planValue): PlanList | undefined {
  if (list.slot !== undefined) return { kind: 'Slot', slot: list.slot }
  const values = list.items.map(read)
  const [first] = values
  if (values.length === 1 && first?.kind === 'Cell') return { kind: 'Cells', column: first.column }
  return values.every((value) => value !== undefined) ? { kind: 'Values', values } : undefined
}
