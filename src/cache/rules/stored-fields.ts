import { listedFields } from './directives.ts'
import { combined, type Fields, without } from './fields.ts'
import { members } from './list.ts'
import { responseDirectives } from './targeted.ts'

/** RFC 9111 section 3.1: what is meant for one connection or one proxy is not stored. Age is counted anew. */
const NEVER_STORED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'age',
])

/** The fields of an answer that are stored: a new list, order and spelling kept. */
export function storedFields(fields: Fields): string[] {
  return without(fields, new Set([...NEVER_STORED, ...connectionFields(fields), ...qualifiedFields(fields)]))
}

/** RFC 9110 section 6.6.1: an answer without Date gets the time at which it came. */
export function withDate(fields: Fields, responseTime: number): Fields {
  return combined(fields, 'date') === null ? [...fields, 'date', new Date(responseTime).toUTCString()] : fields
}

/** RFC 9110 section 7.6.1: what Connection lists. */
function connectionFields(fields: Fields): string[] {
  const value = combined(fields, 'connection')
  return value === null ? [] : members(value.toLowerCase())
}

/** RFC 9111 sections 5.2.2.4 and 5.2.2.7: what a qualified no-cache or private lists is not for the next visitor. */
export function qualifiedFields(fields: Fields): string[] {
  const { directives } = responseDirectives(fields)
  return (['no-cache', 'private'] as const).flatMap((name) => {
    const listed = listedFields(directives, name)
    return listed === null || listed === 'all' ? [] : listed
  })
}
