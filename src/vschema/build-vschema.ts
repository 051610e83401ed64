import type { VindexDeps } from '../vindex/vindex.ts'
import { type BuiltKeyspace, buildKeyspace } from './build-keyspace.ts'
import { foreignKeyProblems, resolveForeignKeys } from './foreign-keys.ts'
import { collectGlobalTables } from './global-tables.ts'
import type {
  ColumnSource,
  KeyspaceSchema,
  Table,
  TableResolution,
  TabletTypeName,
  VSchema,
} from './model.ts'
import type { RoutingRuleRecord, ShardRoutingRuleRecord } from './records.ts'
import { resolveReferences } from './references.ts'
import { resolutionError } from './resolution-error.ts'
import { RoutingRules } from './routing-rules.ts'
import { TableFinder } from './table-finder.ts'
import { splitTableName } from './table-name.ts'
import { keyspaceOfUnnamed, problemOfDefault } from './unnamed-tables.ts'

export interface VSchemaSource {
  /** VSchema of each keyspace as parsed JSON; `{}` for a keyspace that has none, which makes it unsharded. */
  readonly keyspaces: ReadonlyMap<string, unknown>
  readonly routingRules?: readonly RoutingRuleRecord[]
  readonly shardRoutingRules?: readonly ShardRoutingRuleRecord[]
}

export interface VSchemaOptions {
  readonly deps: VindexDeps
  /** What is known of the columns in the databases; built anew when that changes. */
  readonly columns?: ColumnSource
  /** The keyspace that is to be `VSchema.defaultUnsharded`. */
  readonly defaultUnsharded?: string | undefined
}

/**
 * Makes the VSchema of all keyspaces. Never throws for what is wrong in it: a table with a mistake, or with a vindex that
 * has one, cannot be used, all others can. Only what concerns a keyspace as a whole keeps all of its tables from use.
 */
export function buildVSchema(source: VSchemaSource, options: VSchemaOptions): VSchema {
  const keyspaces = new Map<string, BuiltKeyspace>()
  for (const name of [...source.keyspaces.keys()].sort()) {
    keyspaces.set(name, buildKeyspace(name, source.keyspaces.get(name), options.deps, options.columns))
  }
  const built = [...keyspaces.values()]
  const finder = new TableFinder(keyspaces, collectGlobalTables(built))
  resolveReferences(built, finder)
  const rules = new RoutingRules(source.routingRules ?? [], finder)
  for (const keyspace of built) {
    resolveSequences(keyspace, finder, rules)
    resolveForeignKeys(keyspace)
  }
  return new CompleteVSchema(built, finder, rules, source.shardRoutingRules ?? [], options)
}

/** Everything that is wrong with one keyspace's VSchema, other keyspaces aside: references and sequences that lie in them are not looked at. */
export function validateKeyspace(name: string, json: unknown, deps: VindexDeps): readonly string[] {
  return problemsOf(buildKeyspace(name, json, deps, undefined))
}

/** Sequences obey routing rules too. */
function resolveSequences(keyspace: BuiltKeyspace, finder: TableFinder, rules: RoutingRules): void {
  for (const [name, record] of keyspace.record.tables) {
    const table = keyspace.tables.get(name)
    if (record.autoIncrement === undefined || table === undefined) continue
    const { column, sequence } = record.autoIncrement
    const parts = splitTableName(sequence)
    const found: TableResolution =
      parts === undefined
        ? { kind: 'broken', message: `invalid table name: '${sequence}'` }
        : (rules.find(parts.keyspace, parts.table, 'primary') ?? finder.find(parts.keyspace, parts.table))
    if (found.kind === 'found') {
      table.autoIncrement = { column, sequence: { keyspace: found.table.keyspace, table: found.table.name } }
    } else {
      table.problems.push(`cannot resolve sequence ${sequence}: ${reason(found)}`)
    }
  }
}

function reason(resolution: Exclude<TableResolution, { kind: 'found' }>): string {
  if (resolution.kind === 'unknownTable') return `table ${resolution.table} not found`
  if (resolution.kind === 'unknownKeyspace')
    return `VT05003: unknown database '${resolution.keyspace}' in vschema`
  return resolutionError(resolution).message
}

class CompleteVSchema implements VSchema {
  readonly keyspaces: ReadonlyMap<string, KeyspaceSchema>
  readonly defaultUnsharded?: string
  readonly problems: readonly string[]
  readonly unknownFields: readonly string[]
  readonly #tableErrors: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly #finder: TableFinder
  readonly #rules: RoutingRules
  readonly #shardRules: ReadonlyMap<string, string>
  readonly #columns: ColumnSource | undefined

