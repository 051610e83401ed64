import { unreachable } from '../base/assert.ts'
import type {
  AggregateColumn,
  InsertPlan,
  Plan,
  PlanList,
  PlanValue,
  Predicate,
  Primitive,
  QueryTemplate,
  QueryText,
  Routing,
  SortKey,
} from './plan.ts'

/**
 * A plan as stable text, one node a line, what belongs to it indented below: for golden tests, EXPLAIN and debugging.
 * Slots are `:0`, `:1` …, lists of values `::0`, params `?0`, `?1` ….
 */
export function printPlan(plan: Plan): string {
  return planLines(plan).join('\n')
}

function planLines(plan: Plan): readonly string[] {
  switch (plan.kind) {
    case 'Query': {
      const flags = printFlags({
        locks: plan.locks,
        reserves: plan.reserves === true,
        variables: plan.userVariables,
      })
      const { shortcut, root } = plan
      const isOnlyShortcut =
        shortcut !== undefined &&
        root.kind === 'Route' &&
        root.routing === shortcut.routing &&
        root.query === shortcut.query
      return [
        `Query${flags}`,
        ...(shortcut === undefined
          ? []
          : indent([`Shortcut ${printRouting(shortcut.routing)}`, ...textLines(shortcut.query)])),
        ...(isOnlyShortcut ? [] : indent(primitiveLines(root))),
      ]
    }
    case 'Write': {
      const { singleShardOnly, replicated, reserves, userVariables } = plan
      const flags = printFlags({
        replicated: replicated === true,
        reserves: reserves === true,
        variables: userVariables,
        ...(singleShardOnly === undefined ? {} : { singleShardOnly }),
      })
      return [`Write ${plan.verb} ${printRouting(plan.routing)}${flags}`, ...textLines(plan.query)]
    }
    case 'Insert':
      return insertLines(plan)
    case 'Ddl':
      return [
        `Ddl ${printRouting(plan.routing)} tables=[${plan.tables.join(', ')}]`,
        ...textLines(plan.query),
      ]
    case 'Session':
      return ['Session']
    case 'Unsupported':
      return [`Unsupported: ${plan.construct}`]
    default:
      return unreachable(plan)
  }
}

function insertLines(plan: InsertPlan): readonly string[] {
  const columns = plan.vindexColumns.map(({ column, offset }) => `${column}@${offset}`).join(', ')
  const { autoIncrement: auto } = plan
  const sequence =
    auto === undefined
      ? ''
      : ` sequence=${auto.sequence.keyspace}.${auto.sequence.table}>${auto.column}@${auto.offset}${auto.appended ? ' appended' : ''}`
  const flags = printFlags({ ignore: plan.ignore, variables: plan.userVariables })
  return [
    `Insert ${plan.verb} keyspace=${plan.keyspace} table=${plan.table} vindex=${plan.vindex.name} columns=[${columns}] width=${plan.columnCount}${sequence}${flags}`,
    `  head: ${printTemplate(plan.head)}`,
    ...(plan.rows.kind === 'Slot'
      ? [`  rows: ::${plan.rows.slot}`]
      : plan.rows.rows.map(
          ({ cells }) =>
            `  row: (${cells.map(({ text, value }) => (value === undefined ? printTemplate(text) : `${printTemplate(text)}=${printValue(value)}`)).join(', ')})`,
        )),
    ...(plan.tail.length === 0 ? [] : [`  tail: ${printTemplate(plan.tail)}`]),
  ]
}

function primitiveLines(node: Primitive): readonly string[] {
  switch (node.kind) {
    case 'Route':
      return [
        `Route ${printRouting(node.routing)}${printKeys(' order', node.orderBy)}`,
        ...textLines(node.query),
      ]
    case 'Limit': {
      const offset = node.offset === undefined ? '' : ` offset=${printValue(node.offset)}`
      const count = node.count === undefined ? '' : ` count=${printValue(node.count)}`
      return [`Limit${count}${offset}`, ...indent(primitiveLines(node.input))]
    }
    case 'Aggregate': {
      const aggregates = node.aggregates.map(printAggregate).join(', ')
      return [
        `Aggregate [${aggregates}]${printKeys(' group', node.groupBy)}`,
        ...indent(primitiveLines(node.input)),
      ]
    }
    case 'Distinct':
      return [`Distinct${printKeys(' keys', node.keys)}`, ...indent(primitiveLines(node.input))]
    case 'Sort':
      return [`Sort${printKeys(' keys', node.keys)}`, ...indent(primitiveLines(node.input))]
    case 'Filter':
      return [`Filter ${printPredicate(node.predicate)}`, ...indent(primitiveLines(node.input))]
    case 'Truncate':
      return [`Truncate drop=${node.drop}`, ...indent(primitiveLines(node.input))]
    case 'Concatenate':
      return ['Concatenate', ...node.inputs.flatMap((input) => indent(primitiveLines(input)))]
    case 'Sequence': {
      const count = node.count === undefined ? '1' : printValue(node.count)
      return [`Sequence keyspace=${node.keyspace} table=${node.table} count=${count}`]
    }
    case 'Unsupported':
      return [`Unsupported: ${node.construct}`]
    default:
      return unreachable(node)
  }
}

