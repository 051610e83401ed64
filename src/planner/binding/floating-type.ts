import type { Expr } from '../../sql/ast.ts'

const passedOn: ReadonlySet<string> = new Set([
  'coalesce',
  'greatest',
  'if',
  'ifnull',
  'least',
  'nullif',
  'nvl',
])

/**
 * Whether the type of an expression is that of a `?`, which MySQL takes from what stands around it: `?` within AVG() is a
 * DOUBLE, alone a string. A copy of such an expression in another place would be of another type, and so might be this one
 * as soon as a value does not fit the copy.
 * Source: "PREPARE Statement" in MySQL's manual, on derived types of parameters.
 */
export function hasFloatingType(expr: Expr): boolean {
  switch (expr.kind) {
    case 'Param':
      return true
    case 'Case':
      return expr.whens.every(({ result }) => hasFloatingType(result))
    case 'Function': {
      const { name, args } = expr
      if (!passedOn.has(name)) return false
      const branches = name === 'if' ? args.slice(1) : name === 'nullif' ? args.slice(0, 1) : args
      return branches.every(hasFloatingType)
    }
    default:
      return false
  }
}