  constructor(
    built: readonly BuiltKeyspace[],
    finder: TableFinder,
    rules: RoutingRules,
    shardRules: readonly ShardRoutingRuleRecord[],
    { columns, defaultUnsharded }: VSchemaOptions,
  ) {
    this.#columns = columns
    this.keyspaces = new Map(built.map((keyspace) => [keyspace.schema.name, completed(keyspace)]))
    const unusable =
      defaultUnsharded === undefined ? undefined : problemOfDefault(defaultUnsharded, this.keyspaces)
    if (defaultUnsharded !== undefined && unusable === undefined) this.defaultUnsharded = defaultUnsharded
    this.problems = [
      ...built.flatMap(problemsOf),
      ...rules.problems,
      ...(unusable === undefined ? [] : [unusable]),
    ]
    this.unknownFields = built.flatMap(({ unknownFields }) => unknownFields)
    this.#tableErrors = new Map(built.map((keyspace) => [keyspace.schema.name, tableErrors(keyspace)]))
    this.#finder = finder
    this.#rules = rules
    this.#shardRules = new Map(
      shardRules.map((rule) => [`${rule.fromKeyspace}.${rule.shard}`, rule.toKeyspace]),
    )
  }

  findTable(keyspace: string | undefined, table: string, tabletType: TabletTypeName): TableResolution {
    const found = this.#find(keyspace, table, tabletType)
    const owner = found.kind === 'found' ? found.table.keyspace : keyspace
    const keyspaceError = owner === undefined ? undefined : this.keyspaces.get(owner)?.error
    const error = keyspaceError ?? (found.kind === 'found' ? this.#tableError(found.table) : undefined)
    if (error !== undefined) return { kind: 'broken', message: error }
    return found.kind === 'unknownTable' && this.#isAbsent(found) ? { ...found, absent: true } : found
  }

  #find(keyspace: string | undefined, table: string, tabletType: TabletTypeName): TableResolution {
    const found = this.#rules.find(keyspace, table, tabletType) ?? this.#finder.find(keyspace, table)
    if (found.kind !== 'unknownTable') return found
    const other = keyspaceOfUnnamed(this, keyspace, table)
    return other === undefined ? found : this.#finder.find(other, table)
  }

  /** Of a keyspace that has not been read nothing is known. */
  #isAbsent({ keyspace, table }: Extract<TableResolution, { kind: 'unknownTable' }>): boolean {
    if (keyspace === undefined || this.#columns === undefined) return false
    const names = new Set(this.#columns.tablesOf(keyspace))
    return names.size > 0 && !names.has(table)
  }

  #tableError({ keyspace, name }: Table): string | undefined {
    return this.#tableErrors.get(keyspace)?.get(name)
  }

  keyspaceOfShard(keyspace: string, shard: string): string {
    return this.#shardRules.get(`${keyspace}.${shard}`) ?? keyspace
  }
}

function completed({ schema, problems }: BuiltKeyspace): KeyspaceSchema {
  return problems.length === 0 ? schema : { ...schema, error: problems.join('; ') }
}

/** By table, what keeps it from use: its own mistakes, and those of its vindexes. */
function tableErrors({ tables, record, vindexProblems }: BuiltKeyspace): ReadonlyMap<string, string> {
  const errors = [...tables].map(([name, { problems }]) => {
    const vindexes = record.tables.get(name)?.columnVindexes ?? []
    return [
      name,
      [...problems, ...vindexes.flatMap((v) => vindexProblems.get(v.name) ?? [])].join('; '),
    ] as const
  })
  return new Map(errors.filter(([, error]) => error !== ''))
}

/** Everything that is wrong in a keyspace, each with its place. */
function problemsOf({ schema, tables, problems, vindexProblems }: BuiltKeyspace): string[] {
  const { name } = schema
  return [
    ...problems,
    ...foreignKeyProblems(tables.values()).map((t) => placed(name, '', t)),
    ...[...vindexProblems.values()].flatMap((texts) => texts.map((t) => placed(name, '', t))),
    ...[...tables].flatMap(([table, draft]) =>
      draft.problems.map((t) => placed(name, `.tables.${table}`, t)),
    ),
  ]
}

/** Problems found in the JSON begin with their path already. */
function placed(keyspace: string, place: string, problem: string): string {
  return problem.startsWith(`${keyspace}.`) ? problem : `${keyspace}${place}: ${problem}`
}
