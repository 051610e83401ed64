import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../src/cli/local/free-port.ts'

/** HAProxy with one thread, which passes TCP on to a server: what a proxy must cost. Its configuration lies in `dir`. */
export async function startHaproxy(
  dir: string,
  server: { readonly host: string; readonly port: number },
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const port = await freePort()
  const config = join(dir, 'haproxy.cfg')
  const lines = [
    'global',
    '  nbthread 1',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
    'listen mysql',
    `  bind 127.0.0.1:${port}`,
    `  server s1 ${server.host}:${server.port}`,
    '',
  ]
  writeFileSync(config, lines.join('\n'))
  return { port, child: spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' }) }
}
