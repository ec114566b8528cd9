import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import type { Problem } from '../../src/config/problem.ts'
import { PolycdnError } from '../../src/errors.ts'
import { Admin, type AdminActions } from '../../src/http/admin.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import type { Question } from '../../src/steering/explain.ts'
import { type GetOptions, get } from '../helpers/http.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { until, within } from '../helpers/wait.ts'

const TOKEN = 'opensesame'

interface State {
  ready: boolean
  problems: Problem[]
  fault: Error | null
  stuck: boolean
  readonly questions: Question[]
  reloads: number
  denied: number
}

async function start(scope: Scope, { token = null, ...over }: Partial<State> & { token?: string | null } = {}) {
  const state: State = {
    ready: true,
    problems: [],
    fault: null,
    stuck: false,
    questions: [],
    reloads: 0,
    denied: 0,
    ...over,
  }
  const actions: AdminActions = {
    metrics: new Metrics({ version: 'test', node: 'test' }, { processMetrics: false }),
    ready: () => state.ready,
    onDenied: () => void state.denied++,
    status: () => {
      if (state.fault !== null) throw state.fault
      return { config: '0123456789ab' }
    },
    costs: () => ({ cdns: [] }),
    drain: async (cdn: string, drained: boolean) => (cdn === 'a b' ? { cdn, drained } : null),
    explain: (question) => {
      state.questions.push(question)
      return { decision: question.host }
    },
    purge: async (body) => {
      if (body === null || typeof body !== 'object') return new PolycdnError('site_not_here', 'no site')
      return { purged: body }
    },
    purges: () => ({ purges: [] }),
    reload: async () => {
      state.reloads++
      if (state.stuck) await new Promise(() => {})
      return state.problems
    },
  }
  const admin = await Admin.listen({ host: '127.0.0.1', port: 0, token }, actions)
  scope.teardown(() => admin.close())
  const ask = (path: string, options: GetOptions = {}) => get(`http://${admin.address}${path}`, options)
  return { admin, state, ask, port: Number(admin.address.split(':')[1]) }
}

const GUARDED = [
  'GET /metrics',
  'GET /status',
  'GET /explain?ip=192.0.2.1&host=a',
  'POST /reload',
  'POST /cdns/a/drain',
  'GET /purge',
  'POST /purge',
  'GET /nothing',
].map((line) => line.split(' ') as [string, string])

t.test('health and readiness, for everybody', async (t) => {
  const { state, ask } = await start(t, { token: TOKEN })
  for (const headers of [{}, { origin: 'https://evil.test' }, { host: 'pod.test' }]) {
    t.match(await ask('/healthz', { headers }), { status: 200, body: '{"status":"ok"}' })
    t.match(await ask('/readyz?verbose', { headers }), { status: 200, body: '{"status":"ready"}' })
  }
  state.ready = false
  t.match(await ask('/readyz'), { status: 503, body: '{"status":"draining"}' })
  t.equal((await ask('/healthz')).status, 200)
  t.equal((await ask('/healthz', { method: 'HEAD' })).status, 200)
})

t.test('metrics, status, reload', async (t) => {
  const { state, ask } = await start(t)
  const metrics = await ask('/metrics')
  t.match(metrics, { status: 200, headers: { 'content-type': /^text\/plain; version=/ } })
  t.match(metrics.body, 'polycdn_build_info{version="test",node="test"} 1')
  t.match(await ask('/status'), { status: 200, body: '{"config":"0123456789ab"}' })
  t.match(await ask('/reload', { method: 'POST' }), { status: 200, body: '{"status":"reloaded"}' })
  state.problems = [{ file: 'a.yaml', line: 1, column: 2, path: 'b', message: 'c', severity: 'error' }]
  const rejected = await ask('/reload', { method: 'POST' })
  t.equal(rejected.status, 422)
  t.same(JSON.parse(rejected.body), { status: 'rejected', problems: ['a.yaml:1:2: b: c'] })
  t.equal((await ask('/reload')).status, 404, 'a GET changes nothing')
  t.equal(state.reloads, 2)
})

