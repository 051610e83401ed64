import { unreachable } from '../base/assert.ts'
import type { ForeignKey } from '../values/foreign-key.ts'
import type { Plan } from './plan.ts'
import type { AggregateColumn, JoinRows, Predicate, Primitive, SortKey, TableCopy } from './primitives.ts'
import { printRouting, printTemplate, printValue, textLines } from './print-parts.ts'
import type { QueryText } from './text.ts'
import type {
  ChosenWrite,
  EnteredRows,
  LoadFile,
  OwnedLookup,
  SelectedInsert,
  SplitInsert,
  StagedLoad,
  Upkeep,
} from './write-primitives.ts'

/**
 * A plan as stable text, one node a line, what belongs to it indented below: for golden tests, EXPLAIN and debugging.
 */
export function printPlan(plan: Plan): string {
  return planLines(plan).join('\n')
}

function planLines(plan: Plan): readonly string[] {
  const { root, shortcut } = plan
  switch (root.kind) {
    case 'Write': {
      const { singleShardOnly, replicated = false, setsInsertId = false } = root
      const flags = printFlags({
        replicated,
        setsInsertId,
        reserves: plan.reserves !== undefined,
        temporary: plan.temporary !== undefined,
        variables: plan.userVariables,
        ...(singleShardOnly === undefined ? {} : { singleShardOnly }),
      })
      const several = root.several === undefined ? [] : indent(rowsFirstLines(root.several))
      return [
        `Write ${root.verb} ${printRouting(root.routing)}${flags}`,
        ...textLines(root.query),
        ...several,
      ]
    }
    case 'ChosenWrite':
    case 'SelectedInsert':
      return rowsFirstLines(root)
    case 'Insert':
      return insertLines(root, plan.userVariables)
    case 'LoadFile':
      return loadLines(root, plan.userVariables)
    case 'StagedLoad':
      return stagedLines(root, plan.userVariables)
    case 'Ddl':
      return [
        `Ddl ${printRouting(root.routing)} tables=[${root.tables.join(', ')}]`,
        ...textLines(root.query),
      ]
    case 'WriteOverCopies':
      return [`WriteOverCopies ${printRouting(root.routing)}`, ...indent(primitiveLines(root.copies))]
    case 'CreateSelected':
      return [
        `CreateSelected ${root.verb} ${printRouting(root.ddl.routing)}`,
        ...textLines(root.ddl.query),
        ...(root.defined === undefined ? [] : indent(primitiveLines(root.defined.copies))),
      ]
    case 'LockTables':
      return [
        `LockTables [${root.tables.map(({ database, name }) => `${database}.${name}`).join(', ')}]`,
        ...root.parts.flatMap(({ routing, query }) => indent([printRouting(routing), ...textLines(query)])),
      ]
    case 'Session':
      return ['Session']
    default:
      return root.kind === 'Unsupported' && shortcut === undefined ? primitiveLines(root) : rowsLines(plan)
  }
}

function rowsFirstLines(node: ChosenWrite | SelectedInsert): readonly string[] {
  const { verb, rows, overCopies } = node
  const isInsert = node.kind === 'SelectedInsert'
  return [
    isInsert ? `SelectedInsert ${verb}` : `ChosenWrite ${verb} ${printRouting(node.routing)}`,
    ...indent(primitiveLines(rows)),
    ...(overCopies === undefined ? [] : ['  or over copies']),
    ...(isInsert
      ? indent(insertLines(node.insert, []))
      : [
          ...textLines(node.query),
          ...(node.upkeep === undefined ? [] : indent(upkeepLines(node.upkeep))),
          ...(node.others ?? []).flatMap(rowsFirstLines),
        ]),
  ]
}

function upkeepLines({ lookups, foreignKeys, after, move, oneByOne }: Upkeep): readonly string[] {
  const { own = [], toIt = [] } = foreignKeys ?? {}
  return [
    `Upkeep lookups=[${lookups.map(({ lookup }) => printLookup(lookup)).join(', ')}]${oneByOne ? ' row by row' : ''}`,
    ...(own.length > 0 ? [`  refers by: ${own.map(({ key }) => printForeignKey(key)).join(', ')}`] : []),
    ...(toIt.length > 0
      ? [`  referred to by: ${toIt.map(({ key }) => printForeignKey(key)).join(', ')}`]
      : []),
    ...(after === undefined ? [] : [`  after: ${printText(after)}`]),
    ...(move === undefined ? [] : [`  moved: ${printText(move.rows)}`]),
  ]
}

function printLookup({ vindex, keyspace, table }: OwnedLookup): string {
  return `${vindex.name}>${keyspace}.${table}`
}

function printForeignKey({ child, name, parent }: ForeignKey): string {
  return `${child}.${name}>${parent}`
}

function printText(query: QueryText): string {
  return query.kind === 'Verbatim' ? 'verbatim' : printTemplate(query.template)
}

function enteredLines({ lookups, references = [], met }: EnteredRows): readonly string[] {
  return [
    `  entered: ${lookups.map(({ lookup }) => printLookup(lookup)).join(', ')}`,
    ...(references.length > 0
      ? [`  refers by: ${references.map(({ key }) => printForeignKey(key)).join(', ')}`]
      : []),
    ...(met === undefined ? [] : [`  met: ${printText(met.rows)}`]),
  ]
}

