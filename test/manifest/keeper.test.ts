import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { ManifestSettings } from '../../src/config/content.ts'
import type { Snapshot } from '../../src/config/snapshot.ts'
import { ManifestKeeper } from '../../src/manifest/keeper.ts'
import { ManifestShelf } from '../../src/manifest/shelf.ts'
import { type ManifestShipment, shelve } from '../../src/manifest/shipment.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { ScriptedClock } from '../helpers/scripted-clock.ts'
import { until } from '../helpers/wait.ts'
import { NOW, PUBLIC_KEY, sealed } from './support/manifests.ts'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

class Ground {
  readonly folder: string
  readonly file: string
  readonly state: string
  readonly clock = new ScriptedClock()
  readonly lines: { event: string; [field: string]: unknown }[] = []
  readonly shipped: ManifestShipment[] = []
  readonly loads: string[] = []
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
    this.folder = tempDir(scope, 'keeper')
    this.file = join(this.folder, 'manifest.json')
    this.state = join(this.folder, 'state')
  }

  get now(): number {
    return NOW + this.clock.now()
  }

  put(bytes: Buffer): void {
    writeFileSync(`${this.file}.new`, bytes)
    renameSync(`${this.file}.new`, this.file)
  }

  keeper(): ManifestKeeper {
    const line = (event: string, fields: object = {}) => void this.lines.push({ event, ...fields })
    const keeper = new ManifestKeeper({
      timers: this.clock,
      now: () => this.now,
      log: { info: line, warn: line, error: line },
      onChange: async (shipment) => void this.shipped.push(shipment),
      onLoad: (site, result) => this.loads.push(`${site} ${result}`),
    })
    this.#scope.teardown(() => keeper.close())
    return keeper
  }

  snapshot(more: Partial<ManifestSettings> | null = {}, stateDir: string | null = this.state): Snapshot {
    const settings = { source: { file: this.file }, publicKey: PUBLIC_KEY, grace: HOUR, ...more }
    return { sites: [{ name: 'www', manifest: more === null ? null : settings }], stateDir } as never
  }

  /** What is used, what is an excuse, and what was said since the last time. */
  told(keeper: ManifestKeeper): unknown[] {
    const { shelf } = keeper
    const events = this.lines.splice(0).map(({ event, fault }) => (fault === undefined ? event : `${event} ${fault}`))
    return [shelf.current('www', this.now)?.sequence, shelf.replaced('www', this.now)[0]?.sequence, ...events]
  }

  /** Lets the keeper look, and waits for what it says, or for the end of its look. */
  async look(): Promise<void> {
    this.clock.advance(60_000)
    await until(() => this.clock.pauses.length > 0)
  }
}

const version = (sequence: number, more = {}) => sealed({ '/': Buffer.from(`${sequence}`) }, { sequence, ...more })

t.test('a new manifest replaces the one before, which stays for its grace', async (t) => {
  const ground = new Ground(t)
  ground.put(version(1))
  const keeper = ground.keeper()
  await keeper.recall(ground.snapshot())
  keeper.adopt(ground.snapshot())
  t.strictSame(ground.told(keeper), [1, undefined, 'manifest-accepted'])
  const begun = keeper.shelf.current('www', ground.now)!
  await ground.look()
  t.strictSame(ground.told(keeper), [1, undefined], 'nothing new, nothing said')
  ground.put(version(2))
  await ground.look()
  t.strictSame(ground.told(keeper), [2, 1, 'manifest-accepted'])
  t.equal(begun.sequence, 1, 'a response keeps the one that it began with')
  ground.clock.advance(HOUR)
  t.strictSame(ground.told(keeper), [2, undefined])
})

