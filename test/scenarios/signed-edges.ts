import { createHmac, generateKeyPairSync, verify } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from '../helpers/scope.ts'

/** What an edge sees of a request, as its bytes were. */
interface Seen {
  /** `http://host:port`, of its Host. */
  readonly origin: string
  readonly path: string
  readonly query: string
  readonly client: string
  /** Seconds since 1970. */
  readonly now: number
}

type Check = (seen: Seen) => boolean

export const HMAC_KEY = Buffer.from('canary-hmac-key!')
const PAIR = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const RSA_PEM = PAIR.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

const fieldsOf = (text: string, mark = '&') =>
  new Map(
    text.split(mark).map((field): [string, string] => [field.split('=', 1)[0]!, field.slice(field.indexOf('=') + 1)]),
  )
const without = (query: string, names: RegExp) =>
  query
    .split('&')
    .filter((field) => !names.test(field))
    .join('&')
const hmac = (hash: string, text: string) => createHmac(hash, HMAC_KEY).update(text)

/** Written after the documentation of each network, and sharing nothing with the gateway. */
export const CHECKS: Readonly<Record<string, Check>> = {
  cloudfront({ origin, path, query, now }) {
    const fields = fieldsOf(query)
    const own = without(query, /^(Expires|Signature|Key-Pair-Id)=/)
    const resource = `${origin}${path}${own === '' ? '' : `?${own}`}`
    const expires = Number(fields.get('Expires'))
    const policy = `{"Statement":[{"Resource":"${resource}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
    return expires > now && fields.get('Key-Pair-Id') === 'KEXAMPLE' && isSigned(policy, fields.get('Signature'))
  },
  bound({ query, client, now }) {
    const fields = fieldsOf(query)
    const text = Buffer.from(unsafe(fields.get('Policy') ?? ''), 'base64').toString()
    if (!isSigned(text, fields.get('Signature'))) return false
    const { DateLessThan: until, IpAddress: ip } = JSON.parse(text).Statement[0].Condition
    return until['AWS:EpochTime'] > now && ip['AWS:SourceIp'] === `${client}/32`
  },
  fastly({ path, query, now }) {
    const [expires, signature] = (fieldsOf(query).get('token') ?? '').split('_')
    const own = without(query, /^token=/)
    const covered = `${path}${own === '' ? '' : `?${own}`}${expires}`
    return Number(expires) > now && hmac('sha1', covered).digest('hex') === signature
  },
  bunny({ path, query, now }) {
    const { token, expires = '', token_ignore_params: ignore } = Object.fromEntries(fieldsOf(query))
    const data = ignore === 'true' ? 'token_ignore_params=true' : without(query, /^(token|expires)=/)
    return Number(expires) > now && `HS256-${hmac('sha256', path + expires + data).digest('base64url')}` === token
  },
  akamai({ path, query, now }) {
    const token = fieldsOf(query).get('hdnts') ?? ''
    const [shown, signature] = token.split('~hmac=')
    const fields = fieldsOf(token, '~')
    const acl = fields.get('acl')
    const opens = acl?.endsWith('/*') === true && path.startsWith(acl.slice(0, -1))
    return opens && Number(fields.get('exp')) > now && hmac('sha256', shown!).digest('hex') === signature
  },
  google({ origin, path, query, now }) {
    const [signed, signature] = `${origin}${path}?${query}`.split('&Signature=')
    return (
      Number(fieldsOf(query).get('Expires')) > now &&
      hmac('sha1', signed!).digest('base64url') === signature?.replace('=', '')
    )
  },
}

function unsafe(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/')
}

function isSigned(text: string, signature = ''): boolean {
  return verify('RSA-SHA1', Buffer.from(text), PAIR.publicKey, Buffer.from(unsafe(signature), 'base64'))
}

export interface SignedEdge {
  readonly url: string
  /** How far its clock is ahead. Seconds. */
  ahead: number
  /** Checks of health that were signed, and those that were not. */
  readonly checks: { good: number; bad: number }
}

/** An edge that answers 200 to signed requests and 403 to others. */
export async function signedEdge(scope: Scope, check: Check): Promise<SignedEdge> {
  const edge = { url: '', ahead: 0, checks: { good: 0, bad: 0 } }
  const server = createServer((request, response) => {
    const [path = '', query = ''] = splitOnce(request.url!)
    const now = Math.floor(Date.now() / 1000) + (path === '/up' ? 0 : edge.ahead)
    const origin = `http://${request.headers.host}`
    const good = check({ origin, path, query, client: request.socket.remoteAddress!, now })
    if (path === '/up') edge.checks[good ? 'good' : 'bad']++
    response.writeHead(good ? 200 : 403).end(good ? 'secret' : 'no')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  scope.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  edge.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return edge
}

function splitOnce(target: string): [string, string] {
  const mark = target.indexOf('?')
  return mark === -1 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)]
}
