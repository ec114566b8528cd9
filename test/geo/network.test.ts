import t from 'tap'
import { parseAddress } from '../../src/geo/address.ts'
import { formatNetwork, networkOf, parseNetwork } from '../../src/geo/network.ts'

t.test('networks', (t) => {
  const table: [text: string, canonical: string][] = [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['1.2.3.4', '1.2.3.4/32'],
    ['1.2.3.4/32', '1.2.3.4/32'],
    ['::/0', '::/0'],
    ['::1', '::1/128'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::ffff:1.2.3.4', '1.2.3.4/32'],
  ]
  for (const [text, canonical] of table) {
    const parsed = parseNetwork(text)
    t.equal('network' in parsed ? formatNetwork(parsed.network) : parsed.problem, canonical, text)
  }
  t.end()
})

t.test('what is wrong, and what was meant', (t) => {
  const table: [text: string, problem: RegExp][] = [
    ['10.1.2.3/8', /bits set after the prefix; did you mean 10\.0\.0\.0\/8\?/],
    ['2001:db8::1/32', /did you mean 2001:db8::\/32\?/],
    ['10.0.0.0/33', /from 0 to 32/],
    ['::/129', /from 0 to 128/],
    ['10.0.0.0/', /prefix length/],
    ['10.0.0.0/08', /prefix length/],
    ['10.0.0.0/-1', /prefix length/],
    ['10.0.0.0/8.0', /prefix length/],
    ['10.0.0.0/8/8', /prefix length/],
    ['10.0.0.0/255.0.0.0', /prefix length/],
    ['10.0.0/8', /"10\.0\.0" is not an IP address/],
    ['fe80::%eth0/10', /is not an IP address/],
    ['::ffff:10.0.0.0/104', /write 10\.0\.0\.0\/8/],
    ['64:ff9b::/96', /write 0\.0\.0\.0\/0/],
    ['example.com', /is not an IP address or network/],
    ['', /is not an IP address or network/],
    ['x'.repeat(10_000), /^.{1,200}$/],
  ]
  for (const [text, problem] of table) {
    const parsed = parseNetwork(text)
    t.match('problem' in parsed ? parsed.problem : 'no problem', problem, text.slice(0, 40))
  }
  t.end()
})

t.test('the network around an address', (t) => {
  const address = parseAddress('81.2.69.142')!
  t.equal(formatNetwork(networkOf(address, 22)), '81.2.68.0/22')
  t.equal(formatNetwork(networkOf(address, 32)), '81.2.69.142/32')
  t.end()
})
