/** A server's version as it is announced, and as versioned comments compare it. */
export interface ServerVersion {
  readonly text: string
  /** `major * 10000 + minor * 100 + patch`: 80040, 90704, 101119. */
  readonly number: number
  readonly isMariadb: boolean
}

/** Reads `9.7.4-2`, `10.11.19-MariaDB-…`, `5.5.5-10.11.19-MariaDB` (MariaDB's disguise in the handshake). */
export function parseServerVersion(text: string): ServerVersion {
  const plain = text.startsWith('5.5.5-') && text.includes('MariaDB') ? text.slice('5.5.5-'.length) : text
  const [major = 0, minor = 0, patch = 0] = plain.split(/[^0-9]/, 3).map(Number)
  return {
    text: plain,
    number: major * 10_000 + minor * 100 + patch,
    isMariadb: plain.includes('MariaDB'),
  }
}

/**
 * The version in the greeting. MariaDB before 11.0 puts `5.5.5-` in front of its own there, and nowhere else. Clients
 * that know only MySQL's versions choose SQL by it: MySQL's Python connector would ask for utf8mb4_0900_ai_ci.
 */
export function greetingVersion({ text, number, isMariadb }: ServerVersion): string {
  return isMariadb && number >= 100_000 && number < 110_000 ? `5.5.5-${text}` : text
}
