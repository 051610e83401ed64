import { unreachable } from '../../base/assert.ts'
import type {
  AggregateCall,
  ArgSeparator,
  Cast,
  Expr,
  FunctionCall,
  JsonColumnReaction,
  List,
  Literal,
  Match,
  UserVariable,
  WindowFunction,
} from '../ast.ts'
import { IGNORE_SPACE } from '../sql-mode.ts'
import { encodeBinary } from '../text.ts'
import { inBackticks, printBareKeyword, quoteIdentifier } from './output.ts'
import { binaryLevel, endsOpen, fitsBefore, LEVEL, levelOf } from './precedence.ts'
import { printOrderItems, printOverClause } from './print-clauses.ts'
import { printSubquery } from './print-query.ts'
import type { Printer } from './printer.ts'

/** Prints an expression whose surroundings need at least `level`; `more`: an operator follows it. */
export function printExpr(out: Printer, expr: Expr, level: number = LEVEL.any, more = false): void {
  const parens = expr.parens ?? 0
  const needed = parens === 0 && (levelOf(expr, out.mode) < level || (more && endsOpen(expr)))
  out.text('('.repeat(needed ? 1 : parens))
  printBare(out, expr)
  out.text(')'.repeat(needed ? 1 : parens))
}

export function printList(out: Printer, exprs: readonly Expr[]): void {
  out.list(exprs, (expr) => printExpr(out, expr))
}

function printBare(out: Printer, expr: Expr): void {
  switch (expr.kind) {
    case 'Literal':
      printLiteral(out, expr)
      break
    case 'BindVariable':
      out.text(`${expr.list ? '::' : ':'}${encodeBinary(expr.name)}`)
      break
    case 'Param':
      out.param(expr.index)
      break
    case 'Column':
      printNames(out, [...expr.qualifiers, expr.name], expr.bareKeyword)
      break
    case 'Star':
      for (const name of expr.qualifiers) out.text(`${quoteIdentifier(name)}.`)
      out.text('*')
      break
    case 'UserVariable':
      out.text(userVariable(expr))
      break
    case 'SystemVariable':
      out.text(`@@${expr.scope === undefined ? '' : `${expr.scope}.`}${variableName(expr.name)}`)
      break
    case 'Introduced':
      out.text(`_${expr.charset}`)
      if (expr.value.type !== 'String') out.text(' ')
      printLiteral(out, expr.value)
      break
    case 'TemporalLiteral':
      out.text(expr.type)
      printLiteral(out, expr.value)
      break
    case 'OdbcEscape':
      out.text(`{${printBareKeyword(expr.name)} `)
      printExpr(out, expr.value)
      out.text('}')
      break
    case 'Or':
      printChain(out, expr.operands, expr.operator, LEVEL.or)
      break
    case 'And':
      printChain(out, expr.operands, expr.operator, LEVEL.and)
      break
    case 'Xor':
      printInfix(out, expr.left, 'XOR', expr.right, LEVEL.xor)
      break
    case 'Not':
      printNot(out, expr)
      break
    case 'Comparison':
      printInfix(out, expr.left, expr.op, expr.right, LEVEL.comparison)
      break
    case 'Quantified':
      printExpr(out, expr.left, LEVEL.comparison, true)
      out.text(` ${expr.op} ${expr.quantifier} `)
      printSubquery(out, expr.query)
      break
    case 'Unary':
      printUnary(out, expr)
      break
    case 'Binary':
      printBinary(out, expr)
      break
    case 'Is':
      printExpr(out, expr.operand, LEVEL.comparison, true)
      out.text(` IS ${expr.negated ? 'NOT ' : ''}${expr.test}`)
      break
    case 'In':
      printExpr(out, expr.left, LEVEL.bits, true)
      out.text(expr.negated ? ' NOT IN ' : ' IN ')
      if (expr.right.kind === 'List') printInList(out, expr.right)
      else if (expr.right.kind === 'Subquery') printSubquery(out, expr.right)
      else printExpr(out, expr.right)
      break
    case 'Between':
      printBetween(out, expr)
      break
    case 'Like':
      printLike(out, expr)
      break
    case 'Regexp':
      printExpr(out, expr.operand, LEVEL.bits, true)
      out.text(expr.negated ? ' NOT REGEXP ' : ' REGEXP ')
      printExpr(out, expr.pattern, LEVEL.bits)
      break
    case 'SoundsLike':
      printExpr(out, expr.left, LEVEL.bits, true)
      out.text(' SOUNDS LIKE ')
      printExpr(out, expr.right, LEVEL.bits)
      break
    case 'MemberOf':
      printExpr(out, expr.left, LEVEL.bits, true)
      out.text(expr.of ? ' MEMBER OF (' : ' MEMBER (')
      printExpr(out, expr.right, LEVEL.concat)
      out.text(')')
      break
    default:
      printOperand(out, expr)
      break
  }
}

