import { type Act, Broken, type ChaosClient, Refused } from './client.ts'

/** Ends a text of which only the beginning is known. */
const ANYTHING = '*'

/** User variables by every way in; read back, they hold what this session put there. */
const variables: Act = async (client) => {
  await client.db() // what is known of the variables is known of this connection
  const { random, ledger } = client
  const name = random.pick(['a', 'b'])
  const value = `c${client.number}:v${ledger.nextNumber()}`
  const id = random.pick(ledger.ids)
  const anyNameOfRow = `c${client.number}:${id}:${ANYTHING}`
  const way = random.int(4)
  if (way === 0) await setTo(client, name, value, () => client.query(`SET @${name} = '${value}'`))
  else if (way === 1) await setTo(client, name, value, () => client.query(`SELECT '${value}' INTO @${name}`))
  else if (way === 2) await setTo(client, name, value, () => client.query(`SELECT @${name} := '${value}'`))
  else {
    client.variables.set(name, new Set([...may(client, name), anyNameOfRow])) // whatever comes of it
    const source = `SELECT name FROM users WHERE id = ${id}`
    const isInto = random.oneIn(2)
    try {
      await client.query(isInto ? `${source} INTO @${name}` : `SET @${name} = (${source})`)
    } catch (error) {
      if (error instanceof Refused) await readVariable(client, name)
      throw error
    }
    client.variables.set(name, new Set([anyNameOfRow]))
  }
  await readVariable(client, name)
}

const sessionVariable: Act = async (client) => {
  const value = 1000 + client.number
  await client.query(`SET SESSION net_read_timeout = ${value}`)
  const [[read]] = (await client.rows('SELECT @@net_read_timeout')) as [[string]]
  if (read !== String(value)) throw new Broken(`net_read_timeout of client ${client.number} is ${read}`)
}

const lock: Act = async (client) => {
  const name = `lock of c${client.number}`
  const [[got]] = (await client.rows(`SELECT GET_LOCK('${name}', 1)`)) as [[string | null]]
  // 0: an earlier connection of this client that vanished holds it still.
  if (got !== '1' && got !== '0') throw new Broken(`GET_LOCK answers ${got}`)
  if (client.random.oneIn(6)) return client.vanish('with a lock')
  await client.rows(`SELECT RELEASE_LOCK('${name}')`)
}

const sleep: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  await client.rows(`SELECT SLEEP(0.${client.random.int(3)}) FROM users WHERE id = ${id}`)
}

/** Of one shard or of all; asked for or not. */
const warnings: Act = async (client) => {
  const { ids } = client.ledger
  const wanted = client.random.oneIn(2) ? [client.random.pick(ids)] : ids
  await client.rows(`SELECT SUM(name > 0) FROM users WHERE id IN (${wanted.join()})`)
  if (client.random.oneIn(2)) await client.rows('SHOW WARNINGS')
}

/** What a server refuses, and what the proxy refuses: the session goes on. */
const mistakes: Act = async (client) => {
  const id = client.random.pick(client.ledger.ids)
  const [sql, errno] = client.random.pick([
    [`INSERT INTO users (id, name) VALUES (${id}, 'a second')`, 1062],
    [`SELECT no_such FROM users WHERE id = ${id}`, 1054],
    [`SELECT FROM users WHERE id = ${id}`, 1064],
    [
      `SELECT name FROM users WHERE id = ${id} AND name = (SELECT name FROM users WHERE id IN (${id}, ${id}))`,
      0,
    ],
  ] as const)
  const answered = await client.query(sql).then(
    () => 0,
    (error: unknown) => {
      if (!(error instanceof Refused) || CONNECTION_ERRORS.has(error.errno)) throw error
      return error.errno
    },
  )
  if (answered !== errno) throw new Broken(`${sql} was answered with ${answered}`)
}

/** Lost, killed, timed out, no place: they may come to any statement. */
const CONNECTION_ERRORS: ReadonlySet<number> = new Set([1105, 1203, 1205, 1317, 2013, 3024])

const reset: Act = async (client) => {
  await client.ask('reset', async (db) => {
    db.raw.send('1f')
    const reply = await db.raw.read()
    if (reply === undefined) throw new Error('closed')
    return []
  })
  client.variables.clear()
}

export const sessionActs = { variables, sessionVariable, lock, sleep, warnings, mistakes, reset }

function may(client: ChaosClient, name: string): Set<string | null> {
  return client.variables.get(name) ?? new Set([null])
}

async function setTo(client: ChaosClient, name: string, value: string, work: () => Promise<unknown>) {
  const before = may(client, name)
  client.variables.set(name, new Set([...before, value]))
  await work()
  client.variables.set(name, new Set([value]))
}

async function readVariable(client: ChaosClient, name: string): Promise<void> {
  const [[value]] = (await client.rows(`SELECT @${name}`)) as [[string | null]]
  const allowed = may(client, name)
  const isAllowed = [...allowed].some((each) =>
    each?.endsWith(ANYTHING) ? value?.startsWith(each.slice(0, -1)) : each === value,
  )
  if (isAllowed) {
    client.variables.set(name, new Set([value]))
    return
  }
  throw new Broken(`client ${client.number} has ${value} in @${name}, not ${[...allowed].join(' or ')}`)
}