export function printRouting(routing: Routing): string {
  const head = `${routing.kind} keyspace=${routing.keyspace}`
  switch (routing.kind) {
    case 'SystemSchema':
      return `${routing.kind} keyspace=${routing.keyspace} schemas=[${routing.schemas.map(printValue).join(', ')}]`
    case 'Unsharded':
    case 'AnyShard':
    case 'None':
    case 'Scatter':
      return head
    case 'Union':
      return `${head} of (${routing.parts.map(printRouting).join('; ')})`
    case 'Shard':
      return `${head} shard=${routing.shard}`
    case 'Pinned':
      return `${head} id=${Buffer.from(routing.keyspaceId).toString('hex')}`
    case 'Equal':
      return `${head} vindex=${routing.vindex.name} values=${printValues(routing.values)}`
    case 'In':
      return `${head} vindex=${routing.vindex.name} list=${printList(routing.list)}`
    case 'MultiEqual':
      return `${head} vindex=${routing.vindex.name} tuples=[${routing.tuples.map(printValues).join(', ')}]`
    case 'Product':
      return `${head} vindex=${routing.vindex.name} lists=[${routing.lists.map(printList).join(', ')}]`
    default:
      return unreachable(routing)
  }
}

function textLines(query: QueryText): readonly string[] {
  return [query.kind === 'Verbatim' ? '  verbatim' : `  query: ${printTemplate(query.template)}`]
}

function printTemplate(template: QueryTemplate): string {
  return template
    .map((piece) => {
      if (typeof piece === 'string') return Buffer.from(piece, 'latin1').toString('utf8')
      if ('slot' in piece) return `:${piece.slot}`
      if ('param' in piece) return `?${piece.param}`
      if ('session' in piece) return `{${piece.session}}`
      if ('item' in piece) {
        const name = piece.name.map((part) => (typeof part === 'string' ? part : `:${part.slot}`)).join('')
        return `${printTemplate(piece.item)} AS \`${name}\``
      }
      return `{${printValue(piece.limitSum[0])} + ${printValue(piece.limitSum[1])}}`
    })
    .join('')
}

function printValue(value: PlanValue): string {
  if (value.kind === 'Negated') return `-${printValue(value.value)}`
  const nullSafe = value.nullSafe === true ? ' or null' : ''
  switch (value.kind) {
    case 'Slot':
      return `:${value.slot}${nullSafe}`
    case 'Param':
      return `?${value.param}${nullSafe}`
    case 'Session':
      return `{${value.session}}${nullSafe}`
    case 'Constant':
      return value.value.type === 'NULL'
        ? `NULL${nullSafe}`
        : `${Buffer.from(value.value.bytes).toString('utf8')}${nullSafe}`
    default:
      return unreachable(value)
  }
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
    default:
      return unreachable(list)
  }
}

function printKeys(label: string, keys: readonly SortKey[]): string {
  return keys.length === 0 ? '' : `${label}=[${keys.map(printKey).join(', ')}]`
}

function printKey({ column, weight, pad, descending }: SortKey): string {
  return `${column}${printWeight(weight, pad)}${descending ? ' desc' : ''}`
}

function printWeight(weight: number | undefined, pad: number | undefined): string {
  if (weight === undefined) return ''
  return pad === undefined ? ` by ${weight}` : ` by ${weight} pad ${pad}`
}

function printAggregate(aggregate: AggregateColumn): string {
  const name = `${aggregate.kind}(${aggregate.column}`
  switch (aggregate.kind) {
    case 'Sum':
    case 'Count':
      return `${name})`
    case 'Min':
    case 'Max':
      return `${name}${printWeight(aggregate.weight, aggregate.pad)})`
    case 'Avg':
      return `${name} of ${aggregate.sum} / ${aggregate.count})`
    case 'CountDistinct':
    case 'SumDistinct':
    case 'AvgDistinct':
      return `${name} of ${printKey(aggregate.value)})`
    default:
      return unreachable(aggregate)
  }
}

function printPredicate(predicate: Predicate): string {
  if (predicate.kind === 'Compare')
    return `${predicate.column} ${predicate.op} ${printValue(predicate.value)}`
  return `(${predicate.parts.map(printPredicate).join(` ${predicate.kind.toLowerCase()} `)})`
}

interface Flags {
  readonly locks?: boolean
  readonly reserves?: boolean
  readonly replicated?: boolean
  readonly ignore?: boolean
  readonly singleShardOnly?: string
  readonly variables: readonly string[]
}

function printFlags({ variables, ...flags }: Flags): string {
  const named = Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [name] : typeof value === 'string' ? [`${name}='${value}'`] : [],
  )
  const all = variables.length === 0 ? named : [...named, `variables=[${variables.join(', ')}]`]
  return all.map((flag) => ` ${flag}`).join('')
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}
