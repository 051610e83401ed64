import { SqlError } from '../errors/sql-error.ts'
import type { RunDdl } from '../plan/write-primitives.ts'
import type { RunContext } from './run-context.ts'

/**
 * CREATE TABLE … LIKE a table of another keyspace, which no server of this one has: the statement that makes it as SHOW CREATE TABLE
 * tells of the other. As LIKE has it, foreign keys stay behind, and MySQL names checks after the new table.
 * Source: MySQL manual, "CREATE TABLE ... LIKE Statement".
 */
export async function definedLike(ddl: RunDdl, { port, bindings }: RunContext): Promise<RunDdl> {
  const { like } = ddl
  if (like === undefined) return ddl
  const { keyspace, name } = like
  const definition = await port.definition(keyspace, 0, { kind: 'TABLE', name })
  if (definition === undefined)
    throw new SqlError('ER_NO_SUCH_TABLE', `Table '${keyspace}.${name}' doesn't exist`)
  if (!definition.startsWith('CREATE TABLE'))
    throw new SqlError('ER_WRONG_OBJECT', `'${keyspace}.${name}' is not BASE TABLE`)
  const body = bodyOf(definition, bindings.isMariadb)
  return { ...ddl, query: { kind: 'Template', template: [`${like.head} ${body}`] } }
}

/** Both servers write each column, key and constraint on a line of its own. */
function bodyOf(definition: string, isMariadb: boolean): string {
  const [, ...lines] = definition.split('\n')
  const end = lines.findIndex((line) => line.startsWith(')'))
  const parts = lines
    .slice(0, end)
    .map((line) => line.replace(/,$/, ''))
    .filter((line) => !FOREIGN_KEY.test(line))
    .map((line) => (isMariadb ? line : line.replace(NAME_OF_CHECK, '  CHECK (')))
  return `(\n${parts.join(',\n')}\n${lines.slice(end).join('\n')}`
}

const NAME = '(?:`(?:[^`]|``)+`|"(?:[^"]|"")+")'
const FOREIGN_KEY = new RegExp(`^  CONSTRAINT ${NAME} FOREIGN KEY `)
const NAME_OF_CHECK = new RegExp(`^  CONSTRAINT ${NAME} CHECK \\(`)
