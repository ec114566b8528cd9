import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { serve } from '../../src/commands/serve.ts'
import { validate } from '../../src/commands/validate.ts'
import { commandHere, type Ended } from '../helpers/command-here.ts'
import { configText, runCommand, startGateway, startGatewayHere } from '../helpers/gateway.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { topology } from './topology.ts'

const EDGE = { name: 'fra', url: 'http://127.0.0.1:1' }
/** A line of a stack trace. */
const STACK = /^\s*at /m

interface Refusal {
  readonly text: string
  readonly patterns: readonly RegExp[]
  /** Default: `serve`, in this process. */
  readonly run?: readonly ((args: readonly string[]) => Promise<Ended>)[]
}

const serveHere = (args: readonly string[]) => commandHere(serve, args)
const validateHere = (args: readonly string[]) => commandHere(validate, args)

/** Runs `serve` (unless told otherwise) on the text: exit code 2, and each pattern on standard error. */
async function refused(t: Test, { text, patterns, run = [serveHere] }: Refusal): Promise<void> {
  const file = join(tempDir(t, 'bad'), 'bad.yaml')
  writeFileSync(file, text)
  const exits = await Promise.all(run.map((command) => command(['--config', file])))
  for (const exit of exits) {
    t.equal(exit.code, 2, exit.stdout + exit.stderr)
    for (const pattern of patterns) t.match(exit.stderr, pattern)
    t.notMatch(exit.stdout + exit.stderr, STACK, 'no stack trace')
  }
}

/** A valid file of one line a value, to be broken at known places. */
const GOOD = `version: 1
listen:
  - address: 127.0.0.1:0
admin:
  address: 127.0.0.1:0
cdns:
  - name: fra
    provider: http
    url: http://127.0.0.1:1
    locations: [FRA]
sites:
  - name: www
    hosts: ["*"]
    routes:
      - policy: default
policies:
  default:
    cdns: [fra]
`

t.test('the file that is broken below is good', async (t) => {
  const file = join(tempDir(t, 'good'), 'good.yaml')
  writeFileSync(file, GOOD)
  const exit = await runCommand(t, ['validate', '--config', file]).exited()
  t.equal(exit.code, 0, exit.stdout + exit.stderr)
})

t.test('every problem of a file is named with its place, and the nearest known name', async (t) => {
  const text = GOOD.replace('provider: http', 'providr: http')
    .replace('- address: 127.0.0.1:0', '- address: [1, 2]')
    .replace('policy: default', 'policy: defualt')
    .replace('cdns: [fra]', 'cdns: [fra, frb]')
    .replace('locations: [FRA]', 'locations: [QQQ]')
  const patterns = [
    /bad\.yaml:8:5: cdns\[0\]\S*: .*provider/,
    /bad\.yaml:3:14: listen\[0\]\.address: /,
    /bad\.yaml:15:17: sites\[0\]\.routes\[0\]\.policy: .*default/,
    /bad\.yaml:18:17: policies\.default\.cdns\[1\]: .*fra/,
    /bad\.yaml:10:17: cdns\[0\]\.locations\[0\]: .*QQQ/,
  ]
  const program = (args: readonly string[]) => runCommand(t, ['serve', ...args]).exited()
  await refused(t, { text, patterns, run: [program, validateHere] })
})

t.test('an unset variable that is required is named with its place and message', async (t) => {
  const text = GOOD.replace('http://127.0.0.1:1', `"\${POLYCDN_TEST_UNSET:?where the edge is}"`)
  await refused(t, { text, patterns: [/bad\.yaml:9:10: .*POLYCDN_TEST_UNSET.*where the edge is/] })
})

t.test('text that is no YAML, no map, or nothing at all', async (t) => {
  const cases = [
    ['cdns: [a, b\nsites: }', /bad\.yaml:\d+:\d+: /],
    ['- 1\n- 2\n', /bad\.yaml:1:1: /],
    ['', /bad\.yaml:1:1: /],
    ['version: 2\n', /bad\.yaml:1:10: version: /],
    [`a: &a [x, x, x, x]\n${bomb('a', 12)}`, /bad\.yaml:\d+:\d+: /],
  ] as const
  await Promise.all(cases.map(([text, pattern]) => refused(t, { text, patterns: [pattern] })))
})

/** YAML aliases that would unfold to 4^depth values. */
function bomb(name: string, depth: number): string {
  if (depth === 0) return ''
  const next = `${name}a`
  return `${next}: &${next} [*${name}, *${name}, *${name}, *${name}]\n${bomb(next, depth - 1)}`
}

t.test('a part that is not built yet is refused, located', async (t) => {
  const text = `${GOOD}\notel: { endpoint: "http://127.0.0.1:4318" }\n`
  await refused(t, { text, patterns: [/bad\.yaml:\d+:\d+: otel\.endpoint: .*not supported yet/] })
})

