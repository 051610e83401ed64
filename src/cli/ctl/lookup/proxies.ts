import { pause } from './shard-connection.ts'

const POLL_MS = 250
const ANSWER_MS = 5_000

/**
 * Waits until all workers of these proxies, named by their HTTP addresses, plan by the VSchema with the digest. Throws the first that
 * does not in time, with what it has said.
 */
export async function awaitProxies(
  addresses: readonly string[],
  vschema: { readonly keyspace: string; readonly digest: string },
  timeoutMs: number,
): Promise<void> {
  const untilMs = Date.now() + timeoutMs
  const urls = addresses.map(metricsUrl)
  for (const [i, address] of addresses.entries()) {
    for (;;) {
      const reason = await notReady(urls[i]!, vschema)
      if (reason === undefined) break
      if (Date.now() > untilMs)
        throw new Error(
          `proxy ${address} ${reason}, and would leave rows out; wait for it, or take it out of service, and run this again`,
        )
      await pause(POLL_MS)
    }
  }
}

function metricsUrl(address: string): URL {
  const base = address.includes('://') ? address : `http://${address}`
  const url = URL.canParse('/metrics', base) ? new URL('/metrics', base) : undefined
  if (url !== undefined && /:\d+(\/|$)/.test(base)) return url
  throw new Error(`--proxy ${address}: write host:port of its HTTP endpoint, such as 10.0.0.5:15307`)
}

async function notReady(
  url: URL,
  { keyspace, digest }: { readonly keyspace: string; readonly digest: string },
): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
    if (!response.ok) return `answers /metrics with ${response.status}`
    const digests = vschemaDigests(await response.text(), keyspace)
    if (digests.length === 0) return 'does not tell by which VSchema it plans'
    return digests.every((each) => each === digest) ? undefined : 'has not seen the VSchema yet'
  } catch (error) {
    const { message, cause } = error as Error
    return `does not answer (${cause instanceof Error ? cause.message : message})`
  }
}

/** Digests of a keyspace's VSchema in metrics of Prometheus's text format, one for each that some worker has. */
export function vschemaDigests(metrics: string, keyspace: string): readonly string[] {
  return [...metrics.matchAll(/^shardgate_vschema_info\{([^}]*)\} (\d+)/gm)].flatMap(([, labels, count]) => {
    const own = new Map(
      [...labels!.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(([, name, text]) => [name, text]),
    )
    const name = own.get('keyspace')?.replaceAll(/\\(.)/g, '$1')
    const digest = own.get('digest')
    return name === keyspace && digest !== undefined && Number(count) > 0 ? [digest] : []
  })
}