t.test('what is not better is refused, said once, and changes nothing', async (t) => {
  const ground = new Ground(t)
  ground.put(version(5))
  const keeper = ground.keeper()
  await keeper.recall(ground.snapshot())
  ground.told(keeper)
  const tampered = Buffer.from(version(6))
  // Another character that base64url has: what is no signature at all is malformed.
  tampered[tampered.length - 10] = tampered[tampered.length - 10] === 0x41 ? 0x42 : 0x41
  const cases: [bytes: Buffer, fault: string][] = [
    [version(4), 'lower-sequence'],
    [version(5, { created: '2026-11-27T00:00:00Z' }), 'same-sequence'],
    [tampered, 'bad-signature'],
    [version(6, { site: 'shop' }), 'other-site'],
    [version(6, { expires: '2026-11-25T00:00:00Z' }), 'expired'],
    [Buffer.from('half'), 'malformed'],
  ]
  for (const [bytes, fault] of cases) {
    ground.put(bytes)
    await ground.look()
    t.strictSame(ground.told(keeper), [5, undefined, `manifest-refused ${fault}`])
    utimesSync(ground.file, 1, 1)
    await ground.look()
    t.strictSame(ground.told(keeper), [5, undefined], 'said already')
  }
  rmSync(ground.file)
  await ground.look()
  await ground.look()
  t.strictSame(ground.told(keeper), [5, undefined, 'manifest-unreadable'])
  ground.put(version(6))
  await ground.look()
  t.strictSame(ground.told(keeper), [6, 5, 'manifest-accepted'])
  const faults = cases.map(([, fault]) => `www ${fault}`)
  t.strictSame(
    ground.loads.filter((load, at) => load !== ground.loads[at - 1]),
    ['www accepted', ...faults, 'www unreadable', 'www accepted'],
    'and counted',
  )
  const { sequence, expires } = keeper.held.get('www')!
  t.match({ sequence, expires }, { sequence: 6, expires: keeper.shelf.current('www', ground.now)!.expires })
})

t.test('a restart remembers, and is not talked back into what was', async (t) => {
  const ground = new Ground(t)
  ground.put(version(1))
  const first = ground.keeper()
  await first.recall(ground.snapshot())
  ground.put(version(2))
  await ground.look()
  await first.close()
  ground.told(first)
  const since = (ground.now - 10) / 1000
  utimesSync(join(ground.state, 'manifest-www.json'), since, since)

  ground.put(version(1))
  const second = ground.keeper()
  await second.recall(ground.snapshot())
  t.strictSame(ground.told(second), [2, 1, 'manifest-refused lower-sequence'])
  await second.close()
  const without = ground.keeper()
  await without.recall(ground.snapshot({}, null))
  t.strictSame(ground.told(without), [1, undefined, 'manifest-accepted'], 'without state_dir nobody knows')
  await without.close()

  writeFileSync(join(ground.state, 'manifest-www.json'), 'damaged')
  const third = ground.keeper()
  await third.recall(ground.snapshot())
  t.strictSame(ground.told(third), [1, undefined, 'manifest-state-unreadable', 'manifest-accepted'])
  t.ok(readFileSync(join(ground.state, 'manifest-www.json')).equals(version(1)))
  await third.close()

  rmSync(ground.state, { recursive: true })
  writeFileSync(ground.state, '')
  ground.put(version(3))
  const fourth = ground.keeper()
  await fourth.recall(ground.snapshot())
  t.match(ground.told(fourth), [3, undefined], 'a folder that is none costs the memory, not the site')
  t.strictSame(ground.shipped.at(-1)!.current, version(3))
})

t.test('the end of a manifest is announced, and it says nothing after it', async (t) => {
  const ground = new Ground(t)
  ground.put(version(1))
  const keeper = ground.keeper()
  await keeper.recall(ground.snapshot())
  ground.told(keeper)
  ground.clock.advance(YEAR - 6 * 24 * HOUR)
  await until(() => ground.lines.length > 0)
  await ground.look()
  t.strictSame(ground.told(keeper), [1, undefined, 'manifest-expires-soon'])
  ground.clock.advance(6 * 24 * HOUR)
  await until(() => ground.lines.length > 0)
  await ground.look()
  t.strictSame(ground.told(keeper), [undefined, undefined, 'manifest-expired'])
  ground.put(version(2, { expires: '2029-01-01T00:00:00Z' }))
  await ground.look()
  t.strictSame(ground.told(keeper), [2, 1, 'manifest-accepted'])
})

