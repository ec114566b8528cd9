import t from 'tap'
import { parseAddress } from '../../src/geo/address.ts'
import { clientAddress, forwardedNode } from '../../src/http/forwarded.ts'
import { seededRandom } from '../helpers/random.ts'
import { networkSet } from './support/services.ts'

const TRUSTED = networkSet(['127.0.0.0/8', '10.0.0.0/8', '2001:db8:aaaa::/48'])
const NOBODY = '0.0.0.0'

interface Case {
  readonly peer?: string
  readonly x?: string
  readonly f?: string
}

function client({ peer = '127.0.0.1', x, f }: Case): string {
  const hops = { peer: parseAddress(peer)!, xForwardedFor: x ?? null, forwarded: f ?? null }
  return clientAddress(hops, TRUSTED).text
}

const X: readonly (readonly [what: string, given: Case, client: string])[] = [
  ['no field: the peer', {}, '127.0.0.1'],
  ['a peer that is not trusted is not believed', { peer: '192.0.2.9', x: '203.0.113.1' }, '192.0.2.9'],
  ['one hop', { x: '203.0.113.1' }, '203.0.113.1'],
  ['the rightmost that is not trusted', { x: '198.51.100.7, 203.0.113.1' }, '203.0.113.1'],
  ['trusted hops are passed', { x: '198.51.100.7, 203.0.113.1, 10.0.0.2, 10.0.0.1' }, '203.0.113.1'],
  ['a chain of trusted hops alone: the farthest', { x: '10.0.0.3, 10.0.0.2' }, '10.0.0.3'],
  ['spaces and tabs', { x: ' 203.0.113.1\t,  10.0.0.1 ' }, '203.0.113.1'],
  ['with a port', { x: '203.0.113.1:4711' }, '203.0.113.1'],
  ['IPv6', { x: '2001:db8::1' }, '2001:db8::1'],
  ['IPv6 in brackets', { x: '[2001:db8::1]' }, '2001:db8::1'],
  ['IPv6 with a port', { x: '[2001:db8::1]:4711' }, '2001:db8::1'],
  ['IPv6 through a trusted IPv6 hop', { x: '2001:db8::1, 2001:db8:aaaa::1' }, '2001:db8::1'],
  ['mapped IPv4', { x: '::ffff:203.0.113.1' }, '203.0.113.1'],
  ['what is no address ends the walk', { x: '203.0.113.1, unknown, 10.0.0.1' }, '10.0.0.1'],
  ['nothing but rubbish: the peer', { x: 'unknown' }, '127.0.0.1'],
  ['empty', { x: '' }, '127.0.0.1'],
  ['an empty element ends the walk', { x: '203.0.113.1,' }, '127.0.0.1'],
  ['a bracket that does not close is no address', { x: '[2001:db8::12' }, '127.0.0.1'],
  ['rubbish behind the bracket is no address', { x: '[2001:db8::1]x' }, '127.0.0.1'],
  ['a bad port is no address', { x: '203.0.113.1:x' }, '127.0.0.1'],
  ['octal-looking is no address', { x: '010.0.0.1' }, '127.0.0.1'],
]

const FORWARDED: readonly (readonly [what: string, given: Case, client: string])[] = [
  ['a peer that is not trusted is not believed', { peer: '192.0.2.9', f: 'for=203.0.113.1' }, '192.0.2.9'],
  ['one element', { f: 'for=203.0.113.1' }, '203.0.113.1'],
  ['parameters in any order and case', { f: 'proto=https;By=10.0.0.9;FOR=203.0.113.1;host=a' }, '203.0.113.1'],
  ['the rightmost that is not trusted', { f: 'for=198.51.100.7, for=203.0.113.1, for=10.0.0.1' }, '203.0.113.1'],
  ['quoted', { f: 'for="203.0.113.1:4711"' }, '203.0.113.1'],
  ['IPv6', { f: 'for="[2001:db8::1]"' }, '2001:db8::1'],
  ['IPv6 with a port', { f: 'for="[2001:db8::1]:4711"' }, '2001:db8::1'],
  ['commas and semicolons in quotes', { f: 'host="a,b;for=198.51.100.7";for=203.0.113.1' }, '203.0.113.1'],
  ['an escaped quote in quotes', { f: 'host="a\\",for=198.51.100.7";for=203.0.113.1' }, '203.0.113.1'],
  ['unknown ends the walk', { f: 'for=203.0.113.1, for=unknown, for=10.0.0.1' }, '10.0.0.1'],
  ['an obfuscated name ends the walk', { f: 'for=203.0.113.1, for=_hidden, for=10.0.0.1' }, '10.0.0.1'],
  ['an element without for ends the walk', { f: 'for=203.0.113.1, proto=https, for=10.0.0.1' }, '10.0.0.1'],
  ['a parameter that only ends in for', { f: 'xfor=203.0.113.1' }, '127.0.0.1'],
  ['the first for of an element', { f: 'for=203.0.113.1;for=198.51.100.7' }, '203.0.113.1'],
  ['empty', { f: '' }, '127.0.0.1'],
]

