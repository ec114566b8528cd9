import type { Policy } from '../config/snapshot.ts'
import { Budget } from './budget.ts'

/** What requests of a policy may cost beyond one attempt each. */
export interface PolicyBudgets {
  readonly retries: Budget
  readonly hedges: Budget
}

/** The budgets of this process, by the policy's name: they outlive reloads. Each process has its part. */
export class Budgets {
  readonly #byPolicy = new Map<string, PolicyBudgets>()
  readonly #processes: number

  /** @param processes how many share what is allowed a second */
  constructor(processes: number) {
    this.#processes = processes
  }

  of({ name }: Policy): PolicyBudgets {
    const known = this.#byPolicy.get(name)
    if (known !== undefined) return known
    const fresh = { retries: new Budget(), hedges: new Budget() }
    this.#byPolicy.set(name, fresh)
    return fresh
  }

  /** A request of the policy has come. */
  deposit(policy: Policy, now: number): void {
    const { retries, hedges } = this.of(policy)
    retries.deposit(now)
    if (policy.hedge.enabled) hedges.deposit(now)
  }

  /** Takes an attempt that is not free. */
  withdrawRetry(policy: Policy, now: number): boolean {
    const { budgetPercent: percent, budgetPerSecond } = policy.retry
    return this.of(policy).retries.withdraw(now, { percent, perSecond: budgetPerSecond / this.#processes })
  }

  /** Takes an attempt beside one that is only slow. */
  withdrawHedge(policy: Policy, now: number): boolean {
    return this.of(policy).hedges.withdraw(now, { percent: policy.hedge.maxExtraPercent, perSecond: 0 })
  }

  /** Forgets policies that are gone. */
  retain(policies: readonly Policy[]): void {
    const names = new Set(policies.map(({ name }) => name))
    for (const name of this.#byPolicy.keys()) if (!names.has(name)) this.#byPolicy.delete(name)
  }
}
