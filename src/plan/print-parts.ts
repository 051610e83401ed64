import { unreachable } from '../base/assert.ts'
import type { Routing } from './routing.ts'
import type { QueryTemplate, QueryText } from './text.ts'
import type { PlanList, PlanValue } from './values.ts'

function schemasOf({ schemas, lists = [] }: Routing & { readonly kind: 'SystemSchema' }): string {
  return [...schemas.map(printValue), ...lists.map((slot) => `::${slot}`)].join(', ')
}

/** Slots are `:0`, `:1` …, lists of values `::0`, params `?0`, `?1` …. */
export function printRouting(routing: Routing): string {
  const head = `${routing.kind} keyspace=${routing.keyspace}`
  switch (routing.kind) {
    case 'SystemSchema':
      return `${routing.kind} keyspace=${routing.keyspace} schemas=[${schemasOf(routing)}]`
    case 'Unsharded':
    case 'AnyShard':
    case 'None':
    case 'Scatter':
      return head
    case 'Union':
      return `${head} of (${routing.parts.map(printRouting).join('; ')})`
    case 'Unless': {
      const conditions = routing.conditions.map(
        ({ op, left, right }) => `${printValue(left)} ${op} ${printValue(right)}`,
      )
      return `${printRouting(routing.routing)} if=[${conditions.join(', ')}]`
    }
    case 'Shard':
      return `${head} shard=${routing.shard}`
    case 'Pinned':
      return `${head} id=${Buffer.from(routing.keyspaceId).toString('hex')}`
    case 'Equal':
      return `${head} vindex=${routing.vindex.name} values=${printValues(routing.values)}`
    case 'In':
    case 'Lookup':
      return `${head} vindex=${routing.vindex.name} list=${printList(routing.list)}`
    case 'Prefix':
      return `${head} vindex=${routing.vindex.name} pattern=${printValue(routing.pattern)}`
    case 'Range':
      return `${head} vindex=${routing.vindex.name} from=${printBound(routing.low)} to=${printBound(routing.high)}`
    case 'MultiEqual':
      return `${head} vindex=${routing.vindex.name} tuples=[${routing.tuples.map(printValues).join(', ')}]`
    case 'Product':
      return `${head} vindex=${routing.vindex.name} lists=[${routing.lists.map(printList).join(', ')}]`
    default:
      return unreachable(routing)
  }
}

export function textLines(query: QueryText): readonly string[] {
  return [query.kind === 'Verbatim' ? '  verbatim' : `  query: ${printTemplate(query.template)}`]
}

export function printTemplate(template: QueryTemplate): string {
  return template
    .map((piece) => {
      if (typeof piece === 'string') return Buffer.from(piece, 'latin1').toString('utf8')
      if ('slot' in piece) return `:${piece.slot}`
      if ('computed' in piece) return `{computed ${printTemplate(piece.computed)}}`
      if ('param' in piece) return `?${piece.param}`
      if ('session' in piece) return `{${piece.session}}`
      if ('rows' in piece) return `{rows ${piece.rows.join(', ')}}`
      if ('cell' in piece) return `{cell ${piece.cell}}`
      if ('item' in piece) {
        const name = piece.name.map((part) => (typeof part === 'string' ? part : `:${part.slot}`)).join('')
        return `${printTemplate(piece.item)} AS \`${name}\``
      }
      return `{${printValue(piece.limitSum[0])} + ${printValue(piece.limitSum[1])}}`
    })
    .join('')
}

export function printValue(value: PlanValue): string {
  if (value.kind === 'Negated') return `-${printValue(value.value)}`
  const nullSafe = value.nullSafe === true ? ' or null' : ''
  switch (value.kind) {
    case 'Slot':
      return `:${value.slot}${nullSafe}`
    case 'Param':
      return `?${value.param}${nullSafe}`
    case 'Session':
      return `{${value.session}}${nullSafe}`
    case 'Cell':
      return `{cell ${value.column}}${nullSafe}`
    case 'Computed':
      return `(${printTemplate(value.text)})${nullSafe}`
    case 'Constant':
      return value.value.type === 'NULL'
        ? `NULL${nullSafe}`
        : `${Buffer.from(value.value.bytes).toString('utf8')}${nullSafe}`
    default:
      return unreachable(value)
  }
}

function printBound(value: PlanValue | undefined): string {
  return value === undefined ? 'any' : printValue(value)
}

function printValues(values: readonly PlanValue[]): string {
  return `[${values.map(printValue).join(', ')}]`
}

function printList(list: PlanList): string {
  switch (list.kind) {
    case 'Slot':
      return `::${list.slot}`
    case 'Column':
      return `::${list.slot}.${list.column}`
    case 'Values':
      return printValues(list.values)
    case 'Cells':
      return `{cells ${list.column}}`
    default:
      return unreachable(list)
  }
}