t.test('a file that is missing, or a directory', async (t) => {
  const dir = tempDir(t, 'missing')
  mkdirSync(join(dir, 'folder.yaml'))
  for (const name of ['none.yaml', 'folder.yaml']) {
    for (const command of [serveHere, validateHere]) {
      const { code, stdout, stderr } = await command(['--config', join(dir, name)])
      t.equal(code, 2, stdout + stderr)
      t.match(stderr, name)
      t.notMatch(stdout + stderr, STACK)
    }
  }
})

t.test('a geo database that is missing, corrupt or empty', async (t) => {
  const dir = tempDir(t, 'geo')
  writeFileSync(join(dir, 'corrupt.mmdb'), Buffer.alloc(100_000, 'junk'))
  writeFileSync(join(dir, 'empty.mmdb'), '')
  const one = async (name: string) => {
    const text = GOOD.replace('version: 1', `version: 1\ngeoip:\n  database: ${join(dir, name)}`)
    await refused(t, { text, patterns: [new RegExp(`bad\\.yaml:3:13: geoip\\.database: .*${name}`)] })
  }
  await Promise.all(['none.mmdb', 'corrupt.mmdb', 'empty.mmdb'].map(one))
})

t.test('a taken port', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = `127.0.0.1:${(server.address() as { port: number }).port}`
  const configs = [{ listen: [{ address: '127.0.0.1:0' }, { address }] }, { admin: { address } }]
  const one = async (config: object) => {
    const file = join(tempDir(t, 'port'), 'config.yaml')
    writeFileSync(file, configText({ ...topology({ edges: [EDGE] }), ...config }))
    const exit = await serveHere(['--config', file])
    t.equal(exit.code, 1, exit.stdout + exit.stderr)
    t.match(exit.stderr, address)
    t.notMatch(exit.stdout + exit.stderr, STACK)
  }
  await Promise.all(configs.map(one))
})

t.test('a wrong command line', async (t) => {
  const explain = ['explain', '--offline', '--config', 'x.yaml', '--host', 'a', '--ip', 'nonsense']
  const program = (args: readonly string[]) => runCommand(t, args).exited()
  const cases: readonly (readonly [(args: readonly string[]) => Promise<Ended>, readonly string[], RegExp])[] = [
    [program, ['sevre'], /sevre/],
    [serveHere, ['--confg', 'x'], /--confg/],
    [serveHere, [], /--config/],
    [program, explain, /nonsense/],
  ]
  const one = async ([run, args, pattern]: (typeof cases)[number]) => {
    const exit = await run(args)
    t.equal(exit.code, 2, args.join(' '))
    t.match(exit.stderr, pattern)
    t.notMatch(exit.stdout + exit.stderr, STACK)
  }
  await Promise.all(cases.map(one))
})

t.test('an unknown host is a 404 with a hint in the log', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const config = topology({ edges: [{ name: 'fra', url: upstream.url }] })
  const [site] = config.sites as Record<string, unknown>[]
  const gateway = await startGatewayHere(t, { ...config, sites: [{ ...site, hosts: ['www.example.com'] }] })
  const client = await rawClient(t, gateway)
  client.send('GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n')
  t.equal((await client.responses(1))[0]?.status, 404)
  const line = await gateway.logged('unknown-host')
  t.match(JSON.stringify(line), 'www.example.org')
  client.send('GET / HTTP/1.1\r\nHost: WWW.example.COM:1234\r\n\r\n')
  t.equal((await client.responses(2))[1]?.status, 200, 'the connection goes on')
  t.equal(upstream.requests.length, 1)
})

/** RFC 9112 sections 3, 3.2 and 6.1, and RFC 9110 section 7.2. */
const MALFORMED: readonly (readonly [what: string, request: string])[] = [
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with user information', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
  ['a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['a Host with a bad port', 'GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n'],
  ['a Host with an open bracket', 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  ['a fragment in the target', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a target without a slash', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute target with another Host', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  [
    'length and coding',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
]

t.test('a malformed Host or target is a 400, and the upstream sees nothing of it', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const edges = [{ name: 'fra', url: upstream.url }]
  const gateway = await startGateway(t, topology({ edges, origin: upstream.url }))
  for (const [what, request] of MALFORMED) {
    const client = await rawClient(t, gateway)
    const [got] = await client.send(request).responses(1)
    t.equal(got?.status, 400, what)
    client.close()
  }
  t.equal(upstream.requests.length, 0)
  const client = await rawClient(t, gateway)
  t.equal((await client.send('GET /%ff?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n').responses(1))[0]?.status, 200)
  t.equal(upstream.requests[0]?.target, '/%ff?a=%zz', 'odd but legal targets pass as they are')
  const exit = await gateway.close()
  t.equal(exit.code, 0)
  t.notMatch(exit.stdout + exit.stderr, STACK)
})
