import { PolycdnError } from '../../errors.ts'
import { isField } from '../field-grammar.ts'

/** What is sent to ask for something. `headers` is a flat list of names and values. */
export interface Question {
  readonly method: string
  /** The request target in origin form. */
  readonly path: string
  readonly headers: readonly string[]
}

const TARGET = /^\/[\x21-\x7e\x80-\xff]*$/
/** What would change how the message is framed, or what becomes of the connection. */
const OURS = /^(?:connection|content-length|expect|keep-alive|transfer-encoding|upgrade)$/i

/**
 * The head of a GET or HEAD as it is sent, in latin1 (RFC 9112 sections 3 and 5).
 *
 * @throws PolycdnError internal_error: what we made would be read as something else; no endpoint is to blame
 */
export function requestHead({ method, path, headers }: Question): string {
  if ((method !== 'GET' && method !== 'HEAD') || !TARGET.test(path)) refuse('a method or target')
  // RFC 9110 section 7.2: it stands first.
  let host: string | null = null
  let fields = ''
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    const value = headers[i + 1]!
    if (!isField(name, value) || OURS.test(name)) refuse('a field')
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (host !== null) refuse('a second host')
      host = value
    } else fields += `${name}: ${value}\r\n`
  }
  if (host === null) refuse('a request to no host')
  // Some answer a HEAD with content, which would be read as the next answer.
  const connection = method === 'HEAD' ? 'close' : 'keep-alive'
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\n${fields}\r\n`
}

function refuse(what: string): never {
  throw new PolycdnError('internal_error', `${what} cannot be sent`)
}
