import t from 'tap'
import { isPrivateAddress } from '../../src/delivery/private-address.ts'

/** First and last of each range of the IANA special-purpose registries, and what stands right beside it. */
const PRIVATE = `
  0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.255
  168.63.129.16 169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192
  192.0.2.1 192.88.99.1 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.255 224.0.0.1
  239.255.255.255 240.0.0.1 255.255.255.255
  :: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 64:ff9b::10.0.0.1 64:ff9b::7f00:1
  64:ff9b:1::1 100::1 2001::1 2001:0:a9fe:a9fe:: 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1
  3fff:fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1
`
const PUBLIC = `
  1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 169.253.0.1
  169.255.0.1 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
  223.255.255.255 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2000::1 2001:200::1 2001:db7::1 2001:db9::1 2003::1 2606:4700::1111
  3ffe::1 3fff:1000::1
`
const words = (text: string) => text.trim().split(/\s+/)

t.test('who can be reached from the internet', async (t) => {
  for (const address of words(PRIVATE)) t.equal(isPrivateAddress(address), true, address)
  for (const address of words(PUBLIC)) t.equal(isPrivateAddress(address), false, address)
  for (const other of ['', 'localhost', '1.2.3', '0x8.8.8.8', '08.8.8.8', '8.8.8.8:80', '[2000::1]']) {
    t.equal(isPrivateAddress(other), true, `what is no address: ${JSON.stringify(other)}`)
  }
})

t.test('odd spellings in URLs are judged as what is dialled', async (t) => {
  const odd = '2130706433 017700000001 0x7f000001 0x7f.1 127.1 0177.0.0.1 127.0.0.1. 0 ①②⑦.0.0.1 1２7.0.0.1'
  for (const host of words(odd)) t.equal(isPrivateAddress(new URL(`http://${host}/`).hostname), true, host)
})
