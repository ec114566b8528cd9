import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { CA_FILE, certificate } from '../helpers/certificates.ts'
import { answer, countedBody, head } from '../helpers/misbehaviour.ts'
import { type Program, requireProgram, skipUnless } from '../helpers/programs.ts'
import type { Scope } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { door } from './support/door.ts'
import { endpoint, listener, policy, site } from './support/services.ts'

const BODY = countedBody(2_000_000)
const CONTENT = 'c'.repeat(100_000)

async function run(program: Program, args: readonly string[]): Promise<string> {
  const options = { timeout: 10_000, maxBuffer: 64 * 1024 * 1024, encoding: 'latin1' } as const
  return (await promisify(execFile)(requireProgram(program), args, options)).stdout
}

async function origin(scope: Scope, secure: boolean) {
  const upstream = await scriptedUpstream(scope, ({ method }) =>
    method === 'HEAD' ? [head(200, { 'content-length': '7' })] : answer(200, method === 'POST' ? 'taken' : BODY),
  )
  const { cert, key } = certificate('localhost')
  const listen = [listener(secure ? { tls: { certificates: [{ cert, key }] } } : { h2c: true })]
  const sites = [site({ origin: [endpoint(upstream.url)], policy: policy({ mode: 'origin' }) })]
  const { listeners, port } = await door(scope, { sites, over: { listen } })
  const gone = () => until(() => listeners.connections === 0 && listeners.requests === 0, { what: 'their leaving' })
  return { upstream, gone, url: `${secure ? 'https' : 'http'}://localhost:${port}/` }
}

for (const secure of [true, false]) {
  t.test(`curl, ${secure ? 'by ALPN' : 'with prior knowledge'}`, async (t) => {
    if (!skipUnless(t, 'curl')) return
    const { url, upstream, gone } = await origin(t, secure)
    const how = secure ? ['--http2', '--cacert', CA_FILE] : ['--http2-prior-knowledge']
    const curl = (...args: string[]) => run('curl', ['-sS', '-4', '--noproxy', '*', ...how, ...args, url])
    t.equal(await curl('-w', '%{http_version} %{http_code}'), `${BODY}2 200`)
    t.match(await curl('-I'), /^HTTP\/2 200[\s\S]*content-length: 7/)
    t.equal(await curl('-d', CONTENT, '-w', ' %{http_version} %{http_code}'), 'taken 2 200')
    t.equal(upstream.requests.at(-1)!.raw.subarray(-CONTENT.length).toString(), CONTENT, 'whole')
    await gone()
  })
}

t.test('nghttp and h2load over TLS: large bodies, 100 streams at once', async (t) => {
  if (!skipUnless(t, 'nghttp', 'h2load')) return
  const { url, upstream, gone } = await origin(t, true)
  t.match(await run('nghttp', ['-nv', '-y', url]), /:status: 200[\s\S]*END_STREAM/)
  t.match(await run('h2load', ['-n50', '-c1', '-m100', url]), /50 succeeded, 0 failed, 0 errored/)
  upstream.play(answer(200, 'small'))
  t.match(await run('h2load', ['-n1000', '-c2', '-m100', url]), /1000 succeeded, 0 failed, 0 errored/)
  await gone()
})
