import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../src/cli/local/free-port.ts'
import { eventually } from './eventually.ts'
import { usersText } from './proxy.ts'

/** From the root of the repository, for this is bundled, too. */
const PROGRAM = 'scripts/start.mjs'

export interface ProxyProcessOptions {
  readonly dir: string
  /** Megabytes of its heap. */
  readonly heapMb: number
  /** As the configuration file has it: topology, backend and what else matters. */
  readonly config: Readonly<Record<string, unknown>>
  /** It is to know the other proxies of its topology. */
  readonly hasPeers?: boolean
}

/** `serve`, seen from outside. */
export class ProxyProcess {
  readonly port: number
  readonly logFile: string
  readonly httpPort: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ports: readonly [number, number], logFile: string) {
    this.#child = child
    this.port = ports[0]
    this.httpPort = ports[1]
    this.logFile = logFile
  }

  /** `config` goes over what makes it reachable; the log of level `warn` is kept in `dir`. */
  static async start({ dir, heapMb, config, hasPeers }: ProxyProcessOptions): Promise<ProxyProcess> {
    const [port, httpPort] = [await freePort(), await freePort()]
    writeFileSync(join(dir, 'users.json'), usersText())
    const whole = {
      listen: { host: '127.0.0.1', port },
      http: { host: '127.0.0.1', port: httpPort },
      users_file: join(dir, 'users.json'),
      log_level: 'warn',
      ...(hasPeers && { peers: { enabled: true, address: `127.0.0.1:${httpPort}` } }),
      ...config,
    }
    const file = join(dir, 'shardgate.yaml')
    writeFileSync(file, JSON.stringify(whole))
    const logFile = join(dir, 'proxy.log')
    const log = openSync(logFile, 'a')
    const args = [`--max-old-space-size=${heapMb}`, PROGRAM, 'serve', '--config', file]
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] })
    closeSync(log)
    process.once('exit', () => child.kill('SIGKILL'))
    const proxy = new ProxyProcess(child, [port, httpPort], logFile)
    await eventually(
      'the proxy serves',
      async () => {
        if (!proxy.isRunning) throw new Error(`the proxy ended:\n${proxy.log()}`)
        const answer = await fetch(`http://127.0.0.1:${httpPort}/readyz`).catch(() => undefined)
        return (await answer?.text())?.trim() === 'ok' && answer?.ok
      },
      30_000,
    )
    return proxy
  }

  get pid(): number {
    return this.#child.pid!
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get ending(): string {
    const { exitCode, signalCode } = this.#child
    return `exit code ${exitCode}, signal ${signalCode}; the end of its log:\n${this.log().slice(-2_000)}`
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  get rssBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  /** Sum of a metric over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text()
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
    if (values.length === 0) throw new Error(`/metrics has no ${name}`)
    return values.reduce((sum, [, value]) => sum + Number(value), 0)
  }

  async close(): Promise<void> {
    if (!this.isRunning) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}
