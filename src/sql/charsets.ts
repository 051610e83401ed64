import { isMariaDb } from './keywords.ts'

/**
 * Character sets that may introduce a literal (`_utf8mb4'…'`), of MySQL 8.0 to 9.7 and MariaDB.
 * Source: MySQL 9.7 manual, "Supported Character Sets and Collations".
 */
const names: ReadonlySet<string> = new Set(
  `armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr filename
  gb18030 gb2312 gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman
  sjis swe7 tis620 ucs2 ujis utf16 utf16le utf32 utf8 utf8mb3 utf8mb4`.split(/\s+/),
)

/** Not in MariaDB. */
const mysqlOnly = 'gb18030'
/** The servers' own, for names of files; MySQL 9 takes `_filename` for a plain identifier. */
const hidden = 'filename'

/** The character set that `_name` at `start`–`end` introduces, in lower case, or '' when it is a plain identifier. */
export function introducedCharset(sql: string, start: number, end: number, serverVersion = 0): string {
  if (sql.charCodeAt(start) !== 95 || end - start < 4 || end - start > 12) return ''
  const name = sql.slice(start + 1, end).toLowerCase()
  if (!names.has(name)) return ''
  if (isMariaDb(serverVersion)) return name === mysqlOnly ? '' : name
  return name === hidden && serverVersion >= 90000 ? '' : name
}
