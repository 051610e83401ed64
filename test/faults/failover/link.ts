import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What becomes of a link: `open`; `silent`, nothing comes through in either direction, also of what is connected anew, as behind a
 * cable that is pulled or a filter that drops; `deaf`, questions come through and answers do not; `refused`, nobody listens.
 */
export type LinkState = 'open' | 'silent' | 'deaf' | 'refused'

/** A way to a server that may fail while the server is well. What was held back comes through when it opens again, as TCP repeats it. */
export class Link {
  readonly port: number
  #to: number
  readonly #host: string
  #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #state: LinkState = 'open'
  #delayMs = 0

  private constructor(server: Server, host: string, port: number, to: number) {
    this.#server = server
    this.#host = host
    this.port = port
    this.#to = to
    this.#accept(server)
  }

  /** `port` 0: a free one. */
  static async open(to: number, host = '127.0.0.1', port = 0): Promise<Link> {
    const server = await listening(host, port)
    return new Link(server, host, (server.address() as { port: number }).port, to)
  }

  async set(state: LinkState): Promise<void> {
    const before = this.#state
    this.#state = state
    if (state === 'refused') {
      this.#server.close()
      this.reset()
    } else if (before === 'refused') {
      this.#server = await listening(this.#host, this.port)
      this.#accept(this.#server)
    }
    for (const pair of this.#pairs) this.#let(pair)
  }

  /** Each way. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Ends all that is connected, with what is under way. */
  reset(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy()
      far.destroy()
    }
  }

  /** Whoever connects from now on is led to another server; what is connected stays where it is. */
  moveTo(to: number): void {
    this.#to = to
  }

  close(): void {
    this.#server.close()
    for (const [near, far] of this.#pairs) {
      near.destroy()
      far.destroy()
    }
  }

  #accept(server: Server): void {
    server.on('connection', (near) => {
      const far = connect({ host: '127.0.0.1', port: this.#to, noDelay: true })
      near.setNoDelay(true)
      const pair = [near, far] as const
      this.#pairs.add(pair)
      this.#forward(near, far)
      this.#forward(far, near)
      this.#let(pair)
    })
  }

  #forward(from: Socket, to: Socket): void {
    const later = (work: () => void) => {
      if (this.#delayMs === 0) work()
      else setTimeout(work, this.#delayMs)
    }
    from.on('data', (bytes) => later(() => to.destroyed || to.write(bytes)))
    from.on('error', () => {})
    from.on('close', () => {
      for (const pair of this.#pairs) if (pair.includes(from)) this.#pairs.delete(pair)
      later(() => to.destroy())
    })
  }

  #let([near, far]: readonly [Socket, Socket]): void {
    const isOpen = this.#state === 'open'
    if (isOpen || this.#state === 'deaf') near.resume()
    else near.pause()
    if (isOpen) far.resume()
    else far.pause()
  }
}

function listening(host: string, port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