t.test('explain asks what a request would ask', async (t) => {
  const { state, ask } = await start(t)
  t.match(await ask('/explain?ip=192.0.2.1&host=WWW.Test.:8080&path=/a/../%2e%2e/b%3Fc&method=POST'), { status: 200 })
  t.match(state.questions.pop(), { client: { text: '192.0.2.1' }, host: 'www.test', path: '/b', method: 'POST' })
  await ask('/explain?ip=::ffff:192.0.2.1&host=a')
  t.match(state.questions.pop(), { client: { text: '192.0.2.1' }, host: 'a', path: '/', method: 'GET' })
})

const BAD_QUERIES = [
  '',
  '?',
  '?ip=192.0.2.1',
  '?host=a',
  '?ip=&host=a',
  '?ip=x&host=a',
  '?ip=192.0.2.1&host=',
  '?ip=192.0.2.1&host=a/b',
  '?ip=192.0.2.1&ip=192.0.2.2&host=a',
  '?ip=192.0.2.1&host=a&host=b',
  '?ip=192.0.2.1&host=a&path=/&path=/b',
  '?ip=192.0.2.1&host=a&path=b',
  '?ip=192.0.2.1&host=a&path=%00',
  '?ip=192.0.2.1&host=a&method=a&method=b',
  '?ip[]=192.0.2.1&host=a',
  '?ip=192.0.2.1&__proto__=a',
  '?ip=%ff&host=%ff',
]

t.test('a bad query is a 400', async (t) => {
  const { state, ask } = await start(t)
  for (const query of BAD_QUERIES) t.match(await ask(`/explain${query}`), { status: 400 }, query)
  t.equal(state.questions.length, 0)
})

t.test('with a token: 401 without it, whoever asks; with it a page’s origin does not matter', async (t) => {
  const { admin, state, ask } = await start(t, { token: TOKEN })
  const wrong = ['', 'Bearer', 'Bearer ', 'Bearer x', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`, `Bearer ${TOKEN} x`]
  for (const [method, path] of GUARDED) {
    for (const authorization of wrong) {
      const got = await ask(path, { method, headers: { authorization } })
      t.match(got, { status: 401, headers: { 'www-authenticate': 'Bearer' } }, `${method} ${path} ${authorization}`)
    }
    t.equal((await ask(path, { method })).status, 401)
    const headers = { authorization: `bearer ${TOKEN}`, host: 'admin.test', origin: 'https://admin.test' }
    t.not((await ask(path, { method, headers })).status, 401)
  }
  t.equal(state.reloads, 1)
  admin.token = 'another-token'
  t.equal((await ask('/status', { headers: { authorization: `Bearer ${TOKEN}` } })).status, 401, 'a reload changes it')
  t.ok(state.denied > 3, 'each is told')
})

t.test(
  'without a token: a page in a browser is refused, by its origin and by a name that was bound anew',
  async (t) => {
    const { state, ask, port } = await start(t)
    const pages: Record<string, string>[] = [
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${port}` },
      { host: 'evil.test' },
      { host: `evil.test:${port}` },
      { host: 'localhost.evil.test' },
      { host: '127.0.0.1.evil.test' },
      { host: '192.168.0.1' },
      { host: '[::2]' },
    ]
    for (const [method, path] of GUARDED) {
      for (const headers of pages) {
        t.equal((await ask(path, { method, headers })).status, 403, `${method} ${path} ${JSON.stringify(headers)}`)
      }
    }
    t.equal(state.reloads, 0)
    for (const host of ['localhost', `LOCALHOST:${port}`, '127.0.0.1', '127.9.9.9:1', '[::1]', `[::1]:${port}`]) {
      t.equal((await ask('/status', { headers: { host } })).status, 200, host)
    }
    const client = await rawClient(t, { port })
    client.send('GET /status HTTP/1.0\r\n\r\n')
    t.equal((await client.responses(1))[0]?.status, 403, 'without a Host')
  },
)

