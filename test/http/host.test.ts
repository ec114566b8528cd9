import t from 'tap'
import { parseHost } from '../../src/http/host.ts'

const ACCEPTED: readonly (readonly [sent: string, name: string])[] = [
  ['www.example.com', 'www.example.com'],
  ['WWW.Example.COM', 'www.example.com'],
  ['www.example.com:8080', 'www.example.com'],
  ['www.example.com:65535', 'www.example.com'],
  ['www.example.com:0', 'www.example.com'],
  ['www.example.com:', 'www.example.com'],
  ['www.example.com.', 'www.example.com'],
  ['www.example.com.:80', 'www.example.com'],
  ['localhost', 'localhost'],
  ['a', 'a'],
  ['my_host.example.com', 'my_host.example.com'],
  ['_dmarc.example.com', '_dmarc.example.com'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1:80', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['[2001:DB8::1]:443', '[2001:db8::1]'],
  ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]'],
]

t.test('a Host and its name', async (t) => {
  for (const [sent, name] of ACCEPTED) t.match(parseHost(sent), { name, authority: sent }, sent)
})

const REFUSED = [
  '',
  '.',
  '..',
  ':80',
  '.example.com',
  'a..b',
  'a.b..',
  'a:65536',
  'a:99999',
  'a:100000',
  'a:-1',
  'a:8o',
  'a:80:80',
  'a/b',
  'a?b',
  'a#b',
  'a\\b',
  'user@a',
  'user:secret@a',
  'http://a',
  ' a',
  'a ',
  'a b',
  'a,b',
  'a\tb',
  'a%2eb',
  '*',
  '*.example.com',
  '-a',
  'b\xfccher.example',
  'bücher.example',
  'a\u2024b',
  '::1',
  '[::1',
  '::1]',
  '[]',
  '[::1]x',
  '[::1%eth0]',
  '[fe80::1%25eth0]',
  '[v1.x]',
  '[::1]:65536',
  'a'.repeat(254),
  'a\0',
]

t.test('what is no Host is a bad_host', async (t) => {
  for (const sent of REFUSED) t.match(parseHost(sent), { code: 'bad_host', status: 400 }, JSON.stringify(sent))
})

t.test('the longest name, and a hostile one, take no time', async (t) => {
  t.match(parseHost('a'.repeat(253)), { name: 'a'.repeat(253) })
  t.match(parseHost('a.'.repeat(100_000)), { code: 'bad_host' })
  t.match(parseHost(`${'a'.repeat(100_000)}:x`), { code: 'bad_host' })
})
