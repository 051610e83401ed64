import { type Act, Broken, type ChaosClient, Refused } from './client.ts'

/** User variables by every way in; read back, they hold what this session put there. */
const variables: Act = async (client) => {
  const { random, ledger } = client
  const name = random.pick(['a', 'b'])
  const value = `c${client.number}:v${ledger.nextNumber()}`
  const id = random.pick(ledger.ids)
  const rowOfOwn = (text: string | null) => text?.startsWith(`c${client.number}:${id}:`) === true
  const way = random.int(4)
  if (way === 0) await setTo(client, name, value, () => client.query(`SET @${name} = '${value}'`))
  else if (way === 1) await setTo(client, name, value, () => client.query(`SELECT '${value}' INTO @${name}`))
  else if (way === 2) await setTo(client, name, value, () => client.query(`SELECT @${name} := '${value}'`))
  else {
    const before = may(client, name)
    client.variables.delete(name) // whatever comes of it
    const source = `SELECT name FROM users WHERE id = ${id}`
    const isInto = random.oneIn(2)
    try {
      await client.query(isInto ? `${source} INTO @${name}` : `SET @${name} = (${source})`)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const [[left]] = (await client.rows(`SELECT @${name}`)) as [[string | null]]
      if (!before.has(left) && !rowOfOwn(left)) throw new Broken(`@${name} holds ${left}`)
      client.variables.set(name, new Set([left]))
      return
    }
    const [[now]] = (await client.rows(`SELECT @${name}`)) as [[string | null]]
    if (!rowOfOwn(now)) throw new Broken(`client ${client.number} set @${name} by row ${id}, it holds ${now}`)
    client.variables.set(name, new Set([now]))
    return
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

const warnings: Act = async (client) => {
  await client.rows(`SELECT COUNT(*) FROM users WHERE id IN (${client.ledger.ids.join()}) AND name > 0`)
  await client.rows('SHOW WARNINGS')
}

const reset: Act = async (client) => {
  await client.ask('reset', async (db) => {
    db.raw.send('1f')
    const reply = await db.raw.read()
    if (reply === undefined) throw new Error('closed')
    return []
  })
  client.variables.clear()
}

export const sessionActs = { variables, sessionVariable, lock, sleep, warnings, reset }

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
  if (allowed.has(value)) return
  throw new Broken(`client ${client.number} has ${value} in @${name}, not ${[...allowed].join(' or ')}`)
}
