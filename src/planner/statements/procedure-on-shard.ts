import { decodeBinary, unquote } from '../../sql/text.ts'
import type { Table } from '../../vschema/model.ts'
import type { PlanContext } from '../plan-context.ts'
import { sessionFunctions, sessionVariables } from '../session-names.ts'
import { type BodyToken, isOutside, programWords } from './program-words.ts'

/**
 * Why a procedure of a sharded keyspace cannot run on any one of its shards as it would on one server; undefined where it can: it
 * reads reference tables, or none. Judged by the words of its body, which errs towards refusing.
 */
export function procedureObstacle(body: string, keyspace: string, context: PlanContext): string | undefined {
  if (body === '') return "its text is not shown to the proxy's account"
  const words = programWords(body, context)
  const readsTables = words.some(isReading)
  for (const [at, word] of words.entries()) {
    const next = words[at + 1]
    if (OF_SESSION.has(word.bare) || isOfSession(word, next)) return `its body has ${word.bare}`
    if (isReading(word)) {
      const table = next && tableNamed(next, keyspace, context)
      const isFree = next?.text === '(' || next?.bare === 'DUAL'
      if (!isFree && (!isReference(table) || words[at + 2]?.text === '.'))
        return `it reads ${next?.text ?? 'tables'}, and a shard has its own rows`
    } else if (isOutside(word, next)) return `its body has ${word.bare}`
    else if (readsTables) {
      const table = tableNamed(word, keyspace, context)
      if (table !== undefined && !isReference(table))
        return `it names ${word.text}, and a shard has its own rows`
    }
  }
  const { writing } = context.vschema.keyspaces.get(keyspace)?.programs ?? {}
  const caller = words.find(({ text }) => writing?.has(text.toLowerCase()) === true)
  return caller && `its body names ${caller.text}, which may write`
}

function isReading({ bare }: BodyToken): boolean {
  return bare === 'FROM' || bare === 'JOIN'
}

/** Statements whose effect or answer is not that of one server. */
const OF_SESSION: ReadonlySet<string> = new Set(
  'COMMIT ROLLBACK SAVEPOINT TRANSACTION XA FLUSH GRANT REVOKE SHOW DESCRIBE EXPLAIN KILL ANALYZE OPTIMIZE AUTOCOMMIT'.split(
    ' ',
  ),
)

const LOCK_FUNCTIONS: ReadonlySet<string> = new Set(
  'GET_LOCK RELEASE_LOCK RELEASE_ALL_LOCKS IS_FREE_LOCK IS_USED_LOCK'.split(' '),
)

/** What the session knows, and a shard does not. */
function isOfSession({ bare }: BodyToken, next: BodyToken | undefined): boolean {
  if (bare === '') return false
  const name = bare.toLowerCase()
  if (name === 'current_user' || sessionVariables.has(name)) return true
  return next?.text === '(' && (sessionFunctions.has(name) || LOCK_FUNCTIONS.has(bare))
}

function tableNamed({ type, text }: BodyToken, keyspace: string, context: PlanContext): Table | undefined {
  if (type !== 'Ident' && type !== 'Quoted') return undefined
  const name = type === 'Quoted' ? unquote(text) : decodeBinary(text)
  const found = context.vschema.findTable(keyspace, name, context.tabletType)
  return found.kind === 'found' ? found.table : undefined
}

function isReference(table: Table | undefined): boolean {
  return table?.type === 'reference' && table.live?.view === undefined && table.isTemporary !== true
}
