import t from 'tap'
import { planHttp } from '../../src/providers/http.ts'

function plan(target: string, basePath = '', pathTemplate = '{path}'): string {
  return planHttp({ basePath, pathTemplate }, target)
}

t.test('joins the base path and the target', (t) => {
  t.equal(plan('/'), '/')
  t.equal(plan('/a/b?c=d'), '/a/b?c=d')
  t.equal(plan('/a', '/base/x'), '/base/x/a')
  t.equal(plan('/', '/base'), '/base/')
  t.end()
})

t.test('puts the path into the template, and the query behind it', (t) => {
  t.equal(plan('/a', '', '/site{path}'), '/site/a')
  t.equal(plan('/a?q=1', '/b', '/site{path}/raw'), '/b/site/a/raw?q=1')
  t.equal(plan('/a?q=1?r=2', '', '/x{path}'), '/x/a?q=1?r=2')
  t.equal(plan('/a?', '', '/x{path}'), '/x/a?')
  t.end()
})

t.test('every byte stays as it was sent', (t) => {
  const odd = ['//x', '/%2e%2e/%ff', '/100%', '/a%2Fb', '/;p=1', '/a//b/', "/$&/$1/$$/'", '/{path}', '/\u00e9\u00ff']
  for (const target of odd) {
    t.equal(plan(target), target)
    t.equal(plan(target, '/b', '/t{path}'), `/b/t${target}`)
  }
  t.end()
})
