import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { parse } from 'yaml'
import { ConfigError, type ConfigSources, loadConfig, settings } from '../../../src/cli/config-sources.ts'
import { tempDir } from '../../support/temp-dir.ts'

const dir = tempDir('config')
afterAll(() => dir.remove())

const enough = { 'users-file': '/users.yaml', 'backend-user': 'shardgate' }

let files = 0

function yaml(text: string): string {
  const file = join(dir.path, `${files++}-shardgate.yaml`)
  writeFileSync(file, text)
  return file
}

function mistakes(sources: Partial<ConfigSources>): readonly string[] {
  try {
    loadConfig({ env: {}, flags: enough, ...sources })
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
  return []
}

describe('where settings come from', () => {
  test('without anything but what is needed, everything has a default', () => {
    const config = loadConfig({ env: {}, flags: enough })
    assert.equal(config.listen.port, 3306)
    assert.deepEqual(config.topology.endpoints, ['http://127.0.0.1:2379'])
    assert.equal(config.timeouts.idle, 8 * 3_600_000)
    assert.equal(config.max_allowed_packet, 64 * 1024 * 1024)
  })

  test('a flag overrides a variable, a variable the file', () => {
    const file = yaml('listen: {port: 1000, host: 10.0.0.1}\npool: {size: 10}\ncell: a\n')
    const env = { SHARDGATE_LISTEN_PORT: '2000', SHARDGATE_POOL_SIZE: '20' }
    const config = loadConfig({ file, env, flags: { ...enough, 'listen-port': '3000' } })
    assert.deepEqual(
      [config.listen.port, config.pool.size, config.cell, config.listen.host],
      [3000, 20, 'a', '10.0.0.1'],
    )
  })

  test('durations and sizes are read with their units', () => {
    const file = yaml(
      'timeouts: {query: 1.5s, connect: 250}\nmax_allowed_packet: 1GiB\npool: {idle_timeout: 2m}\n',
    )
    const config = loadConfig({ file, env: {}, flags: enough })
    assert.deepEqual(
      [config.timeouts.query, config.timeouts.connect, config.pool.idle_timeout, config.max_allowed_packet],
      [1500, 250, 120_000, 1024 ** 3],
    )
  })

  test('lists come with commas in flags and variables, switches without a value', () => {
    const config = loadConfig({
      env: { SHARDGATE_TOPOLOGY_ENDPOINTS: 'http://a:2379, http://b:2379', SHARDGATE_HTTP_ENABLED: 'false' },
      flags: { ...enough, 'listen-proxy-protocol': true },
    })
    assert.deepEqual(config.topology.endpoints, ['http://a:2379', 'http://b:2379'])
    assert.deepEqual([config.listen.proxy_protocol, config.http.enabled], [true, false])
  })

  test('variables that Kubernetes sets for Services are not settings', () => {
    const env = {
      SHARDGATE_SERVICE_HOST: '10.0.0.7',
      SHARDGATE_SERVICE_PORT_MYSQL: '3306',
      SHARDGATE_PORT: 'tcp://10.0.0.7:3306',
      SHARDGATE_HTTP_PORT: 'tcp://10.0.0.8:15307',
      SHARDGATE_PORT_3306_TCP_ADDR: '10.0.0.7',
    }
    assert.equal(loadConfig({ env, flags: enough }).http.port, 15_307)
  })
})

describe('mistakes', () => {
  const cases: readonly {
    why: string
    sources: Partial<ConfigSources>
    says: readonly (string | RegExp)[]
  }[] = [
    {
      why: 'every one is named with its place',
      sources: { file: yaml('listn: {}\nlisten: {prot: 1, port: 70000}\npool: {wait_timeout: soon}\n') },
      says: [
        /^listen\.port: .*65535/,
        'listen.prot: there is no such setting',
        /^pool\.wait_timeout: expected a duration/,
        'listn: there is no such setting',
      ],
    },
    {
      why: 'a wrong variable is told by its name',
      sources: { env: { SHARDGATE_WORKERS: 'many' } },
      says: [/^workers: .* \(from SHARDGATE_WORKERS\)$/],
    },
    {
      why: 'a mistyped variable is not silently nothing',
      sources: { env: { SHARDGATE_LISEN_PROT: '1' } },
      says: ['SHARDGATE_LISEN_PROT: there is no such setting'],
    },
    {
      why: 'what is always needed',
      sources: { flags: {} },
      says: [/^backend\.user: needed/, /^users_file: needed/],
    },
    {
      why: 'what a choice needs',
      sources: {
        flags: {
          ...enough,
          'topology-type': 'files',
          'listen-require-secure-transport': true,
          'listen-tls-require-client-cert': true,
          'backend-tls-mode': 'verify_ca',
        },
      },
      says: [
        /^topology\.dir: needed/,
        /^listen\.require_secure_transport: nobody could connect/,
        /^listen\.tls\.ca: needed/,
        /^backend\.tls\.ca: needed/,
      ],
    },
    {
      why: 'values of no use do not hide what is missing',
      sources: { flags: { 'pool-size': '0', 'backend-user': 'x' } },
      says: [/^pool\.size: /, /^users_file: needed/],
    },
    {
      why: 'a part that is no map of settings',
      sources: { file: yaml('listen: 3306\nbackend: {tls: on}\n') },
      says: [/^listen: .*object/, /^backend\.tls: .*object/],
    },
    {
      why: 'two passwords',
      sources: { flags: { ...enough, 'backend-password': 'a', 'backend-password-file': '/b' } },
      says: [/^backend\.password: give either/],
    },
  ]
  for (const { why, sources, says } of cases) {
    test(why, () => {
      const found = mistakes(sources)
      assert.equal(found.length, says.length, found.join('\n'))
      for (const expected of says)
        assert.ok(
          found.some((m) => (typeof expected === 'string' ? m === expected : expected.test(m))),
          `${expected} in ${found.join(' | ')}`,
        )
    })
  }

  test('a file that is not there, is no YAML or is no map of settings', () => {
    assert.match(mistakes({ file: '/nowhere.yaml' }).join(), /nowhere\.yaml.*ENOENT/)
    assert.match(mistakes({ file: yaml('a: [') }).join(), /shardgate\.yaml/)
    // One line for the first mistake, without the text around it, which may hold a password.
    const broken = mistakes({ file: yaml('listen: {port: 1\nbackend: {password: geheim, user: [a\n') })
    assert.equal(broken.length, 1)
    assert.match(broken[0]!, /shardgate\.yaml: Flow map in block collection .* at line 2, column 1$/)
    assert.match(mistakes({ file: yaml('- a') }).join(), /expected settings/)
  })
})

test('the settings in k8s/ are usable', () => {
  const manifest = readFileSync(new URL('../../../k8s/configmap.yaml', import.meta.url), 'utf8')
  const { data } = parse(manifest) as { data: Record<string, string> }
  const config = loadConfig({ env: {}, flags: {}, file: yaml(data['shardgate.yaml']!) })
  assert.equal(config.topology.type, 'etcd')
})

test('every setting has a help text, and a flag and a variable of its own', () => {
  assert.ok(settings.length > 40)
  assert.deepEqual(
    settings.filter((setting) => setting.help === '').map((setting) => setting.flag),
    [],
  )
  assert.equal(new Set(settings.map((setting) => setting.flag)).size, settings.length)
  assert.equal(new Set(settings.map((setting) => setting.variable)).size, settings.length)
})
