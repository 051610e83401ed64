import { groupBy } from '../../base/group-by.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { printPlan } from '../../plan/print-plan.ts'
import type { Statement, VExplain } from '../../sql/ast.ts'
import type { Replies } from '../commands/replies.ts'
import { numberColumn, textColumn } from '../show/columns.ts'
import type { Execution } from './execution.ts'
import { type ExplainedPart, explainParts, explainQuery } from './explain-parts.ts'
import { placeValues } from './place-values.ts'
import { recordedRun, type SentQuery } from './recorded-run.ts'
import type { RunContext } from './run-statement.ts'
import { statementKeys } from './statement-keys.ts'
import type { StatementReader } from './statement-reader.ts'
import { textExecution } from './text-execution.ts'

export interface VExplainContext extends RunContext {
  readonly reader: StatementReader
  readonly replies: Replies
}

type Asked = Pick<VExplain, 'mode' | 'statement'>

/**
 * VEXPLAIN, vtgate's way to ask about plans:
 *
 *   PLAN       the plan, not run (also EXPLAIN FORMAT=VITESS)
 *   QUERIES    runs the statement: what each shard was sent
 *   ALL        the same, with what each shard makes of it (its EXPLAIN, as JSON)
 *   TRACE      runs it: the plan, and of each of its queries how often it was sent, to how many shards, and their rows
 *   KEYS       which columns it filters, joins and groups by, not run
 *   MYSQLPLAN  what each shard would make of its part, not run
 *   RULES      how the planner came to its plan (ours)
 */
export async function vexplain(context: VExplainContext, asked: Asked, sql: string): Promise<void> {
  const { reader, replies } = context
  const { mode = 'PLAN', statement } = asked
  const text = sql.slice(statement.span.start, statement.span.end)
  const { current } = reader
  switch (mode) {
    case 'PLAN':
      return lines(replies, 'Plan', printPlan(current.planOf(text, current.scan(text))))
    case 'RULES':
      return lines(replies, 'Rules', current.traceOf(text, current.scan(text)).join('\n'))
    case 'KEYS':
      return document(replies, statementKeys(current.parse(text)))
    case 'MYSQLPLAN': {
      const execution = textExecution(current, text)
      await placeValues(context, execution)
      const parts = await explainParts(context, EXPLAIN_JSON, execution)
      return explained(replies, parts)
    }
    case 'QUERIES':
    case 'ALL':
    case 'TRACE': {
      requireRun(statement, text)
      const execution = textExecution(current, text)
      const sent = await recordedRun(context, execution)
      if (mode === 'TRACE') return document(replies, traceOf(context, execution, sent))
      if (mode === 'QUERIES') return queries(context, sent)
      return explained(replies, await explainSent(context, sent, execution.plan.userVariables))
    }
  }
}

const EXPLAIN_JSON = 'EXPLAIN FORMAT=JSON '

/** Who asks about a change does not always mean to make it. */
function requireRun({ kind }: Statement, text: string): void {
  if (READS.has(kind) || /\/\*vt\+[^*]*\bEXECUTE_DML_QUERIES\b/i.test(text)) return
  throw new SqlError(
    'ER_UNKNOWN_ERROR',
    'VT09008: vexplain queries/all will actually run queries: say so with /*vt+ EXECUTE_DML_QUERIES */ behind the first word of the statement',
  )
}

const READS: ReadonlySet<Statement['kind']> = new Set<Statement['kind']>([
  ...(['Select', 'SetOperation', 'ValuesQuery', 'TableQuery', 'NestedQuery'] as const),
])

function lines(replies: Replies, title: string, text: string): void {
  const rows = text.trimEnd().split('\n')
  replies.resultSet({ columns: [textColumn(title, 1024)], rows: rows.map((line) => [Buffer.from(line)]) })
}

function document(replies: Replies, value: unknown): void {
  const text = Buffer.from(JSON.stringify(value, undefined, 2))
  replies.resultSet({ columns: [textColumn('JSON', 65_535)], rows: [[text]] })
}

const QUERY_COLUMNS = [
  numberColumn('#'),
  textColumn('keyspace'),
  textColumn('shard'),
  textColumn('query', 65_535),
]

function queries(context: VExplainContext, sent: readonly SentQuery[]): void {
  const rows = sent.map(({ keyspace, shard, sql, call }) =>
    [String(call), keyspace, nameOf(context, keyspace, shard), sql].map((cell) => Buffer.from(cell)),
  )
  context.replies.resultSet({ columns: QUERY_COLUMNS, rows })
}

function explained(replies: Replies, parts: readonly ExplainedPart[]): void {
  const rows = parts.map(({ keyspace, name, query, rows: told }, i) => [
    ...[String(i), keyspace, name, query].map((cell) => Buffer.from(cell)),
    told[0]?.[0] ?? null,
  ])
  replies.resultSet({ columns: [...QUERY_COLUMNS, textColumn('explain', 65_535)], rows })
}

async function explainSent(
  context: VExplainContext,
  sent: readonly SentQuery[],
  variables: readonly string[],
): Promise<readonly ExplainedPart[]> {
  const asked = sent.map(({ keyspace, shard, sql }) => {
    const query = Buffer.from(sql).latin1Slice()
    return explainQuery(context, { keyspace, shard, head: EXPLAIN_JSON, query }, variables)
  })
  return await Promise.all(asked)
}

/** The plan, and its queries by their text, in the words of vtgate's. */
function traceOf(context: VExplainContext, { plan }: Execution, sent: readonly SentQuery[]): unknown {
  const byText = groupBy(sent, ({ keyspace, sql }) => `${keyspace} ${sql}`)
  const traced = [...byText.values()].map((all) => {
    const rows = all.map((each) => each.rows).sort((a, b) => a - b)
    return {
      Keyspace: all[0]!.keyspace,
      Query: all[0]!.sql,
      NoOfCalls: new Set(all.map(({ call }) => call)).size,
      ShardsQueried: all.length,
      Shards: [...new Set(all.map(({ keyspace, shard }) => nameOf(context, keyspace, shard)))],
      AvgNumberOfRows: rows.reduce((total, each) => total + each, 0) / rows.length,
      MedianNumberOfRows: rows[rows.length >> 1],
    }
  })
  return { Plan: printPlan(plan).split('\n'), Queries: traced }
}

function nameOf({ shards }: VExplainContext, keyspace: string, shard: number): string {
  return shards.of(keyspace).shards[shard]!.name
}
