import type { ProblemList } from '../problem-list.ts'
import { child, items, type Located } from '../tree.ts'
import { RouteCover } from './route-cover.ts'

/**
 * Routes that no request gets to, because one earlier route takes all that they could. Whatever cannot be decided, is
 * taken by several earlier routes together, or would take too long to find out, is left alone: a warning here is always
 * right.
 */
export function checkReach(root: Located, problems: ProblemList): void {
  const cover = new RouteCover()
  for (const site of items(child(root, 'sites'))) {
    const routes = items(child(site, 'routes'))
    for (let at = 1; at < routes.length && !cover.isSpent; at++) {
      const match = child(routes[at], 'match')
      // The route itself ends the search.
      const earlier = routes.find((other) => other === routes[at] || cover.covers(child(other, 'match'), match))
      if (earlier === undefined || earlier === routes[at]) continue
      const { line } = problems.place(earlier.offset)
      const what = cover.covers(child(earlier, 'match'), undefined)
        ? 'takes everything'
        : 'takes all that this one could'
      problems.warn(routes[at]!, `no request gets here: the route on line ${line} ${what}`)
    }
  }
}
