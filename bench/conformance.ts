import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Child } from '../test/helpers/child.ts'
import { type Config, startGateway } from '../test/helpers/gateway.ts'
import { freePort } from '../test/helpers/port.ts'
import { tempDir } from '../test/helpers/scope.ts'
import { until } from '../test/helpers/wait.ts'
import { Run } from './run.ts'

/**
 * `node bench/conformance.ts CHECKOUT [WAY…]`: the suite of github.com/http-tests/cache-tests, from a checkout of it with
 * its npm dependencies, against `polycdn serve` in front of the suite's own server. Prints passed/all for each of its
 * categories, and what did not pass, with the suite's reason. docs/caching.md has the last result.
 */
const WAYS: Readonly<Record<string, (url: string) => Config>> = {
  // What a site has that says nothing of caching.
  defaults: (url) => ({ ...toOrigin(url), policies: { default: { mode: 'origin' } } }),
  // The same behind a CDN: the suite counts a question that is asked again elsewhere as no result.
  cdn: (url) => ({
    ...toOrigin(url),
    cdns: [{ name: 'edge', provider: 'http', url }],
    policies: { default: { cdns: ['edge'] } },
  }),
  // RFC 9111 alone, without the defaults that are stricter.
  rfc: (url) => ({
    ...toOrigin(url),
    policies: {
      default: {
        mode: 'origin',
        compress: { encodings: [] },
        cache: { credentials: 'rfc', set_cookie: 'explicit', heuristic: true },
      },
    },
  }),
}

function toOrigin(url: string) {
  return { sites: [{ name: 'suite', hosts: ['*'], origin: { urls: [url] } }] }
}

interface SuiteTest {
  readonly id: string
  readonly kind?: 'required' | 'optimal' | 'check'
  readonly browser_only?: boolean
}

interface Suite {
  readonly categories: readonly { readonly name: string; readonly tests: readonly SuiteTest[] }[]
  /** The suite's own judgement: a row of its table of results, whose last member is a sign. */
  judge(id: string, results: Results): string
}

/** By id: true, or the kind of failure and its message. */
type Results = Readonly<Record<string, true | readonly [kind: string, message: string]>>

const PASSED = '✅'
/** The suite waits three seconds in most of its tests, 25 at once. */
const AT_MOST = 600_000

const [checkout, ...chosen] = process.argv.slice(2)
const unknown = chosen.filter((way) => !(way in WAYS))
if (checkout === undefined || unknown.length > 0) {
  console.error(`usage: node bench/conformance.ts CHECKOUT [${Object.keys(WAYS).join('|')}]…`)
  process.exit(2)
}
const folder = resolve(checkout)
const suite = await load()
const run = new Run()
try {
  const url = await serve()
  for (const way of chosen.length > 0 ? chosen : Object.keys(WAYS)) {
    const gateway = await startGateway(run, WAYS[way]!(url))
    report(way, await ask(gateway.url))
    await gateway.close()
  }
} finally {
  await run.end()
}

async function load(): Promise<Suite> {
  const bring = (file: string) => import(pathToFileURL(join(folder, file)).href)
  const { default: categories } = await bring('tests/index.mjs')
  const { determineTestResult } = await bring('test-engine/lib/results.mjs')
  return { categories, judge: (id, results) => determineTestResult(categories, id, results)[2] }
}

/** The suite reads its settings as npm would hand them over. */
function start(script: string, settings: Readonly<Record<string, string>>): Child {
  const env = { ...process.env, npm_package_config_id: '', npm_config_protocol: 'http', ...settings }
  const child = new Child([process.execPath, '--no-warnings', script], { cwd: folder, env })
  run.teardown(() => child.stop())
  return child
}

/** Starts the suite's server. Returns its URL. */
async function serve(): Promise<string> {
  const port = String(await freePort())
  const settings = { npm_config_port: port, npm_config_pidfile: join(tempDir(run), 'pid') }
  const server = start('test-engine/server/server.mjs', settings)
  await until(() => server.stdout.includes('Listening on'), { what: () => `the suite's server: ${server.stderr}` })
  return `http://127.0.0.1:${port}`
}

async function ask(url: string): Promise<Results> {
  const { code, stdout, stderr } = await start('test-engine/cli.mjs', { npm_config_base: url }).exited(AT_MOST)
  if (code !== 0) throw new Error(`the suite's client failed: ${stderr}`)
  return JSON.parse(stdout)
}

function report(way: string, results: Results): void {
  const kinds = ['required', 'optimal'] as const
  console.log(`\n${way}\n| category | ${kinds.join(' | ')} |\n|---|---|---|`)
  const totals = kinds.map(() => ({ passed: 0, all: 0 }))
  const failed: string[] = []
  for (const { name, tests } of suite.categories) {
    const cells = kinds.map((kind, at) => {
      const ids = tests.filter((one) => one.browser_only !== true && (one.kind ?? 'required') === kind)
      const wrong = ids.filter(({ id }) => suite.judge(id, results) !== PASSED)
      for (const { id } of wrong) failed.push(`${suite.judge(id, results)} ${kind} ${id}: ${results[id]}`)
      totals[at]!.all += ids.length
      totals[at]!.passed += ids.length - wrong.length
      return ids.length === 0 ? '' : `${ids.length - wrong.length}/${ids.length}`
    })
    if (cells.some((cell) => cell !== '')) console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
  console.log(`| all | ${totals.map(({ passed, all }) => `${passed}/${all}`).join(' | ')} |\n\n${failed.join('\n')}`)
}