/** Kinds that need no parentheses of their own anywhere. */
type Infix =
  | 'Literal'
  | 'BindVariable'
  | 'Param'
  | 'Column'
  | 'Star'
  | 'UserVariable'
  | 'SystemVariable'
  | 'Introduced'
  | 'TemporalLiteral'
  | 'OdbcEscape'
  | 'Or'
  | 'And'
  | 'Xor'
  | 'Not'
  | 'Comparison'
  | 'Quantified'
  | 'Unary'
  | 'Binary'
  | 'Is'
  | 'In'
  | 'Between'
  | 'Like'
  | 'Regexp'
  | 'SoundsLike'
  | 'MemberOf'

function printOperand(out: Printer, expr: Exclude<Expr, { kind: Infix }>): void {
  switch (expr.kind) {
    case 'Case':
      printCase(out, expr)
      break
    case 'Cast':
      printCast(out, expr)
      break
    case 'ConvertUsing':
      out.text('CONVERT(')
      printExpr(out, expr.operand)
      out.text(` USING ${charsetName(expr.charset)})`)
      break
    case 'Collate':
      printExpr(out, expr.operand, LEVEL.collate, true)
      out.text(` COLLATE ${quoteIdentifier(expr.collation)}`)
      break
    case 'Interval':
      out.text('INTERVAL ')
      printExpr(out, expr.value)
      out.text(` ${expr.unit}`)
      break
    case 'KeywordArg':
      out.text(expr.word)
      break
    case 'Function':
      printFunction(out, expr)
      break
    case 'NamedArg':
      printExpr(out, expr.value)
      out.text(`${expr.as ? ' AS ' : ' '}${quoteIdentifier(expr.alias)}`)
      break
    case 'JsonValue':
      printJsonValue(out, expr)
      break
    case 'Aggregate':
      printAggregate(out, expr)
      break
    case 'WindowFunction':
      printWindowFunction(out, expr)
      break
    case 'Match':
      printMatch(out, expr)
      break
    case 'Row':
      out.text(expr.keyword ? 'ROW(' : '(')
      printList(out, expr.items)
      out.text(')')
      break
    case 'Exists':
      out.text('EXISTS ')
      printSubquery(out, expr.query)
      break
    case 'Subquery':
      printSubquery(out, expr)
      break
    case 'Assign':
      out.text(`${userVariable(expr.target)} := `)
      printExpr(out, expr.value)
      break
    case 'Default':
      if (expr.column === undefined) {
        out.text('DEFAULT')
        return
      }
      printColumnCall(out, 'DEFAULT', expr.column)
      break
    case 'ValuesFunction':
      printColumnCall(out, expr.keyword, expr.column)
      break
    default:
      unreachable(expr)
  }
}

function printColumnCall(out: Printer, name: string, column: Expr): void {
  out.text(`${name}(`)
  printExpr(out, column)
  out.text(')')
}

export function printLiteral(out: Printer, literal: Literal): void {
  if (literal.slot === undefined) out.text(literal.text)
  else out.slot(literal.slot, literal.text)
}

/** Names with points between them. A keyword written bare is read as one only if no plain name follows its point. */
export function printNames(out: Printer, names: readonly string[], bareKeyword?: true): void {
  const [first, ...rest] = names
  if (bareKeyword) out.text([printBareKeyword(first), ...rest.map(inBackticks)].join('.'))
  else out.text(names.map(quoteIdentifier).join('.'))
}