t.test('errors say a word and no more', async (t) => {
  const { state, ask, port } = await start(t)
  state.fault = new Error('secret detail')
  const got = await ask('/status')
  t.match(got, { status: 500, body: '{"error":"internal_error"}' })
  state.fault = null
  const posts = [
    ['application/json', '{'],
    ['application/json', '{"__proto__":{}}'],
    ['text/plain', 'x'],
    ['x', 'x'],
    ['', 'x'],
    ['application/json', ''],
  ] as const
  for (const [type, body] of posts) {
    const client = await rawClient(t, { port })
    const fields = `Host: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n`
    client.send(`POST /reload HTTP/1.1\r\n${fields}\r\n${body}`)
    const [answer] = await client.responses(1)
    t.ok(answer!.status < 500, `${type} ${body}: ${answer!.status}`)
    t.notMatch(answer!.body.toString(), /\bat\b|\.ts|node_modules|stack/)
  }
  for (const path of ['/%ff', '/100%', '//', '/status/', '/STATUS']) {
    const answer = await ask(path)
    t.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`)
    t.notMatch(answer.body, /\bat\b|\.ts:|node_modules|stack/)
  }
})

t.test('a taken address is named', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  t.teardown(() => blocker.close())
  const { port } = blocker.address() as { port: number }
  const actions = {} as AdminActions
  await t.rejects(Admin.listen({ host: '127.0.0.1', port, token: null }, actions), {
    code: 'address_in_use',
    message: `127.0.0.1:${port} is in use by another program`,
  })
  await t.rejects(Admin.listen({ host: '192.0.2.1', port: 1, token: null }, actions), { code: 'address_unavailable' })
})

t.test('close ends every connection, idle or not', async (t) => {
  const { admin, state, port } = await start(t)
  const client = await rawClient(t, { port })
  await client.send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n').responses(1)
  const busy = await rawClient(t, { port })
  state.stuck = true
  busy.send('POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n')
  await until(() => state.reloads === 1)
  await within(admin.close(), 'the end of close()')
  await client.ended()
  await busy.ended()
})

t.test('a Cdn is drained by its name', async (t) => {
  const { ask } = await start(t)
  const drained = await ask('/cdns/a%20b/drain', { method: 'POST' })
  t.match([drained.status, JSON.parse(drained.body)], [200, { cdn: 'a b', drained: true }])
  t.match(JSON.parse((await ask('/cdns/a%20b/undrain', { method: 'POST' })).body), { drained: false })
  t.match(await ask('/cdns/x/drain', { method: 'POST' }), { status: 404, body: /no CDN is named/ })
  t.equal((await ask('/cdns/x/drain')).status, 404)
})

t.test('a purge is JSON, and an error of it has its status, code and message', async (t) => {
  const { admin, ask } = await start(t)
  const post = async (body: string, type = 'application/json') => {
    const headers = { 'content-type': type }
    const response = await fetch(`http://${admin.address}/purge`, { method: 'POST', headers, body })
    return { status: response.status, body: await response.text() }
  }
  t.match(await post('{"site":"www"}'), { status: 200, body: '{"purged":{"site":"www"}}' })
  t.match(await post('null'), { status: 404, body: '{"error":"site_not_here","message":"no site"}' })
  t.match(await post('{"site'), { status: 400, body: /bad_request/ })
  t.match(await post('site=www', 'application/x-www-form-urlencoded'), { status: 415, body: /bad_request/ })
  t.equal((await post(`{"a":"${'x'.repeat(512 * 1024)}"}`)).status, 200, 'it may name many URLs')
  t.match(await post(`{"a":"${'x'.repeat(1024 * 1024)}"}`), { status: 413 })
  t.match(await ask('/purge'), { status: 200, body: '{"purges":[]}' })
})
