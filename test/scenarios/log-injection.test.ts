import t, { type Test } from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { frameClient, HELLO, headers } from '../http/support/http2-frames.ts'
import { topology } from './topology.ts'

const FORGED = '{"event":"forged"}'
/** Bytes that clients may send, in latin1: escapes of terminals, C1 controls, broken UTF-8, what ends lines. */
const HOSTILE = [
  '\x1b[2J\x1b]0;owned\x07',
  '\x9b31m',
  '\x85',
  '\xe2\x80\xa8',
  '\xed\xa0\x80',
  '\xff\xfe\xc0\xaf',
  `\r\n${FORGED}`,
  `\n${FORGED}`,
  `%0a${FORGED}`,
  `"}\\n${FORGED}`,
  '\x00',
  'x'.repeat(7000),
]
/** What no line of the log may have in it. */
const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]/u

/** The same over HTTP/2, whose fields have no lines to end. */
async function overHttp2(t: Test, port: number, text: string): Promise<void> {
  const client = await frameClient(t, port)
  const ask = (stream: number, over: Readonly<Record<string, string>>) => {
    const fields = { ':method': 'GET', ':scheme': 'http', ':authority': 'a', ':path': '/', ...over }
    client.send(headers(stream, Object.entries(fields)))
  }
  client.send(HELLO)
  for (const [at, over] of [{ ':path': `/${text}` }, { ':authority': `a${text}` }, { 'user-agent': text }].entries()) {
    ask(at * 2 + 1, over)
  }
  const over = (stream: number) => new RegExp(`^(end|reset \\d+ on) ${stream}$|^ended$`)
  const all = () => [1, 3, 5].every((stream) => client.seen.some((seen) => over(stream).test(seen)))
  await until(all, { what: () => `the end of three streams in ${client.seen.join(', ')}` })
  client.socket.destroy()
}

t.test('whatever clients and upstreams send, a line stays one line of safe characters', async (t) => {
  const upstream = await scriptedUpstream(t, (request) => {
    const at = Number(/\/(\d+)$/.exec(request.target)?.[1] ?? 0)
    if (request.target.startsWith('/hop')) {
      const location = `Location: http://localhost:1/${HOSTILE[at]}`
      return [Buffer.from(`HTTP/1.1 302 Found\r\n${location}\r\nContent-Length: 0\r\n\r\n`, 'latin1')]
    }
    return [Buffer.from(`HTTP/1.1 200 ${HOSTILE[at]}\r\nServer: ${HOSTILE[at]}\r\nContent-Length: 0\r\n\r\n`, 'latin1')]
  })
  const config = topology({ edges: [{ name: 'fra', url: upstream.url }], cdn: { redirect_hosts: ['localhost'] } })
  const [site] = config.sites as object[]
  const sites = [{ ...site, hosts: ['a'] }]
  const listen = [{ address: '127.0.0.1:0', h2c: true }]
  const limits = { header_timeout: '1s' }
  const gateway = await startGateway(t, { ...config, listen, limits, sites, log: { access: true, level: 'debug' } })
  for (const [at, text] of HOSTILE.entries()) {
    const requests = [
      `GET /${text} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a${text}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: ${text}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${text}\r\nForwarded: for="${text}"\r\n\r\n`,
      `${text} / HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET /hop/${at} HTTP/1.1\r\nHost: a\r\n\r\n`,
    ]
    for (const request of requests) {
      const client = await rawClient(t, gateway)
      client.send(request).halfClose()
      await client.ended()
      client.close()
    }
    await overHttp2(t, gateway.port, text)
  }
  const client = await rawClient(t, gateway)
  await client.send('GET /last HTTP/1.1\r\nHost: nobody\r\nX-Forwarded-For: 198.51.100.77\r\n\r\n').responses(1)
  const last = await until(() => gateway.logs.find((line) => line.path === '/last'), { what: 'the last line' })
  t.equal(last.client, '127.0.0.0', 'who is turned away is the socket, cut')
  const { stdout, stderr } = await gateway.close()
  t.equal(stderr, '')
  const lines = stdout.trimEnd().split('\n')
  t.ok(lines.length > HOSTILE.length * 5, `${lines.length} lines`)
  for (const line of lines) {
    const found = UNSAFE.exec(line)
    if (found !== null) t.fail(`${JSON.stringify(found[0])} in ${line.slice(0, 300)}`)
    if (JSON.parse(line).event === 'forged') t.fail(line)
    if (line.length > 12_000) t.fail(`${line.length} characters in a line`)
  }
  t.notMatch(stdout, '198.51.100.77', 'no whole address, by default')
})
