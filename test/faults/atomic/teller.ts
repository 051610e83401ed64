import type { ProtocolClient, Result } from '../../support/protocol-client.ts'
import { ACCOUNTS, type Bank } from './bank.ts'

/** Whether the teller who has made it writes a slip for the office first. */
export function hasSlip(transfer: number): boolean {
  return (transfer % 100) % 4 < 2
}

/** Moves money between two accounts again and again, whatever happens to proxies and servers; knows which transfers were acknowledged. */
export class Teller {
  readonly acknowledged: number[] = []
  readonly #bank: Bank
  readonly #number: number
  #count = 0
  #client: ProtocolClient | undefined
  #isOver = false
  readonly #running: Promise<void>

  constructor(bank: Bank, number: number) {
    this.#bank = bank
    this.#number = number
    this.#running = this.#run()
  }

  /** Resolves when the transfer that runs has ended. */
  stop(): Promise<void> {
    this.#isOver = true
    return this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const transfer = ++this.#count * 100 + this.#number
      try {
        this.#client ??= await this.#connect()
        await this.#transfer(this.#client, transfer)
        this.acknowledged.push(transfer)
      } catch (error) {
        if (!(error instanceof Refused)) {
          this.#client?.close()
          this.#client = undefined
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    this.#client?.close()
  }

  async #connect(): Promise<ProtocolClient> {
    const client = await this.#bank.connect(this.#bank.proxies[this.#number % 2]!)
    await ok(client, 'SET innodb_lock_wait_timeout = 2')
    return client
  }

  /** Accounts in the order of their ids, so that no two tellers wait for each other. */
  async #transfer(client: ProtocolClient, transfer: number): Promise<void> {
    const one = 1 + ((transfer * 7) % ACCOUNTS)
    const other = 1 + ((one + (transfer % (ACCOUNTS - 1))) % ACCOUNTS)
    const amount = 1 + (transfer % 50)
    const moves = (
      [
        [one, -amount],
        [other, amount],
      ] as const
    ).toSorted(([a], [b]) => a - b)
    try {
      await ok(client, 'BEGIN')
      if (hasSlip(transfer)) await ok(client, `INSERT INTO office.slips VALUES (${transfer})`)
      for (const [account, more] of moves) {
        await ok(client, `UPDATE accounts SET balance = balance + ${more} WHERE id = ${account}`)
        await ok(client, `INSERT INTO postings VALUES (${account}, ${transfer}, ${more})`)
      }
      await ok(client, 'COMMIT')
    } catch (error) {
      if (error instanceof Refused) await ok(client, 'ROLLBACK')
      throw error
    }
  }
}

/** The connection is as good as before. */
class Refused extends Error {}

async function ok(client: ProtocolClient, sql: string): Promise<Result> {
  const [result] = await client.query(sql)
  if (result!.kind === 'error') throw new Refused(`${sql}: ${result!.errno} ${result!.message}`)
  return result!
}
