import t from 'tap'
import { expectProblems, problemsOf } from './problems-of.ts'

const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const TX = 'A'.repeat(43)
const CDNS = `cdns:
  - { name: planet, provider: ipfs, url: https://gw.example }
  - { name: weave, provider: arweave, url: https://ar.example }
`
const ORIGIN = 'origin: { urls: [https://o.example] }'
/** A site on IPFS and Arweave, with these keys. */
const site = (keys: string, cdns = '[planet, weave]') =>
  `${CDNS}policies: { default: { cdns: ${cdns} } }\nsites:\n  - { name: www, hosts: [www.example.com], ${keys} }\n`
const both = (ipfs: string, arweave = `manifest: ${TX}`) =>
  site(`${ORIGIN}, content: { ipfs: ${ipfs.startsWith('§{') ? ipfs : `{ ${ipfs} }`}, arweave: { ${arweave} } }`)

t.test('a network is told in one way', async (t) => {
  for (const ipfs of [`cid: ${CID}`, 'dnslink: www.example.com', `ipns: k51${'q'.repeat(59)}`]) {
    for (const arweave of [`manifest: ${TX}`, 'arns: my-site']) expectProblems(t, both(ipfs, arweave), [])
  }
  const ways = '"cid", "dnslink", "ipns", "from: path"'
  expectProblems(t, both('§{}'), [`sites[0].content.ipfs: needs one of ${ways}`])
  expectProblems(t, both('§{ open: false }').replace('open: false', '§open: false'), [
    `sites[0].content.ipfs: needs one of ${ways}`,
    'sites[0].content.ipfs.open: belongs to from: path, where clients name the content',
  ])
  expectProblems(t, both(`cid: ${CID}, §dnslink: a.example`), [`sites[0].content.ipfs.dnslink: only one of ${ways}`])
  expectProblems(t, both(`cid: ${CID}`, `manifest: ${TX}, §arns: name`), [
    'sites[0].content.arweave.arns: only one of "manifest", "arns", "from: path"',
  ])
  for (const key of [`allow: [${CID}]`, 'open: true', 'deny_list: deny.txt']) {
    expectProblems(t, both(`cid: ${CID}, §${key}`), [
      `sites[0].content.ipfs.${key.split(':')[0]}: belongs to from: path, where clients name the content`,
    ])
  }
})

t.test('what is no address of content', async (t) => {
  for (const cid of ['bafy', 'Qmabc', `${CID}/a`, '"../x"', 'x'.repeat(300)]) {
    t.match(problemsOf(both(`cid: ${cid}`)).join(), 'expected a CID such as bafy… or Qm…', cid)
    t.match(problemsOf(both(`from: path, allow: [${cid}]`)).join(), 'expected a CID such as bafy… or Qm…', cid)
  }
  t.match(problemsOf(both(`cid: ${CID}`, 'manifest: abc')).join(), 'expected the id of an Arweave transaction')
  t.match(problemsOf(both('ipns: www.example.com')).join(), 'expected an IPNS name such as k51…')
})

const gateway = (ipfs: string, more = '', cdns = '[planet]') =>
  site(`content: { ipfs: { from: §path${ipfs} } }${more}`, cdns).replace(/.*weave.*\n/, '')
const plain = (...options: Parameters<typeof gateway>) => gateway(...options).replace('§path', 'path')

t.test('a gateway for what clients name opens only as far as it is told', async (t) => {
  expectProblems(t, plain(', open: true'), [])
  expectProblems(t, plain(`, allow: [${CID}], deny_list: deny.txt`), [])
  const nothing = 'this serves nothing: list the CIDs in "allow", or say open: true'
  for (const closed of ['', ', open: false']) {
    expectProblems(t, gateway(closed), [`sites[0].content.ipfs.from: ${nothing}`])
  }
  expectProblems(t, plain(', allow: §[]'), [`sites[0].content.ipfs.allow: ${nothing}`])
  expectProblems(t, plain(`, allow: [${CID}], open: §true`), [
    'sites[0].content.ipfs.open: either "allow" says what may be asked for, or open: true that anything may',
  ])
})

t.test('such a site has nothing else', async (t) => {
  const why = 'a site whose clients name the content (from: path)'
  expectProblems(t, plain(', open: true', `, §${ORIGIN}`), [`sites[0].origin: ${why} has no origin`])
  const manifest = `manifest: { file: m.json, public_key: "ed25519:${TX}" }`
  expectProblems(t, plain(', open: true', `, §${manifest}`), [`sites[0].manifest: ${why} has no manifest`])
  const other = site(`content: { ipfs: { from: path, open: true }, §arweave: { manifest: ${TX} } }`).replace(
    'weave] }',
    '§weave] }',
  )
  expectProblems(t, other, [
    'policies.default.cdns[1]: clients of the site "www" name the content, which a CDN of provider arweave has not',
    `sites[0].content.arweave: ${why} has no other content`,
  ])
  expectProblems(t, site('content: { ipfs: { from: path, open: true }, arweave: { from: path, open: true } }'), [])
  const withHttp = plain(', open: true', '', '[planet, §plain]').replace(
    'cdns:\n',
    'cdns:\n  - { name: plain, provider: http, url: https://p.example }\n',
  )
  expectProblems(t, withHttp, [
    'policies.default.cdns[1]: clients of the site "www" name the content, which a CDN of provider http has not',
  ])
  expectProblems(
    t,
    withHttp.replace('§', '').replace(', plain]', ']').replace('hosts:', 'unsafe_methods: §plain, hosts:'),
    [`sites[0].unsafe_methods: ${why} takes no other methods than GET and HEAD`],
  )
})

t.test('content that nobody is asked for, and completeness of nothing', async (t) => {
  expectProblems(
    t,
    both('§{ dnslink: a.example }').replace('[planet, weave]', '[weave]').replace('name: planet', 'name: §planet'),
    [
      'warning: cdns[0].name: no route leads to this CDN, so it is never used',
      'warning: sites[0].content.ipfs: no route of this site leads to a CDN of provider ipfs',
    ],
  )
  const complete = (content: string) =>
    both('dnslink: a.example').replace('content: {', `content: { complete: true, ${content}`)
  expectProblems(t, complete(''), [])
  const none = `sites:\n  - { name: www, hosts: [www.example.com], ${ORIGIN}, content: { complete: §true } }\npolicies: { default: { mode: origin } }\n`
  expectProblems(t, none, [
    'warning: sites[0].content.complete: no content is named that could be complete: this says nothing',
  ])
})
