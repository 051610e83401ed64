import type { Expr, FrameBound, NamedWindow, OrderItem, WindowFrame, WindowSpec } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseInterval } from './expressions.ts'
import { parseCommaList } from './names.ts'
import { parseParam } from './operands.ts'
import { parseOrderBy, parseOrderItem } from './order.ts'
import { make, type TokenStream } from './token-stream.ts'

/** `OVER name` or `OVER (…)`, if it is there. */
export function parseOver(p: TokenStream): WindowSpec | undefined {
  return p.at('OVER') ? parseRequiredOver(p) : undefined
}

export function parseRequiredOver(p: TokenStream): WindowSpec {
  p.expect('OVER')
  const { start } = p
  if (p.at('(')) return parseSpec(p)
  const reference = p.identifier()
  return { kind: 'WindowSpec', reference, span: p.spanFrom(start) }
}

export function parseNulls(p: TokenStream): 'RESPECT' | 'IGNORE' | undefined {
  const word = p.acceptOneOf(['RESPECT', 'IGNORE'])
  if (word !== undefined) p.expect('NULLS')
  return word
}

/** `WINDOW name AS (…), …`. */
export function parseWindows(p: TokenStream): NamedWindow[] | undefined {
  if (!p.accept('WINDOW')) return undefined
  return parseCommaList(p, (at) => {
    const { start } = at
    const name = at.identifier()
    at.expect('AS')
    return { kind: 'NamedWindow', name, spec: parseSpec(at), span: at.spanFrom(start) }
  })
}

function parseSpec(p: TokenStream): WindowSpec {
  const { start } = p
  p.expect('(')
  const base = p.atIdentifier() && !p.at2('PARTITION', 'BY') ? p.identifier() : undefined
  const partitionBy = parsePartitionBy(p)
  const orderBy = parseOrderBy(p)
  const frame = parseFrame(p)
  p.expect(')')
  return make<WindowSpec>({
    kind: 'WindowSpec',
    base,
    partitionBy,
    orderBy,
    frame,
    span: p.spanFrom(start),
    reference: undefined,
  })
}

function parsePartitionBy(p: TokenStream): OrderItem[] | undefined {
  if (!p.accept('PARTITION')) return undefined
  p.expect('BY')
  return parseCommaList(p, parseOrderItem)
}

function parseFrame(p: TokenStream): WindowFrame | undefined {
  const { start } = p
  const unit = p.acceptOneOf(['ROWS', 'RANGE', 'GROUPS'])
  if (unit === undefined) return undefined
  const isBetween = p.accept('BETWEEN')
  const from = parseBound(p, isBetween ? sides : (['PRECEDING'] as const))
  if (isBetween) p.expect('AND')
  const end = isBetween ? parseBound(p, sides) : undefined
  const exclude = parseExclude(p)
  return make<WindowFrame>({ kind: 'WindowFrame', unit, start: from, end, exclude, span: p.spanFrom(start) })
}

const sides = ['PRECEDING', 'FOLLOWING'] as const

/** A frame that has only a start begins at or before the current row. */
function parseBound(p: TokenStream, allowed: readonly (typeof sides)[number][]): FrameBound {
  const { start } = p
  if (p.accept('CURRENT')) {
    p.expect('ROW')
    return { kind: 'FrameBound', at: 'CURRENT ROW', span: p.spanFrom(start) }
  }
  if (p.accept('UNBOUNDED')) {
    const side = p.expectOneOf(allowed)
    return { kind: 'FrameBound', at: `UNBOUNDED ${side}`, span: p.spanFrom(start) }
  }
  const interval = p.at('INTERVAL') ? parseInterval(p) : undefined
  const value: Expr = interval ?? parseFrameNumber(p)
  const at = p.expectOneOf(allowed)
  return { kind: 'FrameBound', at, value, span: p.spanFrom(start) }
}

/** A number or a parameter. */
function parseFrameNumber(p: TokenStream): Expr {
  const { start, type } = p
  if (type === 'Param') return parseParam(p)
  const isNumber = type === 'Int' || type === 'Decimal' || type === 'Float'
  const isLiteral =
    isMariaDb(p.options.serverVersion) && (type === 'String' || type === 'Hex' || type === 'Bit')
  if (!isNumber && !isLiteral) p.fail()
  p.advance()
  return p.literal(type, start)
}

function parseExclude(p: TokenStream): WindowFrame['exclude'] {
  if (!p.accept('EXCLUDE')) return undefined
  if (p.accept('CURRENT')) {
    p.expect('ROW')
    return 'CURRENT ROW'
  }
  if (p.accept('NO')) {
    p.expect('OTHERS')
    return 'NO OTHERS'
  }
  return p.expectOneOf(['GROUP', 'TIES'])
}
