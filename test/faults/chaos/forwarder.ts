import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A network between the proxy and one server: it carries bytes until it is told to do so badly. What was written while it
 * stalls is kept within the sockets' buffers and arrives later, as on a link that comes back.
 */
export class Forwarder {
  readonly #server: Server
  readonly #targetPort: number
  readonly #links = new Set<Link>()
  #isStalled = false
  #delayMs = 0
  #refuses = false

  private constructor(server: Server, targetPort: number) {
    this.#server = server
    this.#targetPort = targetPort
  }

  /** On a free port of 127.0.0.1, to `targetPort` there. */
  static async to(targetPort: number): Promise<Forwarder> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    const forwarder = new Forwarder(server, targetPort)
    server.on('connection', (socket) => forwarder.#accept(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return forwarder
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Nothing is carried until `resume`. */
  stall(): void {
    this.#isStalled = true
    for (const link of this.#links) link.stall()
  }

  /** Each chunk is carried so much later. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** New connections are reset. */
  refuse(): void {
    this.#refuses = true
  }

  /** Carries on as a good network does. */
  resume(): void {
    this.#isStalled = false
    this.#delayMs = 0
    this.#refuses = false
    for (const link of this.#links) link.resume()
  }

  /** Every connection is reset, on both sides. */
  reset(): void {
    for (const link of this.#links) link.reset()
  }

  close(): void {
    this.#server.close()
    this.reset()
  }

  #accept(client: Socket): void {
    if (this.#refuses) {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    const link = new Link(client, this.#targetPort, {
      delayMs: () => this.#delayMs,
      isStalled: () => this.#isStalled,
    })
    this.#links.add(link)
    link.onClosed(() => this.#links.delete(link))
    if (this.#isStalled) link.stall()
  }
}

interface Weather {
  delayMs(): number
  isStalled(): boolean
}

class Link {
  readonly #sides: readonly [Socket, Socket]

  constructor(client: Socket, port: number, weather: Weather) {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#sides = [client, server]
    carry(client, server, weather)
    carry(server, client, weather)
  }

  stall(): void {
    for (const side of this.#sides) side.pause()
  }

  resume(): void {
    for (const side of this.#sides) side.resume()
  }

  reset(): void {
    for (const side of this.#sides) side.resetAndDestroy()
  }

  onClosed(listener: () => void): void {
    let open = 2
    for (const side of this.#sides) side.once('close', () => --open === 0 && listener())
  }
}

function carry(from: Socket, to: Socket, { delayMs, isStalled }: Weather): void {
  /** Chunks and the end keep their order, whatever each is delayed by. */
  let before = Promise.resolve()
  const later = (work: () => void) => {
    const ms = delayMs()
    before = before.then(async () => {
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
      if (!to.destroyed) work()
    })
  }
  from.on('data', (chunk) =>
    later(() => {
      if (to.write(chunk)) return
      from.pause()
      to.once('drain', () => isStalled() || from.resume())
    }),
  )
  from.on('end', () => later(() => to.end()))
  from.on('error', () => {})
  from.on('close', () => later(() => (from.errored ? to.resetAndDestroy() : to.destroySoon())))
}
