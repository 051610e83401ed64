import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/** What a statement must be for a rule to be about it: all of what is given. */
export interface RuleConditions {
  /** A statement of the same form, whatever its literals are. */
  readonly statement?: string | undefined
  /** The form of the statement is LIKE this: literals stand in it as `:int`, `:str` … */
  readonly like?: string | undefined
  /** First words: SELECT, UPDATE … */
  readonly verbs?: readonly string[] | undefined
  readonly plans?: readonly PlanTrait[] | undefined
  /** Patterns `keyspace.table`, `%` for anything: it names one of these. */
  readonly tables?: readonly string[] | undefined
  readonly users?: readonly string[] | undefined
  readonly clients?: BlockList | undefined
  /** As WORKLOAD_NAME says. */
  readonly workloads?: readonly string[] | undefined
}

/** `scatter`: some part of it goes to all shards, whatever its values; `federation`: it is answered over copies of its tables. */
export type PlanTrait = 'scatter' | 'federation'

export type RuleAction =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'log' }
  /** Killed when it takes longer. */
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** Statements a second, of all that the rule is about, in a process; more are refused. */
  | { readonly kind: 'throttle'; readonly perSecond: number }

export interface QueryRule {
  readonly name: string
  readonly description: string
  readonly conditions: RuleConditions
  readonly action: RuleAction
}

const names = z.array(z.string().min(1)).min(1)

const clients = names.transform((addresses, context) => {
  const list = new BlockList()
  for (const address of addresses) {
    const [ip = '', bits] = address.split('/')
    const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4'
    try {
      if (bits === undefined) list.addAddress(ip, family)
      else list.addSubnet(ip, /^\d+$/.test(bits) ? Number(bits) : -1, family)
    } catch {
      context.addIssue({
        code: 'custom',
        message: `expected an address such as 10.0.0.7 or 10.0.0.0/8: ${address}`,
      })
    }
  }
  return list
})

const rule = z
  .strictObject({
    name: z.string().min(1).max(64),
    description: z.string().default(''),
    statement: z.string().min(1).optional(),
    like: z.string().min(1).optional(),
    verbs: names.transform((verbs) => verbs.map((verb) => verb.toUpperCase())).optional(),
    plans: z
      .array(z.enum(['scatter', 'federation']))
      .min(1)
      .optional(),
    tables: z
      .array(z.string().regex(/^[^.]+\..+$/, 'expected keyspace.table'))
      .min(1)
      .optional(),
    users: names.optional(),
    clients: clients.optional(),
    workloads: names.optional(),
    action: z.enum(['refuse', 'log', 'timeout', 'throttle']),
    timeout_ms: z.number().int().min(1).optional(),
    per_second: z.number().positive().optional(),
  })
  .refine(({ action, timeout_ms: ms }) => (action === 'timeout') === (ms !== undefined), {
    message: 'timeout_ms goes with action timeout',
  })
  .refine(({ action, per_second: rate }) => (action === 'throttle') === (rate !== undefined), {
    message: 'per_second goes with action throttle',
  })
  .transform(({ name, description, action, timeout_ms: ms, per_second: rate, ...conditions }): QueryRule => {
    return { name, description, conditions, action: actionOf(action, ms, rate) }
  })

function actionOf(kind: RuleAction['kind'], timeoutMs = 0, perSecond = 0): RuleAction {
  switch (kind) {
    case 'timeout':
      return { kind, timeoutMs }
    case 'throttle':
      return { kind, perSecond }
    default:
      return { kind }
  }
}

const rules = z.strictObject({ rules: z.array(rule).max(1_000).default([]) }).superRefine((all, context) => {
  const seen = new Set<string>()
  for (const { name } of all.rules) {
    if (seen.has(name)) context.addIssue({ code: 'custom', message: `two rules are named ${name}` })
    seen.add(name)
  }
})

/** The rules of a file or a record, `{"rules": [{"name": …, "action": "refuse", …}]}`, in their order. Throws for what is wrong. */
export function parseRules(json: unknown): readonly QueryRule[] {
  const parsed = rules.safeParse(json ?? {})
  if (parsed.success) return parsed.data.rules
  const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'rules'}: ${message}`)
  throw new Error(`query rules: ${mistakes.join('; ')}`)
}
