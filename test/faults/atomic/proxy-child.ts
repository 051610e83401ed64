import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { build } from 'esbuild'
import type { Arm, ToParent } from './proxy-main.ts'

const ROOT = new URL('../../..', import.meta.url).pathname

/** `proxy-main.ts` bundled, for Node runs no TypeScript: within the repository, where its packages are found. */
export interface ProxyProgram {
  readonly path: string
  remove(): void
}

export async function buildProxy(): Promise<ProxyProgram> {
  mkdirSync(`${ROOT}/dist`, { recursive: true })
  const dir = mkdtempSync(`${ROOT}/dist/atomic-`)
  const path = `${dir}/proxy.js`
  await build({
    entryPoints: [`${ROOT}/test/faults/atomic/proxy-main.ts`],
    outfile: path,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  })
  cpSync(`${ROOT}/src/vindex/data`, `${dir}/data`, { recursive: true })
  return { path, remove: () => rmSync(dir, { recursive: true }) }
}

/** A proxy that can be killed at a step of a commit. */
export class ProxyChild {
  readonly port: number
  readonly #child: ChildProcess
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.ended = once(child, 'exit')
  }

  static async start(program: ProxyProgram, configFile: string): Promise<ProxyChild> {
    const child = fork(program.path, [configFile], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the proxy ended with ${code}`))),
    ])) as [ToParent]
    if (message.kind !== 'Listening') throw new Error('the proxy does not listen')
    return new ProxyChild(child, message.port)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  arm(arm: Arm): void {
    this.#child.send(arm)
  }

  /** The shard about which the armed step is; undefined when the proxy has ended before. */
  async reached(): Promise<string | undefined> {
    const message = await Promise.race([
      once(this.#child, 'message').then(([each]) => each as ToParent),
      this.ended.then(() => undefined),
    ])
    return message?.kind === 'Reached' ? message.shard : undefined
  }

  go(): void {
    if (this.isRunning) this.#child.send('go')
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  async close(): Promise<void> {
    if (!this.isRunning) return
    this.#child.kill('SIGKILL')
    await this.ended
  }
}
