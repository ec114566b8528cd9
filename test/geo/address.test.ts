import { isIP } from 'node:net'
import t from 'tap'
import { maskBytes, parseAddress, truncateAddress } from '../../src/geo/address.ts'

t.test('what an address is', (t) => {
  const table: [text: string, canonical: string, family: 4 | 6][] = [
    ['0.0.0.0', '0.0.0.0', 4],
    ['81.2.69.142', '81.2.69.142', 4],
    ['255.255.255.255', '255.255.255.255', 4],
    ['::', '::', 6],
    ['::1', '::1', 6],
    ['1::', '1::', 6],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1', 6],
    ['2001:0db8:0000:0000:0001:0000:0000:0000', '2001:db8:0:0:1::', 6],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 6],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', 6],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0', 6],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8', 6],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304', 6],
    ['::1.2.3.4', '::102:304', 6],
    ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 6],
    ['::ffff:81.2.69.142', '81.2.69.142', 4],
    ['::FFFF:5102:458e', '81.2.69.142', 4],
    ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4', 4],
    ['64:ff9b::81.2.69.142', '81.2.69.142', 4],
    ['64:ff9b::5102:458e', '81.2.69.142', 4],
    ['64:ff9b:1::1.2.3.4', '64:ff9b:1::102:304', 6],
    ['::ffff:0:1.2.3.4', '::ffff:0:102:304', 6],
    ['fe80::1%eth0', 'fe80::1', 6],
    ['::ffff:1.2.3.4%1', '1.2.3.4', 4],
  ]
  for (const [text, canonical, family] of table) {
    const address = parseAddress(text)
    t.equal(address?.text, canonical, text)
    t.equal(address?.family, family, text)
    t.equal(address?.bytes.length, family === 4 ? 4 : 16)
    t.strictSame(parseAddress(canonical)?.bytes, address?.bytes, `${canonical} reads back`)
  }
  t.end()
})

t.test('what is none', (t) => {
  const texts = [
    '',
    ' ',
    '.',
    '...',
    '1.2.3',
    '1.2.3.',
    '.1.2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    '1..3.4',
    '256.1.1.1',
    '1.2.3.256',
    '1.2.3.999',
    '01.2.3.4',
    '1.2.3.04',
    '00.0.0.0',
    '0x1.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.-4',
    '+1.2.3.4',
    '1e1.2.3.4',
    '١.2.3.4',
    '16909060',
    '1.2.3.4:80',
    '1.2.3.4%eth0',
    '1.2.3.4/32',
    ':',
    ':::',
    '::1::',
    '1::2::3',
    ':1',
    '1:',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '12345::',
    'g::',
    '::1.2.3',
    '::1.2.3.4.5',
    '::01.2.3.4',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '[::1]',
    '::1/128',
    '::1 ',
    'fe80::1%',
    'fe80::1%a b',
    'fe80::1%%',
    `fe80::1%${'a'.repeat(33)}`,
    'localhost',
    'unknown',
    '-',
    '\0',
    '1.2.3.4\0',
    '::\u0000',
    ':'.repeat(1000),
    '1.'.repeat(1000),
    '0'.repeat(100_000),
    `${'0:'.repeat(7)}0000000`,
  ]
  for (const text of texts) t.equal(parseAddress(text), null, JSON.stringify(text.slice(0, 60)))
  t.end()
})

t.test('agrees with the platform about texts near the border', (t) => {
  const pieces = ['0', '1', 'ffff', '10000', '', '1.2.3.4', '::', 'g', '256']
  let state = 1
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
  let valid = 0
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 1 + next(9) }, () => pieces[next(next(4) === 0 ? 9 : 3)]!).join(':')
    const expected = isIP(text) !== 0
    if (expected) valid++
    if ((parseAddress(text) !== null) !== expected) t.fail(`disagrees on ${text}`)
  }
  t.ok(valid > 500, 'enough of them were addresses')
  t.end()
})

t.test('truncation', (t) => {
  const v4 = parseAddress('81.2.69.142')!
  const v6 = parseAddress('2001:db8:1:2:3:4:5:6')!
  t.equal(truncateAddress(v4, 24, 48), '81.2.69.0')
  t.equal(truncateAddress(v4, 32, 48), '81.2.69.142')
  t.equal(truncateAddress(v4, 0, 48), '0.0.0.0')
  t.equal(truncateAddress(v4, 9, 48), '81.0.0.0')
  t.equal(truncateAddress(v6, 24, 48), '2001:db8:1::')
  t.equal(truncateAddress(v6, 24, 128), '2001:db8:1:2:3:4:5:6')
  t.equal(truncateAddress(v6, 24, 0), '::')
  t.strictSame([...maskBytes(Uint8Array.of(255, 255, 255, 255), 13)], [255, 248, 0, 0])
  t.equal(v4.text, '81.2.69.142', 'the address itself stays')
  t.end()
})
