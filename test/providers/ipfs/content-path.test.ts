import t from 'tap'
import { parseContentPath } from '../../../src/providers/ipfs/content-path.ts'
import { CID } from './support.ts'

t.test('content, or a name, with what is below it percent-encoded', async (t) => {
  t.same(parseContentPath(`/ipfs/${CID}`), { space: 'ipfs', cid: CID, path: '' })
  t.same(parseContentPath(`/ipfs/${CID}//a/ä?#%/`)?.path, '/a/%C3%A4%3F%23%25')
  t.equal(parseContentPath('/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnCpu0'), null, 'a wrong digit')
  t.ok(parseContentPath('/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'))
  const name = { space: 'ipns', kind: 'dnslink', name: 'docs.example.com', path: '/v1' }
  t.same(parseContentPath('/ipns/Docs.example.com/v1/'), name)
})

t.test('nothing else', async (t) => {
  const wrong = [
    '',
    '/',
    '/ipfs',
    '/ipfs/',
    'ipfs/x',
    `/IPFS/${CID}`,
    `/swarm/${CID}`,
    `/ipfs/${CID}\r\n`,
    `/ipfs/${CID}/\ud800`,
  ]
  const names = ['/ipns/localhost', '/ipns/a..b', '/ipns/.a', '/ipns/a.', '/ipns/a b.c', `/ipns/${'a'.repeat(64)}.c`]
  const long = [`/ipns/${'a.'.repeat(125)}a`, `/ipfs/${CID}/${'x'.repeat(2048)}`, `/ipfs/${CID}${'/x'.repeat(129)}`]
  for (const text of [...wrong, ...names, ...long, `/ipfs/${CID}/.`, `/ipfs/${CID}/a/../b`]) {
    t.equal(parseContentPath(text), null, text.slice(0, 60))
  }
})
