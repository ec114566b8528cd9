import t from 'tap'
import { parseDenylist } from '../../../src/providers/ipfs/parse-denylist.ts'

const LIST = `version: 1
name: a list
---
# by CID
/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq hint=1

/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/*
/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/test*
/ipfs/QmTuvSQbEDR3sarFAN9kAeXBpiBCyYYNxdxciazBba11eC/a%20b/
/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked*
!/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blockednot
!/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked/exceptions*
/ipns/domain.example
/ipns/domain2.example/path
/ipns/k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf
//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7
//3f8b9febd851873b3774b937cce126910699ceac56e72e64b866f8e258d09572
//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM
//gW813G35CnLsy7gRYYHuf63hrz71U1xoLFDVeV7actx6oX
//c555c4de78827ba42527dd3dc5398db38d6c0a8c345a88e0158b2d100f317e50
`

const CASES: readonly (readonly [blocked: boolean, path: string])[] = [
  [true, '/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'],
  [true, '/ipfs/bafkreihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'],
  [true, '/ipfs/QmesfgDQ3q6prBy2Kg2gKbW4MAGuWiRP2DVuGA5MZSERLo'],
  [false, '/ipfs/bafybeidjwik6im54nrpfg7osdvmx7zojl5oaxqel5cmsz46iuelwf5acjb'],
  [true, '/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8'],
  [true, '/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/any/thing'],
  [true, '/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/tests/1'],
  [false, '/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/te'],
  [true, '/ipfs/QmTuvSQbEDR3sarFAN9kAeXBpiBCyYYNxdxciazBba11eC/%61%20b'],
  [false, '/ipfs/QmTuvSQbEDR3sarFAN9kAeXBpiBCyYYNxdxciazBba11eC/a%20b/c'],
  [true, '/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked/x'],
  [false, '/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blockednot'],
  [false, '/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked/exceptions1'],
  [true, '/ipns/Domain.example'],
  [true, '/ipns/domain.example/x'],
  [true, '/ipns/domain2.example/path'],
  [false, '/ipns/domain2.example/other'],
  [true, '/ipns/bafzaajaiaejcaotjfs57kieazxny5japcmy5p2pgv2cic77tu6ogghttvurnrufx'],
  [true, '/ipns/12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA'],
  [true, '/ipfs/bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'],
  [true, '/ipfs/bafybeidjwik6im54nrpfg7osdvmx7zojl5oaxqel5cmsz46iuelwf5acja'],
  [true, '/ipfs/QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR'],
  [true, '/ipfs/bafyb4ieqht3b2rssdmc7sjv2cy2gfdilxkfh7623nvndziyqnawkmo266a/path'],
  [false, '/ipfs/bafyb4ieqht3b2rssdmc7sjv2cy2gfdilxkfh7623nvndziyqnawkmo266a/path2'],
  [true, '/ipns/bad-domain-name.tld'],
]

t.test('a compact denylist blocks what its rules say', async (t) => {
  const { list, problems } = parseDenylist(LIST)
  t.same(problems, [])
  for (const [blocked, path] of CASES) {
    const [, space, id, rest = ''] = /^\/(ipfs|ipns)\/([^/]+)(\/.*)?$/.exec(path)!
    t.equal(list.blocks({ space: space as 'ipfs', id: id!, path: rest }), blocked, path)
  }
})

t.test('lines that are no rules are told with their number, and the others hold', async (t) => {
  const { list, problems } = parseDenylist('nonsense\n/ipfs/notacid\n//zz\n# fine\n/ipns/bad.example\n/mime/x')
  t.same(
    problems.map(({ line }) => line),
    [1, 2, 3, 6],
  )
  t.ok(list.blocks({ space: 'ipns', id: 'bad.example', path: '' }))
  t.match(parseDenylist('version: 2\n---\n/ipns/x').problems, [{ line: 1 }])
})
