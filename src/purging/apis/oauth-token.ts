import { byStatus, GARBAGE, inBrackets, objectIn } from './planning.ts'
import type { ApiAnswer, Login } from './purge-api.ts'

/** Seconds, where an answer does not say. */
const LIFETIME = 300
const TOKEN = /^[\x21-\x7e]{1,16384}$/

/** An access token (RFC 6749 section 5.1), or what its error means (section 5.2). */
export function readTokenAnswer(answer: ApiAnswer): ReturnType<Login['read']> {
  const content = objectIn(answer.body)
  const meaning = byStatus(answer)
  if (meaning?.kind === 'retry') return { ...meaning, reason: `the token server answers ${answer.status}` }
  if (meaning !== null) {
    const reason = `the token server refuses the credentials (${answer.status})${inBrackets(content?.error)}`
    return { kind: 'failed', reason }
  }
  const { access_token: token, expires_in: seconds } = content ?? {}
  if (typeof token !== 'string' || !TOKEN.test(token)) return GARBAGE
  const lifetime = Number(seconds)
  return { token, lifetime: 1000 * (lifetime > 0 && lifetime < 1e6 ? lifetime : LIFETIME) }
}
