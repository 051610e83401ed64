import type { Clock } from '../../base/clock.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import { routingsIn } from '../../plan/routings-in.ts'
import { scan as scanText } from '../../sql/fingerprint.ts'
import type { Scan } from '../../sql/scan.ts'
import { DEFAULT_SQL_MODE } from '../../sql/sql-mode.ts'
import type { Logger } from '../../telemetry/log.ts'
import { likeMatcher } from '../show/like.ts'
import type { PlanTrait, QueryRule, RuleConditions } from './parse-rules.ts'

/** Who sends a statement, and what it says of itself. */
export interface Sender {
  readonly user: string
  readonly host: string
  readonly workload: string | undefined
}

interface ActiveRule extends QueryRule {
  matched: number
  /** Of a throttle. */
  readonly statements: TokenBucket | undefined
}

/**
 * Rules about statements: refuse, log, give a deadline, throttle. What a rule says of the statement itself is asked once for each plan,
 * so that a statement without a rule pays for one look-up; what it says of the sender is asked each time.
 *
 * Forms are compared by LIKE and not by regular expressions, for there is no pattern that takes it longer than the product of the
 * two lengths.
 */
export class QueryRules {
  readonly #rules: readonly ActiveRule[]
  readonly #keys: ReadonlyMap<string, string>
  readonly #byPlan = new WeakMap<Plan, readonly ActiveRule[]>()
  readonly #clock: Clock
  readonly #log: Logger

  constructor(rules: readonly QueryRule[], { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = clock
    this.#log = log
    this.#rules = rules.map((rule) => {
      const { action } = rule
      const statements =
        action.kind === 'throttle' ? new TokenBucket(action.perSecond, clock.now()) : undefined
      return { ...rule, matched: 0, statements }
    })
    this.#keys = new Map(
      rules.flatMap(({ conditions: { statement } }) =>
        statement === undefined ? [] : [[statement, keyOf(statement)] as const],
      ),
    )
  }

  /** How often each has met a statement. */
  get counts(): readonly { readonly rule: string; readonly action: string; readonly matched: number }[] {
    return this.#rules.map(({ name, action, matched }) => ({ rule: name, action: action.kind, matched }))
  }

  /** Does what the rules say of a statement; answers the shortest time that it may take. Throws 1227 and 1203. */
  apply(plan: Plan, scan: Scan, sender: Sender): number | undefined {
    const rules = this.#of(plan, scan)
    if (rules.length === 0) return undefined
    let timeoutMs: number | undefined
    for (const rule of rules) {
      if (!isFrom(sender, rule.conditions)) continue
      rule.matched++
      const { action, name } = rule
      if (action.kind === 'refuse') throw refused(rule)
      if (action.kind === 'throttle') {
        if (!rule.statements!.take(this.#clock.now())) throw throttled(rule, action.perSecond)
      } else if (action.kind === 'timeout')
        timeoutMs = Math.min(timeoutMs ?? action.timeoutMs, action.timeoutMs)
      else this.#log.info('query rule', { rule: name, ...sender, statement: scan.key.slice(0, LOGGED_CHARS) })
    }
    return timeoutMs
  }

  #of(plan: Plan, scan: Scan): readonly ActiveRule[] {
    let rules = this.#byPlan.get(plan)
    if (rules === undefined) {
      const traits = traitsOf(plan)
      rules = this.#rules.filter(({ conditions }) => this.#isAbout(conditions, { plan, scan, traits }))
      this.#byPlan.set(plan, rules)
    }
    return rules
  }

  #isAbout(
    { statement, like, verbs, plans, tables }: RuleConditions,
    of: { readonly plan: Plan; readonly scan: Scan; readonly traits: ReadonlySet<PlanTrait> },
  ): boolean {
    const { key, kind } = of.scan
    if (statement !== undefined && this.#keys.get(statement) !== key) return false
    if (like !== undefined && !likeMatcher(`'${like}'`)(key)) return false
    if (verbs !== undefined && !verbs.includes(kind)) return false
    if (plans?.some((trait) => of.traits.has(trait)) === false) return false
    if (tables === undefined) return true
    const named = of.plan.needs?.tables ?? []
    const matchers = tables.map((pattern) => likeMatcher(`'${pattern.replaceAll('_', '\\_')}'`))
    return named.some(({ keyspace, table }) => matchers.some((matches) => matches(`${keyspace}.${table}`)))
  }
}

const LOGGED_CHARS = 1_024

function keyOf(statement: string): string {
  return scanText(statement, DEFAULT_SQL_MODE, SERVER_VERSION).key
}

/** Of a rule's own statement, in which no versioned comment matters. */
const SERVER_VERSION = 80_400

function traitsOf(plan: Plan): ReadonlySet<PlanTrait> {
  const traits = new Set<PlanTrait>()
  const { kind } = plan.root
  if (kind === 'Federate' || kind === 'WriteOverCopies') traits.add('federation')
  if (routingsIn(plan).some((routing) => routing.kind === 'Scatter')) traits.add('scatter')
  return traits
}

function isFrom({ user, host, workload }: Sender, { users, clients, workloads }: RuleConditions): boolean {
  if (users?.includes(user) === false) return false
  if (workloads !== undefined && (workload === undefined || !workloads.includes(workload))) return false
  return clients === undefined || clients.check(host, host.includes(':') ? 'ipv6' : 'ipv4')
}

function refused({ name, description }: QueryRule): SqlError {
  const why = description === '' ? '' : `: ${description}`
  return new SqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', `disallowed due to rule: ${name}${why}`)
}

function throttled({ name }: QueryRule, perSecond: number): SqlError {
  return new SqlError(
    'ER_TOO_MANY_USER_CONNECTIONS',
    `throttled by rule: ${name} (${perSecond} statements a second)`,
  )
}
