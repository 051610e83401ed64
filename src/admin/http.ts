import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the HTTP endpoints ask; answers come from whoever knows. */
export interface HealthView {
  /** Undefined when clients are served well; otherwise the reasons, one a line. */
  notReady(): string | undefined
  /** What is in the way of some clients while others are served: one line each, told beside the `ok`. */
  warnings?(): readonly string[]
  /** All metrics in Prometheus's text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /** A KILL that another proxy has signed; undefined for one that none has. Absent where proxies do not know each other. */
  killOfPeer?(signed: { readonly body: string; readonly signature: string }): Promise<string | undefined>
}

export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * `/livez` says that the process runs, `/readyz` whether it should get traffic (503 with the reason when not),
 * `/metrics` what it counts. Rejects when the address cannot be listened on.
 */
export async function startHttp(
  address: { readonly host: string; readonly port: number },
  view: HealthView,
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(request, response, view).catch((error: Error) => send(response, 500, `${error.message}\n`))
  })
  server.requestTimeout = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, view: HealthView): Promise<void> {
  if (request.method === 'POST' && request.url === '/peers/kill' && view.killOfPeer !== undefined) {
    const body = await readBody(request)
    const outcome = await view.killOfPeer({
      body,
      signature: String(request.headers[SIGNATURE_HEADER] ?? ''),
    })
    if (outcome === undefined) send(response, 403, 'not signed by a proxy of this topology\n')
    else send(response, 200, `${outcome}\n`)
    return
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'only GET and HEAD\n', { allow: 'GET, HEAD' })
    return
  }
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  if (path === '/livez') send(response, 200, 'ok\n')
  else if (path === '/readyz') {
    const reason = view.notReady()
    const lines = reason === undefined ? ['ok', ...(view.warnings?.() ?? [])] : [reason]
    send(response, reason === undefined ? 200 : 503, `${lines.join('\n')}\n`)
  } else if (path === '/metrics') {
    const { contentType, text } = await view.metrics()
    send(response, 200, text, { 'content-type': contentType })
  } else send(response, 404, 'there is /livez, /readyz and /metrics\n')
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  const type = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  response.writeHead(status, { ...type, ...headers }).end(body)
}

/** As src/cli/peers.ts sends it. */
const SIGNATURE_HEADER = 'x-shardgate-signature'
const BODY_BYTES_MAX = 4_096

/** Throws for one that is longer than any request of a proxy. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new Error('the request is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