t.test('X-Forwarded-For', async (t) => {
  for (const [what, given, expected] of X) t.equal(client(given), expected, what)
})

t.test('Forwarded (RFC 7239)', async (t) => {
  for (const [what, given, expected] of FORWARDED) t.equal(client(given), expected, what)
})

t.test('both fields: agreeing is fine, and where they disagree nobody is believed', async (t) => {
  t.equal(client({ x: '203.0.113.1', f: 'for=203.0.113.1' }), '203.0.113.1')
  t.equal(client({ x: '::ffff:203.0.113.1', f: 'for="203.0.113.1:80"' }), '203.0.113.1', 'in another spelling')
  t.equal(client({ x: '203.0.113.1', f: 'for=198.51.100.7' }), NOBODY)
  t.equal(client({ x: '203.0.113.1', f: 'for=127.0.0.1' }), NOBODY, 'a client that calls itself local is not local')
  t.equal(client({ x: '203.0.113.1', f: 'for=unknown' }), NOBODY)
  t.equal(client({ peer: '192.0.2.9', x: '203.0.113.1', f: 'for=198.51.100.7' }), '192.0.2.9', 'nobody asked')
})

t.test('a quote that a client leaves open hides nothing that a proxy appended', async (t) => {
  t.equal(client({ f: 'for=", for=203.0.113.1' }), NOBODY)
  t.equal(client({ f: 'for="\\", for="203.0.113.1"' }), NOBODY)
  t.equal(client({ peer: '192.0.2.9', f: 'for="' }), '192.0.2.9', 'nobody asked')
})

t.test('ten thousand hops are not all looked at', async (t) => {
  const looked: string[] = []
  const counting = {
    match: (address: { text: string }) => {
      looked.push(address.text)
      return { value: true as const, prefix: 8 }
    },
    uniformPrefix: () => 0,
  }
  const list = Array.from({ length: 10_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
  const peer = parseAddress('127.0.0.1')!
  clientAddress({ peer, forwarded: null, xForwardedFor: list.join(', ') }, counting)
  t.ok(looked.length < 200, `${looked.length}`)
  looked.length = 0
  clientAddress({ peer, forwarded: list.map((hop) => `for=${hop}`).join(', '), xForwardedFor: null }, counting)
  t.ok(looked.length < 200, `${looked.length}`)
})

t.test('a node of Forwarded', async (t) => {
  t.equal(forwardedNode(parseAddress('192.0.2.1')!), '192.0.2.1')
  t.equal(forwardedNode(parseAddress('2001:db8::1')!), '"[2001:db8::1]"')
})

const NODES = [
  '203.0.113.1',
  '198.51.100.7:80',
  '10.0.0.1',
  '"[2001:db8::1]"',
  '[2001:db8::1',
  'unknown',
  '_hidden',
  '',
  'a',
]
const PIECES = [
  ',',
  ';',
  '=',
  '"',
  '\\',
  'for=',
  'FOR = ',
  'by=',
  'proto=https',
  ' ',
  '\t',
  '\0',
  '\xff',
  ':',
  '::',
  '[',
  ']',
]

t.test('ten thousand odd fields: nothing is thrown, and only what trusted hops say is believed', async (t) => {
  const random = seededRandom(20_261_126)
  const pick = (items: readonly string[]) => items[Math.floor(random() * items.length)]!
  const field = () =>
    Array.from({ length: Math.floor(random() * 12) }, () => pick(random() < 0.5 ? NODES : PIECES)).join('')
  for (let round = 0; round < 10_000; round++) {
    const [x, f] = [field(), field()]
    if (client({ peer: '192.0.2.9', x, f }) !== '192.0.2.9') t.fail(`believed from nobody: ${JSON.stringify([x, f])}`)
    // What a client wrote stands before what a proxy we trust has appended.
    const appended = { x: `${x}, 203.0.113.5` }
    if (client(appended) !== '203.0.113.5') t.fail(`a client passes for another: ${JSON.stringify(appended)}`)
    const both = client({ x: `${x}, 203.0.113.5`, f: `${f}, for=203.0.113.5` })
    if (both !== '203.0.113.5' && both !== NOBODY)
      t.fail(`a client passes for another: ${JSON.stringify([x, f, both])}`)
    if (parseAddress(client({ x, f })) === null) t.fail(`no address: ${JSON.stringify([x, f])}`)
  }
})

t.test('long fields take time in proportion to their length', async (t) => {
  for (const piece of [',', '"', '\\', 'for=', ';', '=', '10.0.0.1,', 'for="[', '[', ':', ' ']) {
    const time = (length: number) => {
      const text = piece.repeat(length / piece.length)
      const rounds = Array.from({ length: 5 }, () => {
        const began = performance.now()
        client({ x: text, f: text })
        return performance.now() - began
      })
      return Math.min(...rounds)
    }
    time(5_000)
    const [short, long] = [time(5_000), time(150_000)]
    t.ok(long < 300 * short + 20, `${JSON.stringify(piece)}: ${short} ms, thirty times as long: ${long} ms`)
  }
})
