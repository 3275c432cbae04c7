/** What goes wrong with a request. */
export type Fault =
  /** An HTTP status in place of the work: 429, 500, 503. */
  | number
  /** No answer, ever. */
  | 'hang'
  /** The connection is cut before anything happened. */
  | 'reset'
  /** The work is done and the connection cut before the answer: the caller can't know. */
  | 'afterEffect'

export type FaultPlan = {
  with: Fault
  /** How many requests it strikes; 1 when not given. */
  times?: number
  /** Which requests; all when not given. */
  match?: (method: string, path: string) => boolean
}

/** Plans of faults, the oldest first. */
export class Faults {
  #plans: { plan: FaultPlan; left: number }[] = []

  add(plan: FaultPlan): void {
    this.#plans.push({ plan, left: plan.times ?? 1 })
  }

  /** The fault that strikes this request, if any; it is used up by that. */
  next(method: string, path: string): Fault | null {
    const struck = this.#plans.find(({ plan }) => plan.match?.(method, path) ?? true)
    if (!struck) return null
    struck.left -= 1
    if (struck.left <= 0) this.#plans = this.#plans.filter((other) => other !== struck)
    return struck.plan.with
  }

  clear(): void {
    this.#plans = []
  }
}