/** Name of a character set or collation; `binary` is a keyword there, and may stay one. */
export function charsetName(name: string): string {
  return name === 'binary' ? name : printBareKeyword(name)
}

export function userVariable(variable: UserVariable): string {
  return `@${variable.quoted ?? encodeBinary(variable.name)}`
}

/** Name of a system variable: dots separate a component from it. */
export function variableName(name: string): string {
  return name
    .split('.')
    .map((part, i) => (i === 0 ? printBareKeyword(part) : quoteIdentifier(part)))
    .join('.')
}

function printChain(out: Printer, operands: readonly Expr[], operator: string, level: number): void {
  operands.forEach((operand, i) => {
    if (i > 0) out.text(` ${operator} `)
    printExpr(out, operand, i === 0 ? level : level + 1, i < operands.length - 1)
  })
}

/** Left-associative: the right operand must bind tighter. */
function printInfix(out: Printer, left: Expr, op: string, right: Expr, level: number): void {
  printExpr(out, left, level, true)
  out.text(` ${op} `)
  printExpr(out, right, level + 1)
}

function printNot(out: Printer, expr: Expr & { kind: 'Not' }): void {
  const { parens: _, ...bare } = expr
  const level = levelOf(bare, out.mode)
  // MySQL reads `!!` as a single `!`.
  const isDouble = expr.operand.kind === 'Not' && expr.operand.parens === undefined
  out.text(expr.operator === 'NOT' ? 'NOT ' : isDouble ? '! ' : '!')
  printExpr(out, expr.operand, level)
}

function printUnary(out: Printer, expr: Expr & { kind: 'Unary' }): void {
  // `- 5` is not the literal `-5`, and `--` may begin a comment.
  out.text(expr.op === '-' || expr.op === 'BINARY' ? `${expr.op} ` : expr.op)
  printExpr(out, expr.operand, LEVEL.sign)
}

function printBinary(out: Printer, expr: Expr & { kind: 'Binary' }): void {
  const { op, left, right } = expr
  if (op !== '->' && op !== '->>') {
    const level = binaryLevel(op)
    printExpr(out, left, fitsBefore(left, op) ? LEVEL.any : level, true)
    out.text(` ${op} `)
    printExpr(out, right, level + 1)
    return
  }
  printExpr(out, left, LEVEL.operand, true)
  out.text(op)
  printExpr(out, right, LEVEL.operand)
}

/** `(items)`; with a slot the items' text comes from there. */
function printInList(out: Printer, list: List): void {
  out.text('(')
  if (list.slot === undefined) printList(out, list.items)
  else out.slot(list.slot, ':list')
  out.text(')')
}

function printBetween(out: Printer, expr: Expr & { kind: 'Between' }): void {
  printExpr(out, expr.operand, LEVEL.bits, true)
  out.text(expr.negated ? ' NOT BETWEEN ' : ' BETWEEN ')
  printExpr(out, expr.low, LEVEL.bits, true)
  out.text(' AND ')
  printExpr(out, expr.high, LEVEL.predicate)
}

function printLike(out: Printer, expr: Expr & { kind: 'Like' }): void {
  printExpr(out, expr.operand, LEVEL.bits, true)
  out.text(expr.negated ? ' NOT LIKE ' : ' LIKE ')
  printExpr(out, expr.pattern, LEVEL.concat)
  if (expr.escape === undefined) return
  out.text(' ESCAPE ')
  printExpr(out, expr.escape, LEVEL.concat)
}

function printCase(out: Printer, expr: Expr & { kind: 'Case' }): void {
  out.text('CASE')
  if (expr.operand !== undefined) {
    out.text(' ')
    printExpr(out, expr.operand)
  }
  for (const when of expr.whens) {
    out.text(' WHEN ')
    printExpr(out, when.condition)
    out.text(' THEN ')
    printExpr(out, when.result)
  }
  if (expr.otherwise !== undefined) {
    out.text(' ELSE ')
    printExpr(out, expr.otherwise)
  }
  out.text(' END')
}

