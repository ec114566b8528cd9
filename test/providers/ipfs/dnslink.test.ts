import t from 'tap'
import { parseDnslink } from '../../../src/providers/ipfs/dnslink.ts'

const CID = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'

t.test('the first link in the order of its bytes counts', async (t) => {
  t.equal(parseDnslink([]), null)
  t.equal(
    parseDnslink(['v=spf1 -all', 'dnslink=', 'dnslink=/ipfs/nothing', 'dnslink=http://x', 'DNSLINK=/ipns/x']),
    null,
  )
  t.same(parseDnslink(['dnslink=/ipns/b.example', 'x', 'dnslink=/ipns/a.example/docs/']), {
    kind: 'ipns',
    name: 'a.example',
    path: '/docs/',
  })
  t.match(parseDnslink([`dnslink=/ipfs/${CID}/x`, 'dnslink=/ipfs/broken']), { kind: 'ipfs', path: '/x' })
  t.equal(
    parseDnslink([`dnslink=/ipfs/${CID}?q`, `dnslink=/ipfs/${CID}#f`, `dnslink=/ipfs/${CID}${'/x'.repeat(2000)}`]),
    null,
  )
})
