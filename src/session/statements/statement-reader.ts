import { SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Statement } from '../../sql/ast.ts'
import { blanksToSpaces } from '../../sql/charset-blanks.ts'
import { scan } from '../../sql/fingerprint.ts'
import { normalize, type ParseOptions, parseStatement } from '../../sql/parse.ts'
import type { Scan } from '../../sql/scan.ts'
import { trimText } from '../../sql/trim-text.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { SessionFunctionContext } from '../settings/session-functions.ts'
import { sessionFunction } from '../settings/session-functions.ts'
import type { Target } from '../settings/target.ts'
import type { PlanCache } from './plan-cache.ts'
import { planStatement } from './plan-statement.ts'
import { StatementBindings, type StatementText } from './statement-bindings.ts'

export interface StatementReaderContext extends SessionFunctionContext {
  readonly proxy: Pick<
    ProxyContext,
    'gateway' | 'vschema' | 'generation' | 'plansOf' | 'serverVersionNumber' | 'isMariadb'
  >
}

/** Reads texts as the session means them, by its sql_mode, character set and target, and finds or makes their plans. */
export class StatementReader {
  readonly #context: StatementReaderContext
  #known:
    | {
        readonly generation: number
        readonly target: Target
        readonly sqlMode: number
        readonly plans: PlanCache
      }
    | undefined

  constructor(context: StatementReaderContext) {
    this.#context = context
  }

  get options(): ParseOptions {
    const { state, proxy } = this.#context
    return { mode: state.sqlMode, serverVersion: proxy.serverVersionNumber }
  }

  /** The text of a COM_QUERY or COM_STMT_PREPARE, as the server reads it. */
  clientText(payload: Buffer): string {
    return trimText(blanksToSpaces(payload.latin1Slice(1), this.#context.state.charset, this.options))
  }

  scan(sql: string): Scan {
    const { state, proxy } = this.#context
    return scan(sql, state.sqlMode, proxy.serverVersionNumber)
  }

  parse(sql: string): Statement {
    return parseStatement(sql, this.options)
  }

  /** Parses a text that is not prepared, for its error: 1064 at a `?`. */
  checkPlain(sql: string): void {
    parseStatement(sql, { ...this.options, allowParams: false })
  }

  /** Several statements where one is expected: 1064 near the second, as MySQL has it. */
  refuseSeveral(sql: string): never {
    this.parse(sql)
    throw new SqlError(
      'ER_PARSE_ERROR',
      'You have an error in your SQL syntax; several statements at once are off',
    )
  }

  planOf(sql: string, scan: Scan): Plan {
    const plans = this.#plans()
    const known = plans.get(scan.key)
    if (known !== undefined) return known
    const { statement, isShared } = normalize(sql, scan, this.options)
    const plan = planStatement(this.#context, statement, { sql, scan })
    if (isShared && isCacheable(scan)) plans.set(scan.key, plan)
    return plan
  }

  bindingsOf(sql: string, scan: Scan): StatementBindings {
    return new StatementBindings(this.textOf(sql, scan), this.sessionText)
  }

  textOf(sql: string, scan: Scan): StatementText {
    const { state } = this.#context
    return { sql, scan, mode: state.sqlMode, charset: state.charset }
  }

  /** What the session answers for functions about itself, as SQL text. */
  readonly sessionText = (name: string): string => sessionFunction(this.#context, name)

  #plans(): PlanCache {
    const { proxy, state } = this.#context
    const { generation } = proxy
    const { target, sqlMode } = state
    const known = this.#known
    if (known?.generation === generation && known.target === target && known.sqlMode === sqlMode)
      return known.plans
    const plans = proxy.plansOf(target, sqlMode)
    this.#known = { generation, target, sqlMode, plans }
    return plans
  }
}

/**
 * Plans of one-off texts would only push others out of the cache. An empty key is no statement's: comments and a lone `;`,
 * an error, have it alike.
 */
function isCacheable(scan: Scan): boolean {
  return scan.key !== '' && scan.key.length < PLAN_KEY_BYTES_MAX
}

const PLAN_KEY_BYTES_MAX = 64 * 1024