function printCast(out: Printer, expr: Cast): void {
  out.text(`${expr.syntax}(`)
  printExpr(out, expr.operand)
  if (expr.timeZone !== undefined) {
    out.text(expr.timeZone.interval ? ' AT TIME ZONE INTERVAL ' : ' AT TIME ZONE ')
    printLiteral(out, expr.timeZone.value)
  }
  out.text(`${expr.syntax === 'CAST' ? ' AS ' : ', '}${expr.type.name}${expr.type.text})`)
}

function separatorText(separator: ArgSeparator): string {
  if (separator === ',') return ', '
  return separator === '' ? ' ' : ` ${separator} `
}

function printCalledName(out: Printer, call: FunctionCall | WindowFunction): void {
  out.text(call.quoted ? inBackticks(call.written) : encodeBinary(call.written))
  // Under IGNORE_SPACE a blank would not do.
  if (call.spaced) out.text((out.mode & IGNORE_SPACE) === 0 ? ' ' : '/**/')
}

function printFunction(out: Printer, call: FunctionCall): void {
  if (call.qualifier === undefined) printCalledName(out, call)
  else out.text(`${quoteIdentifier(call.qualifier)}.${quoteIdentifier(call.written)}`)
  if (call.bare) {
    for (const arg of call.args) {
      out.text(' ')
      printExpr(out, arg)
    }
    return
  }
  out.text('(')
  call.args.forEach((arg, i) => {
    if (i > 0) out.text(separatorText(call.separators?.[i - 1] ?? ','))
    // POSITION's needle is a bit expression: an IN of its own would be taken for the separator.
    const beforeIn = call.separators?.[i] === 'IN'
    printExpr(out, arg, beforeIn ? LEVEL.bits : LEVEL.any, beforeIn)
  })
  out.text(')')
}

export function printReactions(out: Printer, reactions: readonly JsonColumnReaction[]): void {
  for (const { on, action, value } of reactions) {
    out.text(` ${action}`)
    if (value !== undefined) {
      out.text(' ')
      printExpr(out, value)
    }
    out.text(` ON ${on}`)
  }
}

function printJsonValue(out: Printer, expr: Expr & { kind: 'JsonValue' }): void {
  out.text('JSON_VALUE(')
  printExpr(out, expr.doc, LEVEL.bits)
  out.text(', ')
  printExpr(out, expr.path)
  if (expr.returning !== undefined) out.text(` RETURNING ${expr.returning.name}${expr.returning.text}`)
  printReactions(out, expr.reactions)
  out.text(')')
}

function printAggregate(out: Printer, call: AggregateCall): void {
  out.text(`${call.written}(`)
  if (call.quantifier !== undefined) out.text(`${call.quantifier} `)
  out.list(call.args, (arg) => printExpr(out, arg))
  if (call.orderBy !== undefined) {
    out.text(' ORDER BY ')
    printOrderItems(out, call.orderBy)
  }
  if (call.separator !== undefined) {
    out.text(' SEPARATOR ')
    printLiteral(out, call.separator)
  }
  if (call.limit !== undefined) {
    out.text(' LIMIT ')
    if (call.limit.offset !== undefined) {
      printExpr(out, call.limit.offset)
      out.text(', ')
    }
    printExpr(out, call.limit.count)
  }
  out.text(')')
  if (call.over !== undefined) printOverClause(out, call.over)
}

function printWindowFunction(out: Printer, call: WindowFunction): void {
  printCalledName(out, call)
  out.text('(')
  printList(out, call.args)
  out.text(')')
  if (call.from !== undefined) out.text(` FROM ${call.from}`)
  if (call.nulls !== undefined) out.text(` ${call.nulls} NULLS`)
  if (call.withinGroup !== undefined) {
    out.text(' WITHIN GROUP (ORDER BY ')
    printOrderItems(out, call.withinGroup)
    out.text(')')
  }
  printOverClause(out, call.over)
}

function printMatch(out: Printer, expr: Match): void {
  out.text(expr.bare ? 'MATCH ' : 'MATCH (')
  printList(out, expr.columns)
  out.text(expr.bare ? ' AGAINST (' : ') AGAINST (')
  printExpr(out, expr.against, LEVEL.bits, expr.modifier !== undefined)
  if (expr.modifier !== undefined) out.text(` ${expr.modifier}`)
  out.text(')')
}
