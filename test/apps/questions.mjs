/**
 * What an application in this folder does: it asks its questions one after the other and prints a line of JSON for each,
 * `{name, value | error, statements}`. The server is in the environment, as JSON: host, port, user, password.
 */
export const server = JSON.parse(process.env.APP_SERVER)

/** @param {Record<string, () => Promise<unknown>>} questions by name @param {string[]} statements where the ORM logs them */
export async function askAll(questions, statements) {
  for (const [name, ask] of Object.entries(questions)) {
    statements.length = 0
    const line = { name, ...(await answerTo(ask)), statements }
    process.stdout.write(
      `${JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}\n`,
    )
  }
}

async function answerTo(ask) {
  try {
    return { value: (await ask()) ?? null }
  } catch (error) {
    return { error: String(error.message) }
  }
}
