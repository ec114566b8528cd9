import { answer } from '../../helpers/misbehaviour.ts'
import type { FuzzOptions } from '../../helpers/random.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import { parseResponses, type RawResponse } from '../../helpers/raw-response.ts'
import type { Scope } from '../../helpers/scope.ts'
import { type Step, scriptedUpstream } from '../../helpers/scripted-upstream.ts'
import { until } from '../../helpers/wait.ts'
import { door } from './door.ts'
import { Fuzz } from './fuzz.ts'
import { RESPONSE_CASES } from './response-cases.ts'
import { cdn, endpoint, OUTLIER, policy, site } from './services.ts'

export interface ResponseFuzzResult {
  readonly answers: number
  /** How many answers had which status; `cut` for visible aborts. */
  readonly seen: Readonly<Record<string, number>>
  /** What a client must never see; empty. */
  readonly bad: readonly string[]
}

const AT_ONCE = 40
const RIGHT = 'the right answer'
const METHODS = ['GET', 'GET', 'HEAD', 'POST'] as const
const HOPS = /^(?:upgrade|trailer|te|proxy-(?:connection|authenticate|authorization)|alt-svc)$/i

/**
 * Answers of the table, damaged at random, through a gateway in this process. Whatever comes of one: the client reads
 * HTTP/1.1 or sees the connection die, its next request has its own answer, and nothing is left in the end.
 */
export async function fuzzResponses(scope: Scope, { random, more }: FuzzOptions): Promise<ResponseFuzzResult> {
  const scripts = new Map<string, readonly Step[]>()
  const upstream = await scriptedUpstream(scope, ({ target }) => scripts.get(target) ?? answer(200, RIGHT))
  const outlier = { ...OUTLIER, failurePercent: 0, consecutiveFailures: 1_000_000_000 }
  const retry = { bodyIdleTimeout: 2_000, perTryTimeout: 2_000, budgetPercent: 100, budgetPerSecond: 1_000_000 }
  const sites = [
    site({
      endpoints: [endpoint(upstream.url, { cdn: cdn('edge') })],
      origin: [endpoint(upstream.url)],
      policy: policy({ outlier, fallback: 'none' }, retry),
    }),
  ]
  const gate = await door(scope, { sites, limits: { connectionsPerAddress: 10_000 } })
  const fuzz = new Fuzz(random)
  const result = { answers: 0, seen: {} as Record<string, number>, bad: [] as string[] }
  const worker = async () => {
    while (more() && result.bad.length < 10) {
      const path = `/${++result.answers}`
      const steps = damaged(fuzz)
      scripts.set(path, steps)
      const method = fuzz.pick(METHODS)
      const seen = await converse(gate.port, method, path).catch((error: Error) => {
        result.bad.push(`${method} ${JSON.stringify(steps.map(String))}: ${error.message}`.slice(0, 3000))
        return 'bad'
      })
      scripts.delete(path)
      result.seen[seen] = (result.seen[seen] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const { listeners, services } = gate
  await until(() => listeners.connections === 0 && services.timers.pending === 0, { what: 'nothing to be left' })
  result.bad.push(...services.errors.map(String))
  return result
}

/** One request whose answer is damaged, and another on the same connection, if that lives. */
async function converse(port: number, method: string, path: string): Promise<string> {
  const ends: (() => unknown)[] = []
  const client = await rawClient({ teardown: (fn) => ends.push(fn) }, { port })
  const methods = [method, 'GET']
  const complete = () => parseResponses(client.bytes, { methods, ended: client.end === 'fin' })
  try {
    const content = method === 'POST' ? 'Content-Length: 5\r\n\r\nhello' : '\r\n'
    client.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${content}`)
    await until(() => complete().length > 0 || client.end !== 'open', { what: 'an answer or an end' })
    const first = complete()[0]
    if (first === undefined) return 'cut'
    judge(first)
    if (client.end === 'open') client.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => complete().length > 1 || client.end !== 'open', { what: 'the next answer or an end' })
    const next = complete()
    if (next.length > 1 && (next[1]!.body.toString() !== RIGHT || !client.text.endsWith(RIGHT))) {
      throw new Error(`the next answer is ${JSON.stringify(client.text.slice(-500))}`)
    }
    return String(first.status)
  } finally {
    for (const end of ends) end()
  }
}

function judge({ version, status, fields }: RawResponse): void {
  const names = fields.map(([name]) => name.toLowerCase())
  const count = (name: string) => names.filter((other) => other === name).length
  const framings = count('content-length') + count('transfer-encoding')
  const odd = fields.filter(
    ([name, value]) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value),
  )
  if (version !== 'HTTP/1.1' || status < 200 || status > 599) throw new Error(`the status is ${version} ${status}`)
  if (framings > 1) throw new Error('the answer is framed twice')
  if (odd.length > 0 || names.some((name) => HOPS.test(name))) throw new Error(`odd fields: ${JSON.stringify(fields)}`)
}

const TOKENS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  '0\r\n\r\n',
  'Content-Length: 2\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 103 Early Hints\r\n\r\n',
  'HTTP/1.0 ',
]
const SMALL = RESPONSE_CASES.filter(({ steps }) =>
  steps.every((step) => typeof step !== 'string' || step.length < 20_000),
)

/** The bytes of a row after a few mutations, in up to two writes, and an end. */
function damaged(fuzz: Fuzz): Step[] {
  const { steps } = fuzz.pick(SMALL)
  let bytes = steps.filter((step): step is string => typeof step === 'string' && !step.endsWith('!')).join('')
  for (let i = fuzz.below(4); i > 0; i--) bytes = mutated(bytes, fuzz)
  // What comes after the end of an answer, in its own time, is the answer to the next request for all that HTTP/1.1 says.
  const head = bytes.search(/\r?\n\r?\n/)
  const cut = fuzz.chance(0.3) && head > 0 ? fuzz.below(head) : 0
  return [bytes.slice(0, cut), bytes.slice(cut), fuzz.chance(0.8) ? 'end!' : 'reset!']
}

function mutated(bytes: string, fuzz: Fuzz): string {
  const at = fuzz.below(bytes.length + 1)
  const to = at + fuzz.below(20)
  const kind = fuzz.pick(['insert', 'byte', 'delete', 'repeat', 'truncate'] as const)
  if (kind === 'insert') return bytes.slice(0, at) + fuzz.pick(TOKENS) + bytes.slice(at)
  if (kind === 'byte') return bytes.slice(0, at) + String.fromCharCode(fuzz.below(256)) + bytes.slice(at + 1)
  if (kind === 'delete') return bytes.slice(0, at) + bytes.slice(to)
  if (kind === 'repeat') return bytes.slice(0, to) + bytes.slice(at)
  return bytes.slice(0, at)
}