function rowsLines({ root, shortcut, ...plan }: Plan): readonly string[] {
  const flags = printFlags({
    locks: plan.locks,
    reserves: plan.reserves !== undefined,
    setsInsertId: plan.setsInsertId === true,
    variables: plan.userVariables,
  })
  const isOnlyShortcut =
    root.kind === 'Route' && root.routing === shortcut?.routing && root.query === shortcut.query
  return [
    `Query${flags}`,
    ...(shortcut === undefined
      ? []
      : indent([`Shortcut ${printRouting(shortcut.routing)}`, ...textLines(shortcut.query)])),
    ...(isOnlyShortcut ? [] : indent(primitiveLines(root))),
  ]
}

function loadLines(load: LoadFile, variables: readonly string[]): readonly string[] {
  const { keyspace, table, placing, fields, autoIncrement, skippedLines, format } = load
  const columns = placing?.vindexColumns.map(({ column, offset }) => `${column}@${offset}`).join(', ')
  const place =
    placing === undefined ? ' on all shards' : ` vindex=${placing.vindex.name} columns=[${columns}]`
  const { charset, ...terms } = format
  const printed = Object.entries(terms).map(([name, value]) => `${name}=${printValue(value)}`)
  const skipped = skippedLines === undefined ? '' : ` skipping=${printValue(skippedLines)}`
  return [
    `LoadFile keyspace=${keyspace} table=${table}${place}${printSequence(autoIncrement)}${skipped}${printFlags({ variables })}`,
    `  file: ${printValue(load.file)} ${[...(charset === undefined ? [] : [charset]), ...printed].join(' ')}`.trimEnd(),
    `  fields: ${fields.join(', ')}`,
    `  query: ${printTemplate(load.query)}`,
  ]
}

function stagedLines(load: StagedLoad, variables: readonly string[]): readonly string[] {
  const { keyspace, table, file, stage, query, insert } = load
  return [
    `StagedLoad keyspace=${keyspace} table=${table}`,
    `  file: ${printValue(file)}`,
    `  stage: ${stage}`,
    ...textLines(query),
    ...indent(insertLines(insert, variables)),
  ]
}

function printSequence(auto: SplitInsert['autoIncrement']): string {
  if (auto === undefined) return ''
  const { sequence, column, offset, appended } = auto
  return ` sequence=${sequence.keyspace}.${sequence.table}>${column}@${offset}${appended ? ' appended' : ''}`
}

function insertLines(plan: SplitInsert, variables: readonly string[]): readonly string[] {
  const columns = plan.vindexColumns.map(({ column, offset }) => `${column}@${offset}`).join(', ')
  const sequence = printSequence(plan.autoIncrement)
  const flags = printFlags({ ignore: plan.ignore, variables })
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
    ...(plan.verified ?? []).map(
      ({ vindex, column }) => `  verifies: ${vindex.name} ${column.column}@${column.offset}`,
    ),
    ...(plan.entered === undefined ? [] : enteredLines(plan.entered)),
    ...(plan.reads === undefined ? [] : indent(primitiveLines(plan.reads.rows))),
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
    case 'Join': {
      const { how, left, right, columns, isTemporary } = node
      const keys = left.keys.map((key, i) => `${key} = ${right.keys[i]}`).join(', ')
      return [
        `${joinNames[how]} [${keys}] columns=[${columns.map(({ side, column }) => `${side} ${column}`).join(', ')}]${isTemporary ? ' temporary' : ''}`,
        ...[left, right].flatMap(({ rows }) => indent(primitiveLines(rows))),
      ]
    }
    case 'PullOut':
      return [
        `PullOut [${node.subqueries.map(({ use }) => use).join(', ')}]`,
        ...node.subqueries.flatMap(({ rows }) => indent(primitiveLines(rows))),
        ...indent(primitiveLines(node.input)),
      ]
    case 'Sequence': {
      const count = node.count === undefined ? '1' : printValue(node.count)
      return [`Sequence keyspace=${node.keyspace} table=${node.table} count=${count}`]
    }
    case 'Federate':
      return [
        `Federate keyspace=${node.keyspace}`,
        ...node.groups.flatMap(({ name, rows }) =>
          indent([`Groups ${name}`, ...indent(primitiveLines(rows.rows))]),
        ),
        ...node.copies.flatMap((copy) => indent(copyLines(copy))),
        ...textLines(node.query),
      ]
    case 'Unsupported':
      return [`Unsupported: ${node.construct}`]
    case 'Write':
    case 'ChosenWrite':
    case 'SelectedInsert':
    case 'Insert':
    case 'LoadFile':
    case 'StagedLoad':
    case 'Ddl':
    case 'WriteOverCopies':
    case 'CreateSelected':
    case 'LockTables':
    case 'Session':
      return [node.kind] // roots, which `planLines` prints
    default:
      return unreachable(node)
  }
}

function copyLines({ name, rows, shown }: TableCopy): readonly string[] {
  const head = `Copy ${name} of ${shown.keyspace}.${shown.table}`
  if (rows.kind === 'Copied') return [`${head} from ${rows.from}`]
  if (rows.kind === 'None') return [`${head} without rows`]
  const reduced = rows.reduced.flatMap(({ from, column, rows: route }) => [
    `  or by column ${column} of ${from}`,
    ...indent(indent(primitiveLines(route))),
  ])
  return [head, ...indent(primitiveLines(rows.rows)), ...reduced]
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
  readonly temporary?: boolean
  readonly locks?: boolean
  readonly reserves?: boolean
  readonly setsInsertId?: boolean
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

const joinNames: Readonly<Record<JoinRows['how'], string>> = {
  inner: 'Join',
  left: 'LeftJoin',
  semi: 'SemiJoin',
  anti: 'AntiJoin',
}