t.test('a reload: other settings, another key, no manifest', async (t) => {
  const ground = new Ground(t)
  ground.put(version(1))
  const keeper = ground.keeper()
  await keeper.recall(ground.snapshot())
  t.equal(keeper.shipments.length, 1)
  t.equal(keeper.shipments[0], keeper.shipments[0], 'the same until there is something new')
  const other = join(ground.folder, 'other.json')
  writeFileSync(other, version(2))
  keeper.adopt(ground.snapshot({ source: { file: other } }))
  t.equal(keeper.shelf.current('www', ground.now)?.sequence, 1, 'there is no gap')
  await until(() => keeper.shelf.current('www', ground.now)?.sequence === 2)
  t.equal(keeper.shelf.replaced('www', ground.now)[0]?.sequence, 1)
  ground.told(keeper)
  keeper.adopt(ground.snapshot({ source: { file: other }, publicKey: `ed25519:${'A'.repeat(43)}` }))
  await until(() => ground.lines.length > 0)
  t.strictSame(ground.told(keeper), [undefined, undefined, 'manifest-refused other-key'])
  keeper.adopt(ground.snapshot(null))
  t.strictSame(keeper.shipments, [])
  t.match(ground.shipped.at(-1), { site: 'www', current: null })
})

t.test('what is shipped is what another process uses', async (t) => {
  const ground = new Ground(t)
  ground.put(version(1))
  const keeper = ground.keeper()
  await keeper.recall(ground.snapshot())
  ground.put(version(2))
  await ground.look()
  const shelf = new ManifestShelf()
  for (const shipment of ground.shipped) shelve(shelf, structuredClone(shipment))
  t.strictSame(shelf.current('www', NOW)?.id, keeper.shelf.current('www', NOW)?.id)
  t.equal(shelf.replaced('www', ground.now)[0]?.sequence, 1)
  shelve(shelf, { ...ground.shipped[0]!, current: null })
  t.equal(shelf.current('www', NOW), null)
})

t.test('from a server: asked only for what is new, and kept when it fails', async (t) => {
  const ground = new Ground(t)
  let answer = (_: IncomingMessage, response: ServerResponse): unknown => response.end(version(1))
  const asked: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    asked.push(request.headers)
    if (request.headers['if-none-match'] === '"1"') return void response.writeHead(304).end()
    answer(request, response.setHeader('etag', '"1"'))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m?token=secret`
  const keeper = ground.keeper()
  await keeper.recall(ground.snapshot({ source: { url } }))
  t.strictSame(ground.told(keeper), [1, undefined, 'manifest-accepted'])
  await ground.look()
  await until(() => asked.length === 2)
  t.equal(asked[1]!['if-none-match'], '"1"')
  await keeper.close()

  const bad: ((request: IncomingMessage, response: ServerResponse) => unknown)[] = [
    (_, response) => response.writeHead(500).end(),
    (_, response) => response.writeHead(302, { location: '/else' }).end(),
    (_, response) => response.writeHead(304).end(),
    (_, response) => response.destroy(),
    (_, response) => response.end('<html>'),
  ]
  for (const next of bad) {
    answer = next
    const again = ground.keeper()
    await again.recall(ground.snapshot({ source: { url } }))
    await until(() => ground.lines.length > 0)
    const line = ground.lines[0]!
    t.match(line, { event: /^manifest-(unreadable|refused)$/, kept: 1 })
    t.notMatch(JSON.stringify(line), /secret/)
    t.equal(ground.told(again)[0], 1, 'what an earlier process accepted serves')
    await again.close()
  }
})

t.test('closing does not wait for a server that says nothing', async (t) => {
  const ground = new Ground(t)
  mkdirSync(ground.state)
  const asked = Promise.withResolvers<void>()
  const server = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  const keeper = ground.keeper()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const recalled = keeper.recall(ground.snapshot({ source: { url } }))
  await asked.promise
  ground.clock.advance(10_000)
  await recalled
  t.equal(keeper.shelf.current('www', ground.now), null, 'nor does the start')
  await keeper.close()
  t.strictSame(ground.lines, [])
})
