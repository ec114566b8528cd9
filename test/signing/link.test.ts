import t from 'tap'
import { directoryOf, linkOf } from '../../src/signing/link.ts'
import type { Signer } from '../../src/signing/signer.ts'
import { slotOf } from '../../src/signing/slot.ts'

function signer(ttl: number, reserved: readonly string[] = ['token', 'Expires', 'hdnts']): Signer {
  return { ttl, slot: slotOf(ttl), reserved: new Set(reserved), binds: [], sign: () => '' }
}

function link(target: string, now = 1_700_000_000_000, ttl = 60_000) {
  return linkOf(signer(ttl), { origin: 'https://e.example', target, now, client: null })
}

t.test("a client's own signature is dropped, however it is spelt", async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['/a?token=1', ''],
    ['/a?b=c&token=1&d=e', 'b=c&d=e'],
    ['/a?%74oken=1&tok%65n&token', ''],
    ['/a?Expires=9999999999&expires=1&hdnts=exp=9~hmac=0', 'expires=1'],
    ['/a?token=1&token=2&x=token=3', 'x=token=3'],
    ['/a?mytoken=1&tokens=2', 'mytoken=1&tokens=2'],
    ['/a?%E0%A4=1&token=%', '%E0%A4=1'],
    ['/a?', ''],
    ['/a?&&b&&', 'b'],
    ['/a?b=c?d', 'b=c?d'],
  ]
  for (const [target, query] of cases) t.equal(link(target).query, query, target)
})

t.test('what is signed is what a browser will send', async (t) => {
  const { href } = new URL('https://e.example/a"b<c>`{d}|^/%C3%BC%20~!?e=\'f"<g>&h=`{|}^')
  const { path, query } = link('/a"b<c>`{d}|^/%C3%BC%20~!?e=\'f"<g>&h=`{|}^')
  const sent = new URL(`https://e.example${path}?${query}`)
  t.equal(`${sent.pathname}${sent.search}`, `${path}?${query}`, 'nothing is left to encode')
  t.equal(decodeURI(sent.href), decodeURI(href), 'and it means the same')
})

t.test('a link lives as long as promised, and a tenth longer at most', async (t) => {
  for (const ttl of [10_000, 15_500, 60_000, 3_600_000, 604_800_000]) {
    const slot = slotOf(ttl)
    for (const now of [0, 1, 999, slot - 1, slot, 1_700_000_000_123]) {
      const { expires, from } = link('/a', now, ttl)
      t.ok(Number.isInteger(expires) && Number.isInteger(from) && from * 1000 <= now)
      const life = expires * 1000 - now
      t.ok(life >= ttl && life <= ttl * 1.1 + 1000, `${ttl} at ${now}: ${life}`)
    }
  }
})

t.test('a folder', async (t) => {
  for (const [path, folder] of [
    ['/', '/'],
    ['/a', '/'],
    ['/a/', '/a/'],
    ['/a/b.c', '/a/'],
  ] as const)
    t.equal(directoryOf(path), folder)
})

t.test('a long query takes no time', async (t) => {
  const { query } = link(`/a?${'&token=1&%=%%'.repeat(5_000)}`)
  t.equal(query, '%=%%&'.repeat(5_000).slice(0, -1))
})
